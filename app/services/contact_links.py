"""Linking contacts to relations: the only thing that opens a dossier to a client.

Who makes or changes a link holds the relation's row since before he read the link: what only one of the relation's
links may have is asked of all of them. Who makes one holds the contact too, since before that.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from uuid_utils.compat import uuid7

from app.access import Actor, visible
from app.errors import Forbidden, NotFound, invalid
from app.filings import in_order
from app.models import Contact, ContactLink, Relation
from app.models.relations import of_visible_relation, restricted
from app.schemas.contact_links import ContactLinkPut, ContactLinkUpdate
from app.services import events
from app.services.relations import check_open

ENDS = (joinedload(ContactLink.contact), joinedload(ContactLink.relation))
SORTS = {"created_at": (ContactLink.created_at,)}
SAID = tuple(ContactLinkPut.model_fields)  # all that a link says; the history of who might sign what, and when


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
    await check_not_adrift(session, actor, contact)
    made = insert(ContactLink).values(
        id=uuid7(), office_id=actor.office_id, relation_id=relation.id, contact_id=contact.id, version=1,
        function="", portal_access=False,
    )  # fmt: skip
    made = made.on_conflict_do_nothing(index_elements=["office_id", "relation_id", "contact_id"])
    created = await session.scalar(made.returning(ContactLink.id)) is not None
    link = await find(session, actor, relation, contact, lock=True)
    check(*(() if created else (link, link.contact, link.relation)))
    await _take_from_others(session, actor, relation, link, data.model_dump())
    if created:
        link.take(data.model_dump())
        _record(session, actor, link, "contact_link.created", relation, after=_said(link))
    else:
        _take(session, actor, relation, link, data.model_dump())
    await session.flush()
    return link, created


async def change(
    session: AsyncSession, actor: Actor, relation: Relation, link: ContactLink, data: ContactLinkUpdate
) -> None:
    check_open(relation)
    given = data.given()
    await _take_from_others(session, actor, relation, link, given)
    _take(session, actor, relation, link, given)
    if link.valid_from and link.valid_until and link.valid_until < link.valid_from:
        raise invalid("/valid_until", "order", "valid_until can not be before valid_from.")


async def remove(session: AsyncSession, actor: Actor, relation: Relation, link: ContactLink) -> None:
    _record(session, actor, link, "contact_link.deleted", relation, before=_said(link))
    await session.delete(link)


async def move(session: AsyncSession, actor: Actor, source: Contact, target: Contact) -> None:
    """Links of the one become the other's; where he has his own, that goes on, and takes over what opens nothing."""
    both = select(ContactLink.relation_id).where(
        ContactLink.office_id == actor.office_id, ContactLink.contact_id.in_((source.id, target.id))
    )
    relations = visible(actor, Relation).where(Relation.id.in_(both)).order_by(Relation.id)
    await session.execute(relations.with_for_update(of=Relation, key_share=True))
    own = {link.relation_id: link for link in await session.scalars(of_contact(actor, target))}
    for link in await session.scalars(of_contact(actor, source)):
        if kept := own.get(link.relation_id):
            await remove(session, actor, link.relation, link)
            await session.flush()  # before the other gets what only one of the relation's links may have
            _take(session, actor, kept.relation, kept, _joined(kept, link))
        else:
            link.contact_id = target.id
            _record(
                session, actor, link, "contact_link.moved", link.relation, from_contact_id=source.id, after=_said(link)
            )
    await session.flush()


def _joined(kept: ContactLink, gone: ContactLink) -> dict[str, Any]:
    """Whom the office asks first, and who owns, is a matter of the human; what he may open and sign is not added up."""
    return {
        "is_preferred": kept.is_preferred or gone.is_preferred,
        "preferred_for": in_order([*kept.preferred_for, *gone.preferred_for]),
        "is_ubo": kept.is_ubo or gone.is_ubo,
    }


async def check_not_adrift(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """A login in use that opens nothing now may open much again tomorrow: it is nobody's but managers'.

    Else whoever comes by could link it to a relation of his own, set its address, and wait.
    """
    if not restricted(actor) or contact.password_hash is None:
        return
    links = select(ContactLink.id).where(ContactLink.office_id == actor.office_id, ContactLink.contact_id == contact.id)
    if await session.scalar(links.limit(1)) is None:
        raise Forbidden("This login is linked to no relation now; ask a manager.", code="no_relation")


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
        _take(session, actor, relation, other, keeps)
    await session.flush()


def _take(session: AsyncSession, actor: Actor, relation: Relation, link: ContactLink, given: Mapping[str, Any]) -> None:
    before = _said(link)
    if fields := link.take(given):
        after = _said(link)
        old, new = ({field: said[field] for field in fields} for said in (before, after))
        _record(session, actor, link, "contact_link.changed", relation, fields=fields, before=old, after=new)


def _said(link: ContactLink) -> dict[str, Any]:
    values = {field: getattr(link, field) for field in SAID}
    return {field: value.isoformat() if isinstance(value, date) else value for field, value in values.items()}


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
