"""Jobs leave in the caller's own transaction: no commit, no job; no job, no commit.

PgQueuer holds them in tables beside ours and takes the very connection of the session.
"""

import json
from functools import cache
from typing import Any

import asyncpg
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries
from sqlalchemy.ext.asyncio import AsyncSession


@cache
def names() -> DBSettings:
    return DBSettings()


async def enqueue(session: AsyncSession, name: str, payload: dict[str, Any]) -> None:
    """Queue the job ``name``; it runs at least once, so its function must bear being run again."""
    connection = await (await session.connection()).get_raw_connection()
    driver: asyncpg.Connection = connection.driver_connection
    await Queries(AsyncpgDriver(driver)).enqueue([name], [json.dumps(payload, default=str).encode()], [0])


async def install(connection: asyncpg.Connection, role: str) -> None:
    """Make or upgrade the queue's tables and let the application role use them. Part of ``ordner migrate``."""
    queries = Queries(AsyncpgDriver(connection))
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await connection.execute(QueryBuilderEnvironment(names()).build_install_query())
    tables = (names().queue_table, names().queue_table_log, names().statistics_table, names().schedules_table)
    for table in tables:
        await connection.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{role}"')
    await connection.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"')
