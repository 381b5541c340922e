"""Rows that hold a sealed value, in ``secret`` and ``key_id``: sealing them anew under another key."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database

AT_ONCE = 500


async def rotate(db: Database, office_id: UUID, model: Any, reseal: Callable[[AsyncSession, Any], None]) -> int:
    """Seal what an older key sealed with the current one; returns how many. Safe to stop and to run again."""
    assert db.vault is not None
    count = 0
    while True:
        async with db.transaction(office_id) as session:
            old = await session.scalars(
                select(model)
                .where(model.office_id == office_id, model.key_id.is_not(None), model.key_id != db.vault.key_id)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            rows = list(old)
            for row in rows:
                reseal(session, row)
        count += len(rows)
        if not rows:
            return count
