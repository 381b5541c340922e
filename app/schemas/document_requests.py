from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Date, Id, Input, Line, LongText, Moment, Output
from app.schemas.examples import (
    CONTACT,
    CONVERSATION,
    DOCUMENT_REQUEST,
    FOLDER,
    MADE,
    MADE_AND_CHANGED,
    RELATION,
    REQUEST_LINE,
    example,
    shown_of,
)

RequestStatus = Literal["open", "answered", "withdrawn"]
_ID = "0193d6f0-0000-7000-8000-00000000000{}"


class LineCreate(Input):
    model_config = example(title="Bankafschriften december", folder_id=FOLDER)

    title: Annotated[Line, Field(description="what is asked for")]
    folder_id: Annotated[Id, Field(description="where it will go; the client never sees it")]


class DocumentRequestCreate(Input):
    """Ask a client for documents (documentuitvraag)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "relation_id": _ID.format(1),
                    "contact_id": _ID.format(2),
                    "title": "Stukken jaarrekening",
                    "due_on": "2026-12-31",
                    "lines": [{"title": "Bankafschriften december", "folder_id": _ID.format(3)}],
                }
            ]
        }
    )

    relation_id: Id
    contact_id: Annotated[Id, Field(description="the one who is asked, with portal access to the relation")]
    conversation_id: Annotated[Id | None, Field(description="an open one in which he takes part; none: a new one")] = (
        None
    )
    title: Line
    text: Annotated[LongText, Field(description="of the message that carries the request; by default its title")] = ""
    due_on: Date | None = None
    lines: Annotated[list[LineCreate], Field(min_length=1, max_length=100)]


class LineRead(Output):
    model_config = example(id=REQUEST_LINE, title="Bankafschriften december", status="open", delivered_at=None)

    id: Id
    title: str
    status: Literal["open", "delivered"]
    delivered_at: Moment | None


class LineStaffRead(LineRead):
    model_config = example(LineRead, folder_id=FOLDER)

    folder_id: Id


class DocumentRequestRead(Output):
    """A document request as the one who is asked sees it."""

    model_config = example(
        id=DOCUMENT_REQUEST,
        relation_id=RELATION,
        conversation_id=CONVERSATION,
        title="Stukken voor de jaarrekening",
        due_on="2026-12-31",
        status="open",
        lines=[shown_of(LineRead)],
        created_at=MADE,
    )

    id: Id
    relation_id: Id
    conversation_id: Id
    title: str
    due_on: Date | None
    status: RequestStatus
    lines: list[LineRead]
    created_at: Moment


class DocumentRequestStaffRead(DocumentRequestRead):
    model_config = example(DocumentRequestRead, contact_id=CONTACT, lines=[shown_of(LineStaffRead)], **MADE_AND_CHANGED)

    contact_id: Id
    lines: list[LineStaffRead]  # type: ignore[assignment]
    updated_at: Moment
    version: int


class DocumentRequestQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "-created_at"
    relation_id: Id | None = None
    conversation_id: Id | None = None
    status: RequestStatus | None = None
