"""Linking contacts to relations: the only thing that opens a dossier to a client.

Who makes or changes a link holds the relation's row since before he read the link: what only one of the relation's
links may have is asked of all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from uuid_utils.compat import uuid7

from app.access import Actor, visible
from app.errors import NotFound, invalid
from app.models import Contact, ContactLink, Relation
from app.models.relations import of_visible_relation
from app.schemas.contact_links import ContactLinkPut, ContactLinkUpdate
from app.services import events
from app.services.relations import check_open

ENDS = (joinedload(ContactLink.contact), joinedload(ContactLink.relation))
SORTS = {"created_at": (ContactLink.created_at,)}


def of_relation(actor: Actor, relation: Relation) -> Select[ContactLink]:
    return visible(actor, ContactLink).where(ContactLink.relation_id == relation.id).options(*ENDS)


def of_contact(actor: Actor, contact: Contact) -> Select[ContactLink]:
    """The other side; relations that are not the actor's do not show."""
    mine = of_visible_relation(ContactLink.relation_id, actor)
    return visible(actor, ContactLink).where(ContactLink.contact_id == contact.id, mine).options(*ENDS)


async def find(
    session: AsyncSession, actor: Actor, relation: Relation, contact: Contact, *, lock: bool = False
) -> ContactLink:
    found = of_relation(actor, relation).where(ContactLink.contact_id == contact.id)
    link = await session.scalar(found.with_for_update(of=ContactLink) if lock else found)
    if link is None:
        raise NotFound
    return link


async def put(
    session: AsyncSession,
    actor: Actor,
    relation: Relation,
    contact: Contact,
    data: ContactLinkPut,
    check: Callable[..., None],
) -> tuple[ContactLink, bool]:
    """Make the link, or make it so; the same call twice, or twice at once, changes nothing more. True: it is new."""
    check_open(relation)
    if not await hold(session, actor, contact.id):
        raise NotFound
    made = insert(ContactLink).values(
        id=uuid7(), office_id=actor.office_id, relation_id=relation.id, contact_id=contact.id, version=1,
        function="", portal_access=False,
    )  # fmt: skip
    made = made.on_conflict_do_nothing(index_elements=["office_id", "relation_id", "contact_id"])
    created = await session.scalar(made.returning(ContactLink.id)) is not None
    link = await find(session, actor, relation, contact, lock=True)
    check(*(() if created else (link, link.contact, link.relation)))
    await _take_from_others(session, actor, relation, link, data.model_dump())
    if link.take(data.model_dump()) or created:
        _record(session, actor, link, "contact_link.created" if created else "contact_link.changed", relation)
    await session.flush()
    return link, created


async def change(
    session: AsyncSession, actor: Actor, relation: Relation, link: ContactLink, data: ContactLinkUpdate
) -> None:
    check_open(relation)
    given = data.given()
    await _take_from_others(session, actor, relation, link, given)
    changed = link.take(given)
    if link.valid_from and link.valid_until and link.valid_until < link.valid_from:
        raise invalid("/valid_until", "order", "valid_until can not be before valid_from.")
    if changed:
        _record(session, actor, link, "contact_link.changed", relation)


async def remove(session: AsyncSession, actor: Actor, relation: Relation, link: ContactLink) -> None:
    _record(session, actor, link, "contact_link.deleted", relation)
    await session.delete(link)


async def move(session: AsyncSession, actor: Actor, source: Contact, target: Contact) -> None:
    """Links of the one become the other's, but not where he has his own: that stays as it is."""
    own = {link.relation_id for link in await session.scalars(of_contact(actor, target))}
    for link in await session.scalars(of_contact(actor, source)):
        if link.relation_id not in own:
            link.contact_id = target.id
            _record(session, actor, link, "contact_link.moved", link.relation, from_contact_id=source.id)
    await session.flush()


async def hold(session: AsyncSession, actor: Actor, contact_id: UUID) -> bool:
    """Keep the contact from being deleted or merged until the commit. False: he is gone already."""
    there = select(Contact.id).where(Contact.office_id == actor.office_id, Contact.id == contact_id, Contact.live())
    return await session.scalar(there.with_for_update(read=True, key_share=True)) is not None


async def _take_from_others(
    session: AsyncSession, actor: Actor, relation: Relation, link: ContactLink, given: Mapping[str, Any]
) -> None:
    """A relation has one preferred contact, and one for each subject: who gets it takes it from who has it."""
    is_preferred, subjects = given.get("is_preferred"), given.get("preferred_for")
    if not is_preferred and not subjects:
        return
    others = visible(actor, ContactLink).where(ContactLink.relation_id == relation.id, ContactLink.id != link.id)
    for other in await session.scalars(others):
        keeps = {
            "is_preferred": other.is_preferred and not is_preferred,
            "preferred_for": [subject for subject in other.preferred_for if subject not in (subjects or ())],
        }
        if other.take(keeps):
            _record(session, actor, other, "contact_link.changed", relation)
    await session.flush()


def _record(
    session: AsyncSession, actor: Actor, link: ContactLink, action: str, relation: Relation, **more: Any
) -> None:
    events.record(
        session,
        actor,
        action,
        relation,
        relation_id=relation.id,
        contact_id=link.contact_id,
        portal_access=link.portal_access,
        **more,
    )
