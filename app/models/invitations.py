from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, func
from sqlalchemy.orm import Mapped

from app.models.base import Base, OfficeOwned, index, references, unique


class Invitation(OfficeOwned, Base):
    """A one-time token with which a contact or a team member sets a password (uitnodiging)."""

    __tablename__ = "invitations"
    __table_args__ = (
        references("contact_id", "contacts", ondelete="CASCADE"),
        references("team_member_id", "team_members", ondelete="CASCADE"),
        unique("token_hash"),
        CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name="one_person"),
        index("contact_id"),
        index("team_member_id"),
    )

    token_hash: Mapped[bytes]
    contact_id: Mapped[UUID | None]
    team_member_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        return cls.used_at.is_(None) & (cls.expires_at > func.now())
