from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import downloads, intake
from app.access import Actor, P, visible
from app.dependencies import (
    Answer,
    CurrentActor,
    CurrentSettings,
    Db,
    Route,
    Store,
    Transaction,
    find,
    own_transactions,
    require,
)
from app.limits import spend
from app.listing import Page, paginate
from app.models import Attachment, Conversation, Message
from app.openapi import DOWNLOAD, multipart_body
from app.openapi_parts import headers
from app.schemas.conversations import (
    ConversationCreate,
    ConversationDetail,
    ConversationQuery,
    ConversationRead,
    ConversationUpdate,
    MessageCreate,
    MessageQuery,
    MessageRead,
)
from app.services import conversations, events, messages

router = APIRouter(tags=["conversations"], route_class=Route)

SPENDING = timedelta(hours=1)


async def conversation_in_path(conversation_id: UUID, session: Transaction, actor: CurrentActor) -> Conversation:
    return await find(session, actor, Conversation, conversation_id)


ConversationInPath = Annotated[Conversation, Depends(conversation_in_path)]


async def detail(session: AsyncSession, actor: CurrentActor, conversation: Conversation) -> ConversationDetail:
    people = await conversations.participants(session, actor, conversation)
    return ConversationDetail(**ConversationRead.model_validate(conversation).model_dump(), participants=people)


@router.get("/conversations", dependencies=[require(P.CONVERSATIONS_READ)], response_model=Page[ConversationRead])
async def list_conversations(
    query: Annotated[ConversationQuery, Query()], session: Transaction, actor: CurrentActor
) -> Any:
    """Conversations (berichten): of the caller's relations; for a client those he takes part in."""
    found = conversations.find_all(actor, query)
    return await paginate(session, found, query, conversations.SORTS, Conversation.id)


@router.post("/conversations", status_code=201, dependencies=[require(P.CONVERSATIONS_WRITE)])
async def create_conversation(
    data: ConversationCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> ConversationDetail:
    """Begin a conversation about a relation (bericht starten); then write its first message."""
    conversation = await conversations.create(session, actor, data)
    await session.flush()
    answer.created(f"/conversations/{conversation.id}", conversation)
    return await detail(session, actor, conversation)


@router.get("/conversations/{conversation_id}", dependencies=[require(P.CONVERSATIONS_READ)])
async def get_conversation(
    conversation: ConversationInPath, session: Transaction, actor: CurrentActor, answer: Answer
) -> ConversationDetail:
    """One conversation (bericht) and who takes part."""
    answer.show(conversation)
    return await detail(session, actor, conversation)


@router.patch("/conversations/{conversation_id}", dependencies=[require(P.CONVERSATIONS_MANAGE)])
async def update_conversation(
    conversation: ConversationInPath,
    data: ConversationUpdate,
    session: Transaction,
    actor: CurrentActor,
    answer: Answer,
) -> ConversationDetail:
    """Change the subject, close or open a conversation again (sluiten, heropenen)."""
    answer.check(conversation)
    await conversations.change(session, actor, conversation, data)
    await session.flush()
    answer.show(conversation)
    return await detail(session, actor, conversation)


@router.get(
    "/conversations/{conversation_id}/messages",
    dependencies=[require(P.CONVERSATIONS_READ)],
    response_model=Page[MessageRead],
)
async def list_messages(
    conversation: ConversationInPath,
    query: Annotated[MessageQuery, Query()],
    session: Transaction,
    actor: CurrentActor,
) -> Any:
    """Messages of a conversation (berichten), with what was sent along."""
    found = visible(actor, Message).where(Message.conversation_id == conversation.id)
    page = await paginate(session, found, query, messages.SORTS, Message.id)
    items = await messages.with_attachments(session, actor, page.items)
    return Page[MessageRead](items=items, next_cursor=page.next_cursor, total=page.total)


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=201,
    dependencies=[require(P.CONVERSATIONS_WRITE)],
    response_model=MessageRead,
    responses={201: {"headers": headers("Location")}},
    openapi_extra=multipart_body("files", message=MessageCreate, json=True),
)
@own_transactions
async def send_message(
    conversation_id: UUID, request: Request, actor: CurrentActor, db: Db, settings: CurrentSettings
) -> Response:
    """Write a message (bericht), as JSON or with files; with files it is all or nothing.

    A client's files go to the Inbox of the dossier, or to the folder chosen for the line of the document
    request that the message answers.
    """
    async with db.transaction(actor.office_id) as session:
        await find(session, actor, Conversation, conversation_id)
    await spend(db, "messages", str(actor.id), settings.messages_per_hour, SPENDING, actor.office_id)

    async def commit(session: AsyncSession, now: Actor, form: intake.Form) -> Response:
        data = form.json("message", MessageCreate)
        message = await messages.send(session, now, conversation_id, data, form.upload)
        location = f"/v1/conversations/{conversation_id}/messages/{message.id}"
        return JSONResponse(message.model_dump(mode="json"), 201, {"Location": location})

    return await intake.take_in(
        request,
        actor,
        commit,
        fields=("message",),
        max_files=settings.message_max_files,
        json_field="message",
    )


@router.get("/conversations/{conversation_id}/messages/{message_id}", dependencies=[require(P.CONVERSATIONS_READ)])
async def get_message(
    conversation: ConversationInPath, message_id: UUID, session: Transaction, actor: CurrentActor
) -> MessageRead:
    """One message (bericht)."""
    message = await find(session, actor, Message, message_id, within=Message.conversation_id == conversation.id)
    return (await messages.with_attachments(session, actor, [message]))[0]


@router.get(
    "/messages/{message_id}/attachments/{attachment_id}/content",
    dependencies=[require(P.CONVERSATIONS_READ)],
    response_class=Response,
    responses=DOWNLOAD,
)
@own_transactions
async def get_attachment_content(
    message_id: UUID, attachment_id: UUID, request: Request, actor: CurrentActor, db: Db, store: Store
) -> Response:
    """The bytes of a file as it was sent (bijlage), for those who take part; ranges and HEAD work."""
    async with db.transaction(actor.office_id) as session:
        attachment = await find(
            session,
            actor,
            Attachment,
            attachment_id,
            joinedload(Attachment.blob),
            within=Attachment.message_id == message_id,
        )
        message = await session.get_one(Message, (actor.office_id, message_id))
        conversation = await session.get_one(Conversation, (actor.office_id, message.conversation_id))
        if downloads.is_read(request, attachment.blob):
            await events.downloaded(
                session, actor, attachment, conversation.relation_id, is_range="range" in request.headers
            )
    return await downloads.send(request, store, attachment.blob, attachment.name)
