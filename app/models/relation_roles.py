from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, link, one_of, references, unique

# Default roles, domain.md 2.10: the names of responsibilities; holding any of them opens the relation.
ROLES = ("relation_manager", "accountant", "tax", "administration", "payroll", "secretariat")


class RelationRole(OfficeOwned, Base):
    """A team member's role on a relation (rol): it authorises, domain.md 4.1."""

    __tablename__ = "relation_roles"
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        references("team_member_id", "team_members", ondelete="CASCADE"),
        unique("relation_id", "team_member_id", "role"),
        index("team_member_id", "relation_id"),
        one_of("role", *ROLES),
    )

    relation_id: Mapped[UUID]
    team_member_id: Mapped[UUID]
    role: Mapped[str]

    team_member = link("RelationRole", "team_member_id", "TeamMember")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only
