from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import search
from app.access import Actor, visible
from app.errors import Conflict, Forbidden, NotFound
from app.listing import Page
from app.models import AuthToken, Contact, ContactLink, DocumentRequest, Relation
from app.models.contacts import ERASED, NOTIFICATIONS
from app.models.relations import of_visible_relation, restricted
from app.schemas.contacts import ContactCreate, ContactFilters, ContactQuery, ContactUpdate
from app.services import contact_columns, contact_links, events, invitations, numbering, two_step_codes
from app.services.auth import end_sessions

SORTS = {"number": (Contact.number_sort,), "name": (Contact.name_key,), "updated_at": (Contact.updated_at,)}


async def page(session: AsyncSession, actor: Actor, query: ContactQuery) -> Page[Any]:
    return await search.page(session, filtered(actor, query), Contact, query, SORTS)


def filtered(actor: Actor, query: ContactFilters) -> Select[Contact]:
    found = visible(actor, Contact)
    if query.login_status:
        found = found.where(Contact.login_status == query.login_status)
    return found


async def create(session: AsyncSession, actor: Actor, data: ContactCreate) -> Contact:
    values = data.model_dump() | {
        "number": data.number or await numbering.propose(session, actor, Contact),
        "notifications": NOTIFICATIONS | data.given().get("notifications", {}),
    }
    contact = Contact(office_id=actor.office_id, created_by=actor.name, **values)
    contact.take(contact_columns.derived(contact))
    session.add(contact)
    await session.flush()
    events.record(session, actor, "contact.created", contact, number=contact.number)
    return contact


async def check_all_his_relations(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """Who sets the address of a login could take it over: only with a role on everything that it opens.

    A login that opens nothing now may open much again tomorrow, when somebody links it: it is nobody's but managers'.
    """
    if not restricted(actor):
        return
    links = select(ContactLink.id).where(ContactLink.office_id == actor.office_id, ContactLink.contact_id == contact.id)
    others = links.where(~of_visible_relation(ContactLink.relation_id, actor))
    if await session.scalar(others.limit(1)):
        raise Forbidden("This login also opens relations that are not yours; ask a manager.", code="other_relations")
    await contact_links.check_not_adrift(session, actor, contact)


async def change(session: AsyncSession, actor: Actor, contact: Contact, data: ContactUpdate) -> None:
    """A new e-mail address or a block ends what sessions and invitations the contact has."""
    given = data.given()
    if given.keys() & {"email", "login_status"}:
        await lock(session, actor, contact)  # no link to what is not the caller's comes in between
        await check_all_his_relations(session, actor, contact)
    if "notifications" in given:
        given["notifications"] = contact.notifications | given["notifications"]
    before = contact.email_key, contact.login_status
    changed = contact.take(given)
    if changed:
        contact.updated_by = actor.name
    contact.take(contact_columns.derived(contact))
    if (contact.email_key, contact.login_status) != before:
        await end_sessions(session, actor.office_id, AuthToken.contact_id == contact.id)
        await invitations.end(session, contact)
    if changed:
        events.record(session, actor, "contact.changed", contact, fields=changed)


async def lock(session: AsyncSession, actor: Actor, *contacts: Contact) -> None:
    """Nobody links, asks, merges or deletes them meanwhile; NotFound when one is gone in that very moment."""
    found = visible(actor, Contact).where(Contact.id.in_([contact.id for contact in contacts]))
    locked = await session.scalars(found.order_by(Contact.id).with_for_update(of=Contact))
    if len(locked.all()) < len(contacts):
        raise NotFound


async def delete(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """He and all that opened anything to him are gone; what he wrote stays under his name."""
    await lock(session, actor, contact)
    await check_all_his_relations(session, actor, contact)
    await _check_nothing_is_asked(session, actor, contact)
    await erase(session, actor, contact)
    events.record(session, actor, "contact.deleted", contact, number=contact.number)


async def _check_nothing_is_asked(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """What is still asked of him would wait for ever; of an archived relation nothing is waited for any more."""
    in_use = select(Relation.id).where(Relation.office_id == actor.office_id, Relation.archived_at.is_(None))
    waiting = select(DocumentRequest.id).where(
        DocumentRequest.office_id == actor.office_id,
        DocumentRequest.contact_id == contact.id,
        DocumentRequest.status == "open",
        DocumentRequest.relation_id.in_(in_use),
    )
    if await session.scalar(waiting.limit(1)):
        detail = "Documents are still asked of this contact: withdraw those requests first, or merge him."
        raise Conflict(detail, code="open_document_requests")


async def erase(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """End his sessions, invitations and links; forget all of him but the name under which he wrote."""
    await end_sessions(session, actor.office_id, AuthToken.contact_id == contact.id)
    await invitations.end(session, contact)
    await two_step_codes.forget(session, contact)
    for link in await session.scalars(contact_links.of_contact(actor, contact)):
        await contact_links.remove(session, actor, link.relation, link)
    # Blocked for whoever comes upon the row in the middle of something: a job, a sign-in, an invitation.
    gone = {"deleted_at": datetime.now(UTC), "login_status": "blocked", "notifications": {}, "search": ""}
    contact.take(dict.fromkeys(ERASED) | gone)
    await session.flush()
