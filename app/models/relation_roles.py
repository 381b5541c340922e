from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, link, references, unique
from app.models.team_roles import role_of_the_list


class RelationRole(OfficeOwned, Base):
    """A team member's role on a relation (rol): it authorises, whichever it is (domain.md 4.1)."""

    __tablename__ = "relation_roles"
    is_part = True
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        references("team_member_id", "team_members", ondelete="CASCADE"),
        unique("relation_id", "team_member_id", "role"),
        index("team_member_id", "relation_id"),
        index("role"),
        role_of_the_list(),
    )

    relation_id: Mapped[UUID]
    team_member_id: Mapped[UUID]
    role: Mapped[str]

    team_member = link("RelationRole", "team_member_id", "TeamMember")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only
