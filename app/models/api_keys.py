from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.access import Actor
from app.models.base import Base, OfficeOwned, references, unique


class ApiKey(OfficeOwned, Base):
    """A key for an integrator or a script (API-sleutel): office-wide, limited by its scopes."""

    __tablename__ = "api_keys"
    __table_args__ = (references("created_by_id", "team_members"), unique("token_hash"))

    name: Mapped[str]
    token_hash: Mapped[bytes]
    hint: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by_id: Mapped[UUID]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        return cls.revoked_at.is_(None) & or_(cls.expires_at.is_(None), cls.expires_at > func.now())

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()
