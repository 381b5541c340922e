from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, func
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, references, unique


class AuthToken(OfficeOwned, Base):
    """A session of a team member or a contact: opaque, stored as a hash, revocable at once."""

    __tablename__ = "auth_tokens"
    __table_args__ = (
        references("team_member_id", "team_members", ondelete="CASCADE"),
        references("contact_id", "contacts", ondelete="CASCADE"),
        unique("token_hash"),
        CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name="one_person"),
        index("team_member_id"),
        index("contact_id"),
    )

    token_hash: Mapped[bytes]
    team_member_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        return cls.revoked_at.is_(None) & (cls.expires_at > func.now())

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        person = cls.contact_id if actor.is_contact else cls.team_member_id
        return person == actor.id
