"""Migrations run as the owner of the tables, one transaction each, and give up rather than block a live office."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import asyncpg_url
from app.models import Base
from app.settings import get_settings

LOCK_TIMEOUT = "5s"


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """PgQueuer's tables are its own to change."""
    return not (kind == "table" and (name or "").startswith("pgqueuer"))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=ours,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    settings = get_settings()
    url = settings.migration_database_url or settings.database_url
    engine = create_async_engine(asyncpg_url(url.get_secret_value()))
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(main())
