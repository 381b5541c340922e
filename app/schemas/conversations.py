from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Id, Input, Line, LongText, Moment, Output, absent
from app.schemas.examples import (
    ATTACHMENT,
    CONTACT,
    CONVERSATION,
    LATER,
    MADE_AND_CHANGED,
    MESSAGE,
    RELATION,
    SHA256,
    example,
    shown_of,
)

PersonKind = Literal["team_member", "contact", "api_key"]


class ConversationCreate(Input):
    """An exchange of messages about one relation (berichtenwisseling)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"relation_id": "0193d6f0-0000-7000-8000-000000000001", "subject": "Kwartaalcijfers"}]
        }
    )

    relation_id: Id
    subject: Line
    contact_ids: Annotated[
        list[Id],
        Field(max_length=50, description="who takes part for the client; a client takes part himself, alone"),
    ] = []


class ConversationUpdate(Input):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "closed"}]})

    subject: Line = absent()
    status: Literal["open", "closed"] = absent()


class ParticipantRead(Output):
    model_config = example(kind="contact", id=CONTACT, name="Henk de Vries")

    kind: Literal["team_member", "contact"]
    id: Id
    name: str


class ConversationRead(Output):
    model_config = example(
        id=CONVERSATION,
        relation_id=RELATION,
        subject="Derde kwartaal",
        status="open",
        last_message_at=LATER,
        **MADE_AND_CHANGED,
    )

    id: Id
    relation_id: Id
    subject: str
    status: Literal["open", "closed"]
    last_message_at: Moment
    created_at: Moment
    updated_at: Moment
    version: int


class ConversationDetail(ConversationRead):
    model_config = example(ConversationRead, participants=[shown_of(ParticipantRead)])

    participants: list[ParticipantRead]


class ConversationQuery(ListQuery):
    sort: Literal["last_message_at", "-last_message_at"] = "-last_message_at"
    relation_id: Id | None = None
    status: Literal["open", "closed"] | None = None


class MessageCreate(Input):
    """A message (bericht). Its files go to the Inbox, or to the folder that was chosen for the request's line."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Hierbij de cijfers van het derde kwartaal."}]})

    text: LongText = ""
    document_request_line_id: Annotated[
        Id | None, Field(description="the line of a document request that this answers")
    ] = None


class AttachmentRead(Output):
    """A file as it was sent; where the office files it is not told here."""

    model_config = example(id=ATTACHMENT, name="Bonnen Q3.pdf", size=48213, media_type="application/pdf", sha256=SHA256)

    id: Id
    name: str
    size: int
    media_type: str
    sha256: str


class MessageRead(Output):
    model_config = example(
        id=MESSAGE,
        conversation_id=CONVERSATION,
        sender_kind="contact",
        sender_id=CONTACT,
        sender_name="Henk de Vries",
        text="Hierbij de bonnen van het derde kwartaal.",
        document_request_line_id=None,
        attachments=[shown_of(AttachmentRead)],
        created_at=LATER,
    )

    id: Id
    conversation_id: Id
    sender_kind: PersonKind
    sender_id: Id
    sender_name: str
    text: str
    document_request_line_id: Id | None
    attachments: list[AttachmentRead]
    created_at: Moment


class MessageQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
