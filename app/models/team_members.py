from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor, Role
from app.errors import taken
from app.models.base import Base, Key, Versioned, one_of, unique


class TeamMember(Versioned, Base):
    """An employee of the office (medewerker). ``role`` says which kinds of action; RelationRole says on whom.

    Who left keeps his row, since the history points at it, without what he signed in with; no query finds it.
    """

    __tablename__ = "team_members"
    __table_args__ = (
        unique(
            "email_key",
            problem=lambda: taken("/email", "A team member with this e-mail address exists already."),
        ),
        one_of("role", *Role),
        one_of("status", "invited", "active", "blocked"),
        CheckConstraint(
            "CASE WHEN deleted_at IS NULL THEN num_nulls(email, email_key) = 0 "
            "ELSE num_nonnulls(email, email_key, password_hash, two_step_since) = 0 AND status = 'blocked' END",
            name="deleted",
        ),
    )

    name: Mapped[str]
    email: Mapped[str] = mapped_column(nullable=True)  # of who left only, whom nobody meets
    email_key: Mapped[str] = mapped_column(Key, nullable=True)
    role: Mapped[str]
    status: Mapped[str] = mapped_column(default="invited")
    password_hash: Mapped[str | None]
    two_step_since: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Who works here is no secret within the office; the permission keeps clients out."""
        return cls.deleted_at.is_(None)
