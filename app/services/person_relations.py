"""A person relation made from a contact, for a partner's income tax, which no other partner sees (rules 32, 33)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Conflict, NotFound
from app.models import Contact, ContactLink, Relation
from app.names import person_key
from app.schemas.contact_links import ContactLinkPut
from app.schemas.person_relations import PersonRelationCreate
from app.schemas.relations import RelationCreate
from app.services import contact_links, offices, relations

OWN = "privé"  # the function of a contact for the relation that he is himself


async def create(session: AsyncSession, actor: Actor, contact: Contact, data: PersonRelationCreate) -> Relation:
    """The person and how to reach him are copied; never a number of the business: he has a BSN of his own."""
    # Whoever does the same at the same time waits here, and then finds it done.
    await offices.queue(session, actor)
    if not await contact_links.hold(session, actor, contact.id):
        raise NotFound
    if await _has_one(session, actor, contact):
        detail = "This contact is linked to a person relation of the same name already; change that one."
        raise Conflict(detail, code="person_relation_exists")
    names = {name: getattr(contact, name) for name in ("initials", "first_names", "prefix", "surname")}
    phone = contact.phone or contact.mobile  # a relation has one number: the one that he is reached at
    made = RelationCreate(type="person", email=contact.email, phone=phone, parent_id=data.parent_id, **names)
    relation = await relations.create(session, actor, made)
    link = ContactLinkPut(function=OWN, portal_access=data.portal_access, is_preferred=True)
    await contact_links.put(session, actor, relation, contact, link, lambda *_: None)
    return relation


async def _has_one(session: AsyncSession, actor: Actor, contact: Contact) -> bool:
    """Also one that the caller does not see: a second dossier for the same tax is what nobody wants."""
    own = (
        select(Relation.first_names, Relation.initials, Relation.prefix, Relation.surname)
        .join(ContactLink, (ContactLink.office_id == Relation.office_id) & (ContactLink.relation_id == Relation.id))
        .where(
            Relation.office_id == actor.office_id,
            Relation.type == "person",
            Relation.archived_at.is_(None),
            ContactLink.contact_id == contact.id,
        )
    )
    return any(person_key(*names) == contact.name_key for names in await session.execute(own))
