"""Holding a row, so that two changes meet in the middle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.factories.tenants import Tenant


@asynccontextmanager
async def lock_row(office: Tenant, table: str, row_id: UUID | str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Nobody changes this row, or points at it anew, until the function that this gives was called."""
    locked, free = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with office.db.transaction(office.id) as session:
            await session.execute(text(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": row_id})
            locked.set()
            await free.wait()

    async def release() -> None:
        free.set()
        await holder

    holder = asyncio.create_task(hold())
    await locked.wait()
    try:
        yield release
    finally:
        free.set()
        await holder


async def waiting_for_locks(office: Tenant, count: int, or_done: asyncio.Task[Any] | None = None) -> bool:
    """At least so many connections of this database wait for a lock, or the task is done."""
    waiting = text(
        "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    async with office.db.transaction(None) as session:
        found: int = await session.scalar(waiting) or 0
    return found >= count or (or_done is not None and or_done.done())
