"""Models and migrations never drift."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from alembic import command
from alembic.script import ScriptDirectory

from app.migrate import alembic_config, migrate
from app.settings import Settings, get_settings
from tests.conftest import at_database


@contextmanager
def empty_database(name: str) -> Iterator[Settings]:
    """A database of its own on the test server; the environment points back afterwards."""
    before = get_settings()
    old = before.database_url.get_secret_value().rpartition("/")[2]
    asyncio.run(_execute(at_database(before, "postgres"), f"CREATE DATABASE {name}"))
    try:
        yield at_database(before, name)
    finally:
        asyncio.run(_execute(at_database(before, "postgres"), f"DROP DATABASE {name} WITH (FORCE)"))
        at_database(before, old)


async def _execute(settings: Settings, statement: str) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def test_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_up_down_up_and_nothing_left_to_generate(worker_id: str) -> None:
    with empty_database(f"migrations_{worker_id}") as settings:
        asyncio.run(migrate(settings))
        command.check(alembic_config())
        command.downgrade(alembic_config(), "base")
        command.upgrade(alembic_config(), "head")
        command.check(alembic_config())
        asyncio.run(migrate(settings))  # and again, as every start does


def test_two_migrate_at_once(worker_id: str) -> None:
    """Several processes start together in production; one migrates, the others wait and find it done."""

    async def both(settings: Settings) -> None:
        await asyncio.gather(migrate(settings), migrate(settings))

    with empty_database(f"migrations_twice_{worker_id}") as settings:
        asyncio.run(both(settings))
