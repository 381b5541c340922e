"""Two contacts who are one human (samenvoegen): everything of the one becomes the other's, then he is deleted."""

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from app.access import Actor, visible
from app.errors import invalid
from app.models import Contact, Conversation, DocumentRequest, Message, Participant
from app.schemas.contacts import ContactMerge
from app.services import contact_links, contacts, events

COMPLETED = ("phone", "mobile")


async def merge(session: AsyncSession, actor: Actor, contact: Contact, data: ContactMerge) -> None:
    """``contact`` and his login stay. What opens relations moves, so it takes a role on all relations of both."""
    other = await _other(session, actor, contact, data.contact_id)
    await contacts.lock(session, actor, contact, other)
    for each in (contact, other):
        await contacts.check_all_his_relations(session, actor, each)
    await contact_links.move(session, actor, other, contact)
    await _move_conversations(session, actor, other, contact)
    await _move_requests(session, actor, other, contact)
    found = {field: getattr(other, field) for field in COMPLETED if not getattr(contact, field)}
    changed = contact.take({field: value for field, value in found.items() if value})
    flag_modified(contact, "number")  # another version in any case: he is somebody more than he was
    await contacts.erase(session, actor, other)
    events.record(session, actor, "contact.merged", contact, contact_id=other.id, fields=changed)
    events.record(session, actor, "contact.deleted", other, number=other.number, merged_into_id=contact.id)


async def _other(session: AsyncSession, actor: Actor, contact: Contact, other_id: UUID) -> Contact:
    if other_id == contact.id:
        raise invalid("/contact_id", "same", "Name another contact than the one who stays.")
    other = await session.scalar(visible(actor, Contact).where(Contact.id == other_id))
    if other is None:
        raise invalid("/contact_id", "unknown", "There is no such contact.")
    return other


async def _move_conversations(session: AsyncSession, actor: Actor, other: Contact, contact: Contact) -> None:
    """He takes part in his stead, and wrote what he wrote; the names of that moment stay."""
    part = select(Participant.conversation_id).where(Participant.office_id == actor.office_id)
    of_other = part.where(Participant.contact_id == other.id)
    # First their new version, which also keeps messages out that are being written.
    await session.execute(
        update(Conversation)
        .where(Conversation.office_id == actor.office_id, Conversation.id.in_(of_other))
        .values(version=Conversation.version + 1)
    )
    await session.execute(
        update(Message)
        .where(
            Message.office_id == actor.office_id,
            Message.conversation_id.in_(of_other),
            Message.sender_kind == "contact",
            Message.sender_id == other.id,
        )
        .values(sender_id=contact.id)
    )
    twice = part.where(Participant.contact_id == contact.id)
    await session.execute(
        delete(Participant).where(
            Participant.office_id == actor.office_id,
            Participant.contact_id == other.id,
            Participant.conversation_id.in_(twice),
        )
    )
    await session.execute(
        update(Participant)
        .where(Participant.office_id == actor.office_id, Participant.contact_id == other.id)
        .values(contact_id=contact.id)
    )


async def _move_requests(session: AsyncSession, actor: Actor, other: Contact, contact: Contact) -> None:
    await session.execute(
        update(DocumentRequest)
        .where(DocumentRequest.office_id == actor.office_id, DocumentRequest.contact_id == other.id)
        .values(contact_id=contact.id, version=DocumentRequest.version + 1)
    )
