from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, link, references, unique
from app.models.team_roles import role_of_the_list


class StandardRole(OfficeOwned, Base):
    """A role that a team member gets on every new relation (standaard teamrol)."""

    __tablename__ = "standard_roles"
    __table_args__ = (
        references("team_member_id", "team_members", ondelete="CASCADE"),
        unique("team_member_id", "role"),
        index("role"),
        role_of_the_list(),
    )

    team_member_id: Mapped[UUID]
    role: Mapped[str]

    team_member = link("StandardRole", "team_member_id", "TeamMember")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()
