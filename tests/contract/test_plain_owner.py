"""OP-06: neither the owner of the tables nor the login of requests needs to be a superuser."""

import asyncio
import secrets

import asyncpg

from app.db import Database
from app.migrate import migrate
from app.schemas.offices import OfficeCreate
from app.services import offices
from app.settings import Settings, get_settings, set_environment
from tests.conftest import at_database


async def _as_administrator(settings: Settings, *statements: str) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _use(settings: Settings) -> None:
    await migrate(settings)
    await migrate(settings)
    db = Database(settings)
    try:
        data = OfficeCreate(slug="plain", name="x", administrator="x", email="x@x.nl", password="een lang wachtwoord")
        office_id, _ = await offices.create(db, settings, data)
        assert await offices.all_ids(db) == [office_id]
    finally:
        await db.close()


def test_with_an_owner_and_a_login_of_their_own(worker_id: str, settings: Settings) -> None:
    before = settings.database_url.get_secret_value()
    name, owner, login = f"plain_{worker_id}", f"owner_{worker_id}", f"login_{worker_id}"
    password = secrets.token_hex(8)
    admin = at_database(settings, "postgres")
    # The server of the tests has the role already, made by its superuser: its administration is handed to the owner.
    asyncio.run(
        _as_administrator(
            admin,
            f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD '{password}'",
            f"CREATE ROLE {login} LOGIN PASSWORD '{password}'",
            f'GRANT "{settings.database_role}" TO {owner} WITH ADMIN OPTION',
            f"CREATE DATABASE {name} OWNER {owner}",
        )
    )
    server = before.rpartition("@")[2].rpartition("/")[0]
    try:
        set_environment(
            {
                "ORDNER_DATABASE_URL": f"postgresql://{login}:{password}@{server}/{name}",
                "ORDNER_MIGRATION_DATABASE_URL": f"postgresql://{owner}:{password}@{server}/{name}",
            }
        )
        get_settings.cache_clear()
        asyncio.run(_use(get_settings()))
    finally:
        set_environment({"ORDNER_DATABASE_URL": before, "ORDNER_MIGRATION_DATABASE_URL": ""})
        get_settings.cache_clear()
        asyncio.run(_as_administrator(admin, f"DROP DATABASE {name} WITH (FORCE)"))
