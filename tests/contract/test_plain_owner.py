"""OP-06: neither the owner of the tables nor the login of requests needs to be a superuser."""

import asyncio
import secrets
from uuid import UUID

import asyncpg
from alembic import command
from sqlalchemy import delete

from app.access import Actor, ActorKind, Permission
from app.db import Database
from app.migrate import alembic_config, migrate
from app.models import Contact
from app.schemas.changes import ChangeQuery
from app.schemas.contact_links import ContactLinkPut
from app.schemas.contacts import ContactCreate
from app.schemas.offices import OfficeCreate
from app.schemas.relations import RelationCreate
from app.services import changes, contact_links, contacts, offices, relations
from app.settings import Settings, get_settings, set_environment
from tests.conftest import at_database
from tests.factories.changes import settled

BEFORE_THE_FEED = "0816c6ce3b42"


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
        await _keep_a_feed(db, office_id)
    finally:
        await db.close()


async def _keep_a_feed(db: Database, office_id: UUID) -> None:
    """Of what a plain login writes, of what the owner's cascades remove, and of what was there before the feed."""
    actor = Actor(office_id, ActorKind.SYSTEM, office_id, "x", frozenset(Permission), sees_all_relations=True)
    async with db.transaction(office_id) as session:
        data = RelationCreate(number="1", type="person", surname="x")
        relation = await relations.create(session, actor, data)
        contact = await contacts.create(session, actor, ContactCreate(number="1", email="x@x.nl", surname="x"))
        await contact_links.put(session, actor, relation, contact, ContactLinkPut(), lambda *_: None)
    assert sorted(await _told(db, actor)) == [("contact", False), ("contact_link", False), ("relation", False)]
    await asyncio.to_thread(command.downgrade, alembic_config(), BEFORE_THE_FEED)
    await asyncio.to_thread(command.upgrade, alembic_config(), "head")
    assert sorted(await _told(db, actor)) == [("contact", False), ("contact_link", False), ("relation", False)]
    async with db.transaction(office_id) as session:
        await session.execute(delete(Contact).where(Contact.office_id == office_id))
    assert sorted(await _told(db, actor)) == [("contact", True), ("contact_link", True), ("relation", False)]


async def _told(db: Database, actor: Actor) -> list[tuple[str, bool]]:
    await settled(db)
    async with db.transaction(actor.office_id) as session:
        page = await changes.find(session, actor, ChangeQuery())
    return [(item.type, item.is_deleted) for item in page.items]


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
