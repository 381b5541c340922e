from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, visible
from app.errors import Forbidden
from app.models import AuthToken, Contact, ContactLink
from app.models.relations import of_visible_relation
from app.schemas.contacts import ContactCreate, ContactQuery, ContactUpdate
from app.services import events, invitations
from app.services.auth import email_key, end_sessions
from app.services.relations import keys, matches

SORTS = {"number": (Contact.number_sort,), "name": (Contact.name_key,), "updated_at": (Contact.updated_at,)}


def display_name(values: ContactCreate | Contact) -> str:
    parts = (values.first_names or values.initials, values.prefix, values.surname)
    return " ".join(part for part in parts if part)


def find_all(actor: Actor, query: ContactQuery) -> Select[Contact]:
    found = visible(actor, Contact)
    if query.login_status:
        found = found.where(Contact.login_status == query.login_status)
    if query.q:
        found = found.where(
            or_(matches(query.q, Contact), Contact.email_key.contains(email_key(query.q), autoescape=True))
        )
    return found


async def create(session: AsyncSession, actor: Actor, data: ContactCreate) -> Contact:
    name = display_name(data)
    contact = Contact(
        office_id=actor.office_id,
        **data.model_dump(),
        **keys(data.number, name),
        email_key=email_key(data.email),
        name=name,
    )
    session.add(contact)
    await session.flush()
    events.record(session, actor, "contact.created", contact, number=contact.number)
    return contact


async def check_all_his_relations(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """Who sets the address of a login could take it over: only with a role on everything that it opens."""
    others = select(ContactLink.id).where(
        ContactLink.office_id == actor.office_id,
        ContactLink.contact_id == contact.id,
        ~of_visible_relation(ContactLink.relation_id, actor),
    )
    if await session.scalar(others.limit(1)):
        raise Forbidden("This login also opens relations that are not yours; ask a manager.", code="other_relations")


async def change(session: AsyncSession, actor: Actor, contact: Contact, data: ContactUpdate) -> None:
    """A new e-mail address or a block ends what sessions and invitations the contact has."""
    given = data.given()
    if given.keys() & {"email", "login_status"}:
        await check_all_his_relations(session, actor, contact)
    before = contact.email_key, contact.login_status
    changed = contact.take(given)
    contact.name = display_name(contact)
    contact.email_key = email_key(contact.email)
    for column, value in keys(contact.number, contact.name).items():
        setattr(contact, column, value)
    if (contact.email_key, contact.login_status) != before:
        await end_sessions(session, actor.office_id, AuthToken.contact_id == contact.id)
        await invitations.end(session, contact)
    if changed:
        events.record(session, actor, "contact.changed", contact, fields=changed)
