from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.models import (
    Conversation,
    DocumentRequest,
    DocumentRequestLine,
    Dossier,
    Folder,
    Participant,
    Relation,
)
from app.schemas.document_requests import DocumentRequestCreate, DocumentRequestQuery
from app.services import contact_links, conversations, dossiers, events, messages

SORTS = {"created_at": (DocumentRequest.created_at,)}
WITH_LINES = selectinload(DocumentRequest.lines)


def find_all(actor: Actor, query: DocumentRequestQuery) -> Select[DocumentRequest]:
    found = visible(actor, DocumentRequest).options(WITH_LINES)
    for field in ("relation_id", "conversation_id", "status"):
        if (value := getattr(query, field)) is not None:
            found = found.where(getattr(DocumentRequest, field) == value)
    return found


async def create(session: AsyncSession, actor: Actor, data: DocumentRequestCreate) -> DocumentRequest:
    """The request, its lines with their folders, and the message that carries it."""
    dossier = await _dossier(session, actor, data.relation_id)
    await conversations.check_contacts(session, actor, data.relation_id, [data.contact_id], "/contact_id")
    await _check_folders(session, actor, dossier, data)
    conversation = await _conversation(session, actor, data)
    request = DocumentRequest(
        office_id=actor.office_id,
        relation_id=data.relation_id,
        conversation_id=conversation.id,
        contact_id=data.contact_id,
        title=data.title,
        due_on=data.due_on,
    )
    session.add(request)
    await session.flush()
    session.add_all(
        DocumentRequestLine(
            office_id=actor.office_id,
            request_id=request.id,
            position=place,
            title=line.title,
            folder_id=line.folder_id,
        )
        for place, line in enumerate(data.lines)
    )
    messages.write(session, actor, conversation, data.text or data.title)
    await session.flush()
    await session.refresh(request, ["lines"])
    events.record(session, actor, "document_request.created", request, relation_id=data.relation_id, visible=True)
    return request


async def _dossier(session: AsyncSession, actor: Actor, relation_id: UUID) -> Dossier:
    found = await session.scalar(
        visible(actor, Dossier).where(
            Dossier.relation_id == relation_id,
            Dossier.relation_id.in_(visible(actor, Relation).with_only_columns(Relation.id)),
        )
    )
    if found is None:
        raise invalid("/relation_id", "unknown", "There is no such relation.")
    return await dossiers.lock_open(session, actor, found.id)


async def _check_folders(session: AsyncSession, actor: Actor, dossier: Dossier, data: DocumentRequestCreate) -> None:
    wanted = {line.folder_id for line in data.lines}
    known = set(
        await session.scalars(
            visible(actor, Folder)
            .with_only_columns(Folder.id)
            .where(Folder.dossier_id == dossier.id, Folder.id.in_(wanted))
            .with_for_update(read=True, of=Folder)
        )
    )
    for place, line in enumerate(data.lines):
        if line.folder_id not in known:
            raise invalid(f"/lines/{place}/folder_id", "unknown", "There is no such folder in this relation's dossier.")


async def _conversation(session: AsyncSession, actor: Actor, data: DocumentRequestCreate) -> Conversation:
    if data.conversation_id is None:
        return await conversations.begin(session, actor, data.relation_id, data.title, [data.contact_id])
    takes_part = visible(actor, Participant).where(Participant.contact_id == data.contact_id)
    found = await session.scalar(
        visible(actor, Conversation)
        .where(
            Conversation.id == data.conversation_id,
            Conversation.relation_id == data.relation_id,
            Conversation.status == "open",
            Conversation.id.in_(takes_part.with_only_columns(Participant.conversation_id)),
        )
        .with_for_update(of=Conversation)
    )
    if found is None:
        raise invalid(
            "/conversation_id",
            "unknown",
            "There is no such open conversation in which this contact takes part.",
        )
    return found


async def withdraw(session: AsyncSession, actor: Actor, request: DocumentRequest) -> None:
    await conversations.lock_dossier(session, actor, request.relation_id)
    _expect(request, "open")
    request.status = "withdrawn"
    events.record(session, actor, "document_request.withdrawn", request, relation_id=request.relation_id, visible=True)


async def reopen(session: AsyncSession, actor: Actor, request: DocumentRequest) -> None:
    await conversations.lock_dossier(session, actor, request.relation_id)
    _expect(request, "withdrawn")
    if not await contact_links.hold(session, actor, request.contact_id):
        raise Conflict("The contact who was asked is deleted; ask somebody else anew.", code="contact_deleted")
    request.status = "open"
    events.record(session, actor, "document_request.reopened", request, relation_id=request.relation_id, visible=True)


def _expect(request: DocumentRequest, status: str) -> None:
    if request.status != status:
        raise Conflict(f"The request is {request.status}, not {status}.", code="request_state")
