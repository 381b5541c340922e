"""OP-06: neither the owner of the tables nor the login of requests needs to be a superuser."""

import asyncio
from uuid import UUID

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
from app.settings import Settings
from tests.factories.changes import settled
from tests.factories.plain_owner import owned_database

BEFORE_THE_FEED = "0816c6ce3b42"


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


def test_with_an_owner_and_a_login_of_their_own(worker_id: str) -> None:
    with owned_database(f"plain_{worker_id}") as (settings, _):
        asyncio.run(_use(settings))
