"""A database whose owner is no superuser, so that row-level security holds for his migrations too (OP-06)."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from app.settings import Settings, get_settings, set_environment


def ask(url: str, statement: str, *values: Any) -> list[asyncpg.Record]:
    """The rows of one statement."""

    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(fetch())


@contextmanager
def owned_database(name: str) -> Iterator[tuple[Settings, str]]:
    """Its settings, with an owner and a login of their own, and the address at which the superuser finds it."""
    settings = get_settings()
    before = settings.database_url.get_secret_value()
    server, password = before.rpartition("/")[0], secrets.token_hex(8)
    # The server of the tests has the role already, made by its superuser: its administration is handed to the owner.
    for statement in (
        f"CREATE ROLE {name}_owner LOGIN CREATEROLE PASSWORD '{password}'",
        f"CREATE ROLE {name}_login LOGIN PASSWORD '{password}'",
        f'GRANT "{settings.database_role}" TO {name}_owner WITH ADMIN OPTION',
        f"CREATE DATABASE {name} OWNER {name}_owner",
    ):
        ask(f"{server}/postgres", statement)
    place = f"{server.rpartition('@')[2]}/{name}"
    try:
        set_environment(
            {
                "ORDNER_DATABASE_URL": f"postgresql://{name}_login:{password}@{place}",
                "ORDNER_MIGRATION_DATABASE_URL": f"postgresql://{name}_owner:{password}@{place}",
            }
        )
        get_settings.cache_clear()
        yield get_settings(), f"{server}/{name}"
    finally:
        set_environment({"ORDNER_DATABASE_URL": before, "ORDNER_MIGRATION_DATABASE_URL": ""})
        get_settings.cache_clear()
        ask(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")
