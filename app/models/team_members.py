from datetime import datetime

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor, Role
from app.errors import taken
from app.models.base import Base, Key, Versioned, one_of, unique


class TeamMember(Versioned, Base):
    """An employee of the office (medewerker). ``role`` says which kinds of action; RelationRole says on whom."""

    __tablename__ = "team_members"
    __table_args__ = (
        unique(
            "email_key",
            problem=lambda: taken("/email", "A team member with this e-mail address exists already."),
        ),
        one_of("role", *Role),
        one_of("status", "invited", "active", "blocked"),
    )

    name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(Key)
    role: Mapped[str]
    status: Mapped[str] = mapped_column(default="invited")
    password_hash: Mapped[str | None]
    two_step_since: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # who works here is no secret within the office; the permission keeps clients out
