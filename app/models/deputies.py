from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, Versioned, holds, index, link, references


class Deputy(Versioned, Base):
    """A team member stands in for an absent one (waarnemer): that one's roles on relations are his meanwhile.

    Nothing else is: not the authorisation role, and not what the absent one has as a deputy himself.
    """

    __tablename__ = "deputies"
    __table_args__ = (
        references("team_member_id", "team_members", ondelete="CASCADE"),
        references("deputy_member_id", "team_members", ondelete="CASCADE"),
        index("deputy_member_id", "team_member_id"),
        index("team_member_id"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("deputy_member_id <> team_member_id", name="somebody_else"),
    )

    team_member_id: Mapped[UUID]
    deputy_member_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    team_member = link("Deputy", "team_member_id", "TeamMember")
    deputy_member = link("Deputy", "deputy_member_id", "TeamMember")

    @property
    def team_member_name(self) -> str:
        name: str = self.team_member.name
        return name

    @property
    def deputy_member_name(self) -> str:
        name: str = self.deputy_member.name
        return name

    @classmethod
    def holds(cls) -> ColumnElement[bool]:
        """He stands in today."""
        return holds(cls.starts_on, cls.ends_on)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # like who works here
