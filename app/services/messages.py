"""Messages: the only way a client delivers (domain rules 9-13).

Where a file goes is decided here and nowhere else: with a document request's line, to the folder chosen
when it was made; without, to the Inbox. Nothing the sender writes can change that.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.errors import Conflict, NotFound, invalid
from app.models import (
    Attachment,
    Blob,
    Conversation,
    DocumentRequest,
    DocumentRequestLine,
    Dossier,
    Folder,
    Message,
)
from app.schemas.conversations import AttachmentRead, MessageCreate, MessageRead
from app.services import conversations, dossier_items, events
from app.services.uploads import Received, Upload

SORTS = {"created_at": (Message.created_at,)}


async def send(
    session: AsyncSession, actor: Actor, conversation_id: UUID, data: MessageCreate, upload: Upload
) -> MessageRead:
    """One message with its files, all or nothing."""
    refused = [received for received in upload.files if received.problem]
    if refused:
        raise dossier_items.refusal(refused)
    files = upload.stored
    if not data.text and not files:
        raise invalid("/text", "empty", "Write something, or send a file.")
    conversation = await _lock(session, actor, conversation_id)
    dossier = await conversations.lock_dossier(session, actor, conversation.relation_id)
    line = None
    if data.document_request_line_id:
        line = await _answer(session, actor, conversation, data.document_request_line_id, files)
    message = write(session, actor, conversation, data.text, line.id if line else None)
    await session.flush()
    files_stored = await upload.store(session)
    attachments = [
        Attachment(
            office_id=actor.office_id,
            message_id=message.id,
            position=place,
            blob_id=blob.id,
            blob=blob,
            name=received.name,
        )
        for place, (received, blob) in enumerate(files_stored)
    ]
    session.add_all(attachments)
    if actor.is_contact and files:
        await _deliver(session, actor, dossier, line, message, files_stored)
    await session.flush()
    events.record(
        session,
        actor,
        "message.sent",
        conversation,
        relation_id=conversation.relation_id,
        visible=True,
        message_id=message.id,
        files=len(files),
    )
    return shape(message, attachments)


def write(
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    text: str,
    request_line_id: UUID | None = None,
) -> Message:
    message = Message(
        office_id=actor.office_id,
        conversation_id=conversation.id,
        sender_kind=actor.kind,
        sender_id=actor.id,
        sender_name=actor.name,
        text=text,
        request_line_id=request_line_id,
    )
    session.add(message)
    conversation.last_message_at = datetime.now(UTC)
    return message


async def _lock(session: AsyncSession, actor: Actor, conversation_id: UUID) -> Conversation:
    conversation = await session.scalar(
        visible(actor, Conversation).where(Conversation.id == conversation_id).with_for_update(of=Conversation)
    )
    if conversation is None:
        raise NotFound
    if conversation.status == "closed":
        raise Conflict("This conversation is closed; begin a new one.", code="conversation_closed")
    return conversation


async def _answer(
    session: AsyncSession, actor: Actor, conversation: Conversation, line_id: UUID, files: list[Received]
) -> DocumentRequestLine:
    """The line of an open request to this very contact, taken as delivered: exactly once, however many try (DOM-05)."""
    request = await session.scalar(
        visible(actor, DocumentRequest)
        .join(
            DocumentRequestLine,
            (DocumentRequestLine.office_id == DocumentRequest.office_id)
            & (DocumentRequestLine.request_id == DocumentRequest.id),
        )
        .where(
            DocumentRequestLine.id == line_id,
            DocumentRequest.conversation_id == conversation.id,
            DocumentRequest.contact_id == actor.id,
        )
        .with_for_update(of=DocumentRequest)
    )
    if request is None:
        raise invalid(
            "/document_request_line_id",
            "unknown",
            "There is no such line of a request to you in this conversation.",
        )
    if not files:
        raise invalid("/files", "no_files", "Answer a document request with at least one file.")
    line = await session.get_one(DocumentRequestLine, (actor.office_id, line_id))
    if request.status != "open" or line.status != "open":
        raise Conflict("This request is no longer open: answered already, or withdrawn.", code="request_not_open")
    line.status, line.delivered_at = "delivered", datetime.now(UTC)
    request.updated_at = func.now()  # its answer shows the lines: a new version
    await session.flush()
    waiting = await session.scalar(
        select(func.count()).where(
            DocumentRequestLine.office_id == actor.office_id,
            DocumentRequestLine.request_id == request.id,
            DocumentRequestLine.status == "open",
        )
    )
    if not waiting:
        request.status = "answered"
    events.record(
        session,
        actor,
        "document_request.delivered",
        request,
        relation_id=request.relation_id,
        visible=True,
        line_id=line.id,
    )
    return line


async def _deliver(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    line: DocumentRequestLine | None,
    message: Message,
    files: list[tuple[Received, Blob]],
) -> None:
    folder_id = line.folder_id if line else await _inbox(session, dossier)
    items = [
        dossier_items.add(
            session,
            actor,
            dossier,
            folder_id,
            received,
            blob,
            origin="request" if line else "message",
            message_id=message.id,
            request_line_id=line.id if line else None,
        )
        for received, blob in files
    ]
    await session.flush()
    for item in items:
        # Not for the client: what became of his file is told by the folder, when it is open to him.
        events.record(session, actor, "dossier_item.delivered", item, relation_id=dossier.relation_id, name=item.name)


async def _inbox(session: AsyncSession, dossier: Dossier) -> UUID:
    inbox = await session.scalar(
        select(Folder.id).where(
            Folder.office_id == dossier.office_id, Folder.dossier_id == dossier.id, Folder.purpose == "inbox"
        )
    )
    assert inbox is not None  # every dossier has one: made with it, never deleted
    return inbox


def shape(message: Message, attachments: list[Attachment]) -> MessageRead:
    return MessageRead(
        id=message.id,
        conversation_id=message.conversation_id,
        sender_kind=message.sender_kind,
        sender_id=message.sender_id,
        sender_name=message.sender_name,
        text=message.text,
        document_request_line_id=message.request_line_id,
        attachments=[AttachmentRead.model_validate(attachment) for attachment in attachments],
        created_at=message.created_at,
    )


async def with_attachments(session: AsyncSession, actor: Actor, messages: list[Message]) -> list[MessageRead]:
    """The page's messages with their files; one statement for all files."""
    rows = await session.scalars(
        visible(actor, Attachment)
        .where(Attachment.message_id.in_([message.id for message in messages]))
        .options(joinedload(Attachment.blob))
        .order_by(Attachment.message_id, Attachment.position)
    )
    files: dict[UUID, list[Attachment]] = {}
    for row in rows:
        files.setdefault(row.message_id, []).append(row)
    return [shape(message, files.get(message.id, [])) for message in messages]
