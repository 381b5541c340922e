from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OfficeOwned, index, one_of, unique


class IdempotencyKey(OfficeOwned, Base):
    """What was answered under a client's ``Idempotency-Key``; while running, who works on it and until when."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        unique("actor_id", "method", "path", "key"),
        one_of("state", "running", "done"),
        index("created_at"),
    )

    actor_id: Mapped[UUID]
    method: Mapped[str]
    path: Mapped[str]
    key: Mapped[str]
    state: Mapped[str] = mapped_column(default="running")
    owner: Mapped[UUID]
    lease_until: Mapped[datetime]
    fingerprint: Mapped[bytes | None]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None]
