from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, false
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, one_of, unique


class HasBlob:
    """What shows the bytes of a blob tells their size, type and hash as its own."""

    blob: ClassVar[Any]

    @property
    def size(self) -> int:
        return int(self.blob.size)

    @property
    def media_type(self) -> str:
        return str(self.blob.media_type)

    @property
    def sha256(self) -> str:
        return bytes(self.blob.sha256).hex()


class Blob(OfficeOwned, Base):
    """The bytes of one file, as the object store holds them.

    ``pending`` from before the first byte goes out, ``stored`` in the transaction that makes the file
    visible, ``deleting`` from the moment a reaper takes it. Immutable once stored: moving never copies.
    """

    __tablename__ = "blobs"
    __table_args__ = (
        unique("object_key"),
        one_of("state", "pending", "stored", "deleting"),
        CheckConstraint("state <> 'stored' OR (size IS NOT NULL AND sha256 IS NOT NULL)", name="stored_whole"),
        index("lease_until", postgresql_where="state <> 'stored'"),
    )

    state: Mapped[str] = mapped_column(default="pending")
    object_key: Mapped[str]
    upload_id: Mapped[str | None]
    owner: Mapped[UUID]
    lease_until: Mapped[datetime]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None]
    crc32: Mapped[int | None] = mapped_column(BigInteger)
    media_type: Mapped[str | None]
    declared_type: Mapped[str | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return false()  # bytes are reached through an item or an attachment, never by themselves
