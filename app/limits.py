"""How often something may be tried: one row a key and window in PostgreSQL, so that every process counts together."""

import hashlib
from datetime import timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import case, delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.errors import TooMany
from app.models.rate_limits import RateLimit


def _key(policy: str, subject: str, office_id: UUID | None) -> bytes:
    return hashlib.sha256(f"{policy}\0{office_id}\0{subject}".encode()).digest()


async def forgive(session: AsyncSession, policy: str, subject: str) -> None:
    """The tries of ``subject`` count no more: he turned out to be who he said."""
    await session.execute(delete(RateLimit).where(RateLimit.key == _key(policy, subject, None)))


async def unspend(session: AsyncSession, policy: str, subject: str) -> None:
    """One counted try of ``subject`` was none; the others stay."""
    mine = (RateLimit.key == _key(policy, subject, None)) & (RateLimit.count > 0)
    await session.execute(update(RateLimit).where(mine).values(count=RateLimit.count - 1))


async def spend(
    db: Database, policy: str, subject: str, allowed: int, window: timedelta, office_id: UUID | None = None
) -> None:
    """Count one try of ``subject`` under ``policy``; TooMany (429) beyond ``allowed`` within ``window``.

    A transaction of its own: a refused try must stay counted.
    """
    key = _key(policy, subject, office_id)
    ends = func.now() + window
    over = RateLimit.resets_at <= func.now()
    counted = insert(RateLimit).values(key=key, count=1, resets_at=ends)
    counted = counted.on_conflict_do_update(
        index_elements=[RateLimit.key],
        set_={
            "count": case((over, 1), else_=RateLimit.count + 1),
            "resets_at": case((over, ends), else_=RateLimit.resets_at),
        },
    )
    remaining = func.extract("epoch", RateLimit.resets_at - func.now())
    async with db.transaction(office_id) as session:
        row = (await session.execute(counted.returning(RateLimit.count, remaining))).one()
    if row[0] > allowed:
        seconds = max(1, ceil(row[1]))
        minutes = int(window.total_seconds() // 60)
        detail = f"At most {allowed} tries in {minutes} minutes; wait {seconds} seconds."
        raise TooMany(detail, policy, allowed, seconds, window)
