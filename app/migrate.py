"""Bringing a database up to date: tables by Alembic, the queue's by PgQueuer."""

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
from alembic import command
from alembic.config import Config

from app import jobs
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
# Any fixed number: one migration at a time, whichever process starts it.
ADVISORY_LOCK = 7_305_202_611


def alembic_config() -> Config:
    return Config(ROOT / "alembic.ini")


def owner_url(settings: Settings) -> str:
    return (settings.migration_database_url or settings.database_url).get_secret_value()


async def migrate(settings: Settings) -> None:
    """To the newest version; safe to run again, and from several processes at once."""
    connection = await asyncpg.connect(owner_url(settings))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
        await ensure_role(connection, settings)
        await asyncio.to_thread(command.upgrade, alembic_config(), "head")
        await jobs.install(connection, settings.database_role)
    finally:
        await connection.close()


async def ensure_role(connection: asyncpg.Connection, settings: Settings) -> None:
    """The role that requests run as: no login, owns nothing; the login of requests may become it.

    Roles belong to the server, not to a database: that is why this is no migration. Granted whatever
    ``pg_has_role`` says: since PostgreSQL 16 who makes a role may administer it, but not yet become it.
    """
    role = settings.database_role
    # Suppressed: another database of this server was migrated in the same moment.
    with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
            await connection.execute(f'CREATE ROLE "{role}" NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS')
    login = unquote(urlsplit(settings.database_url.get_secret_value()).username or "").replace('"', '""')
    for member in ("CURRENT_USER", f'"{login}"' if login else "CURRENT_USER"):
        await connection.execute(f'GRANT "{role}" TO {member}')
    await connection.execute(f'GRANT USAGE ON SCHEMA public TO "{role}"')
