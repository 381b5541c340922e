"""Conversations and who takes part in them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, ActorKind, visible
from app.errors import invalid
from app.models import Contact, ContactLink, Conversation, Dossier, Participant, Relation
from app.schemas.conversations import (
    ConversationCreate,
    ConversationQuery,
    ConversationUpdate,
    ParticipantRead,
)
from app.services import dossiers, events

SORTS = {"last_message_at": (Conversation.last_message_at,)}


def find_all(actor: Actor, query: ConversationQuery) -> Select[Conversation]:
    found = visible(actor, Conversation)
    if query.relation_id:
        found = found.where(Conversation.relation_id == query.relation_id)
    if query.status:
        found = found.where(Conversation.status == query.status)
    return found


async def create(session: AsyncSession, actor: Actor, data: ConversationCreate) -> Conversation:
    if actor.is_contact and data.contact_ids:
        raise invalid("/contact_ids", "not_yours", "You take part yourself; the office decides who else does.")
    relation = await session.scalar(visible(actor, Relation).where(Relation.id == data.relation_id))
    if relation is None:
        raise invalid("/relation_id", "unknown", "There is no such relation.")
    contact_ids = [actor.id] if actor.is_contact else list(dict.fromkeys(data.contact_ids))
    await check_contacts(session, actor, relation.id, contact_ids)
    return await begin(session, actor, relation.id, data.subject, contact_ids)


async def check_contacts(
    session: AsyncSession,
    actor: Actor,
    relation_id: UUID,
    contact_ids: Sequence[UUID],
    pointer: str = "/contact_ids/{}",
) -> None:
    """Only contacts with access to the relation take part in what is said about it; held, so that they stay there."""
    allowed = set(
        await session.scalars(
            select(Contact.id)
            .join(ContactLink, (ContactLink.office_id == Contact.office_id) & (ContactLink.contact_id == Contact.id))
            .where(
                Contact.office_id == actor.office_id,
                Contact.id.in_(contact_ids),
                Contact.live(),
                ContactLink.relation_id == relation_id,
                ContactLink.opens(),
            )
            .order_by(Contact.id)
            .with_for_update(read=True, key_share=True, of=Contact)
        )
    )
    for place, contact_id in enumerate(contact_ids):
        if contact_id not in allowed:
            raise invalid(pointer.format(place), "no_access", "This contact has no portal access to the relation.")


async def lock_dossier(session: AsyncSession, actor: Actor, relation_id: UUID) -> Dossier:
    """The relation's dossier, held open; 409 when it is archived."""
    dossier_id = await session.scalar(
        select(Dossier.id).where(Dossier.office_id == actor.office_id, Dossier.relation_id == relation_id)
    )
    assert dossier_id is not None
    return await dossiers.lock_open(session, actor, dossier_id)


async def begin(
    session: AsyncSession, actor: Actor, relation_id: UUID, subject: str, contact_ids: Sequence[UUID]
) -> Conversation:
    await lock_dossier(session, actor, relation_id)
    conversation = Conversation(
        office_id=actor.office_id, relation_id=relation_id, subject=subject, last_message_at=datetime.now(UTC)
    )
    session.add(conversation)
    await session.flush()
    people = [{"contact_id": contact_id} for contact_id in contact_ids]
    if actor.kind is ActorKind.TEAM_MEMBER:
        people.append({"team_member_id": actor.id})
    session.add_all(
        Participant(office_id=actor.office_id, conversation_id=conversation.id, **person) for person in people
    )
    events.record(session, actor, "conversation.created", conversation, relation_id=relation_id, visible=True)
    return conversation


async def participants(session: AsyncSession, actor: Actor, conversation: Conversation) -> list[ParticipantRead]:
    rows = await session.scalars(
        visible(actor, Participant)
        .where(Participant.conversation_id == conversation.id)
        .options(joinedload(Participant.contact), joinedload(Participant.team_member))
        .order_by(Participant.id)
    )
    return [
        ParticipantRead(kind="contact", id=row.contact.id, name=row.contact.name)
        if row.contact_id
        else ParticipantRead(kind="team_member", id=row.team_member.id, name=row.team_member.name)
        for row in rows
        if row.contact_id or row.team_member.deleted_at is None
    ]


async def change(session: AsyncSession, actor: Actor, conversation: Conversation, data: ConversationUpdate) -> None:
    await lock_dossier(session, actor, conversation.relation_id)
    if changed := conversation.take(data.given()):
        events.record(
            session,
            actor,
            "conversation.changed",
            conversation,
            relation_id=conversation.relation_id,
            fields=changed,
        )
