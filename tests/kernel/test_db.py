"""The database at its edges: lost races, lost connections, an exhausted pool."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db import Database, asyncpg_url, place
from app.error_handlers import from_database
from app.settings import Settings
from tests.factories import Tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def small(settings: Settings) -> AsyncIterator[Database]:
    """A pool of two, to be filled."""
    made = Database(settings.model_copy(update={"database_pool_size": 2, "database_pool_timeout_seconds": 0.3}))
    yield made
    await made.close()


def test_addresses() -> None:
    assert asyncpg_url("postgresql://a:b@h/d") == "postgresql+asyncpg://a:b@h/d"
    assert asyncpg_url("postgresql://a:b@h/d?sslmode=require") == "postgresql+asyncpg://a:b@h/d?ssl=require"
    assert place("postgresql://user:secret@host/ordner") == "host:5432/ordner"


async def test_the_office_ends_with_the_transaction(small: Database, office: Tenant) -> None:
    query = text("SELECT current_setting('app.office_id', true)")
    async with small.transaction(office.id) as session:
        assert await session.scalar(query) == str(office.id)
    async with small.transaction(None) as session:
        assert not await session.scalar(query)
    async with small.engine.connect() as connection:
        assert not await connection.scalar(query)


async def test_each_transaction_has_its_own_office(small: Database, office: Tenant, other_office: Tenant) -> None:
    """Also where one was opened inside another, before that one's first statement."""
    query = text("SELECT current_setting('app.office_id', true)")
    async with small.transaction(office.id) as outer:
        async with small.transaction(other_office.id) as inner:
            assert await inner.scalar(query) == str(other_office.id)
            assert await outer.scalar(query) == str(office.id)
        assert await outer.scalar(query) == str(office.id)


async def test_an_exhausted_pool_is_a_time_out(small: Database) -> None:
    """F20: waits for a moment, then says so; and is whole again afterwards."""
    one = text("SELECT 1")
    async with small.transaction(None) as first, small.transaction(None) as second:
        assert await first.scalar(one) == await second.scalar(one) == 1
        with pytest.raises(PoolTimeout):
            async with small.transaction(None) as third:
                await third.scalar(one)
    await small.ping()


async def test_a_begin_that_fails_leaves_no_connection(small: Database, office: Tenant) -> None:
    """Nobody knows how far it came, so nobody else gets it."""
    query = text("SELECT current_setting('app.office_id', true)")
    async with small.transaction(office.id) as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    async with small.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.office_id = "' || 1/0 || '"
        with pytest.raises(DBAPIError):
            await connection.scalar(query)
    async with small.transaction(office.id) as session:
        assert await session.scalar(query) == str(office.id)
        assert await session.scalar(text("SELECT pg_backend_pid()")) != pid


async def _terminate(settings: Settings, pid: int) -> None:
    """As the server's own administrator: the application role may not."""
    administrator = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        assert await administrator.fetchval("SELECT pg_terminate_backend($1)", pid)
    finally:
        await administrator.close()


async def test_a_terminated_connection_heals(small: Database, settings: Settings) -> None:
    """F15, F18: the call in flight fails, the next one works."""
    async with small.transaction(None) as victim:
        pid = await victim.scalar(text("SELECT pg_backend_pid()"))
        await _terminate(settings, pid)
        with pytest.raises(DBAPIError) as lost:
            await victim.scalar(text("SELECT 1"))
        found = from_database(lost.value)
        assert found is not None
        assert found.status == 503
        await victim.close()
    await small.ping()


async def test_two_writers_in_crossed_order_both_get_through(office: Tenant) -> None:
    """F18: a deadlock is retried as a whole, behind the client's back."""
    one, two = await office.relation("1"), await office.relation("2")

    async def cross(client: httpx.AsyncClient, first: str, second: str) -> int:
        answer = await client.patch(f"/v1/relations/{first}", json={"parent_id": second})
        return answer.status_code

    for _ in range(5):
        statuses = await asyncio.gather(
            *(cross(office.admin, one["id"], two["id"]) for _ in range(4)),
            *(cross(office.admin, two["id"], one["id"]) for _ in range(4)),
        )
        assert set(statuses) <= {200, 412, 422, 503}
        await office.admin.patch(f"/v1/relations/{one['id']}", json={"parent_id": None})
        await office.admin.patch(f"/v1/relations/{two['id']}", json={"parent_id": None})


async def test_nothing_stays_open(office: Tenant, db: Database) -> None:
    """F21: after a storm of requests no connection is checked out, and none sits in a transaction."""
    await asyncio.gather(*(office.admin.get("/v1/relations") for _ in range(60)))
    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    )
    async with db.transaction(None) as session:
        assert await session.scalar(query) == 0
