from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.access import Actor
from app.models.base import Base, OfficeOwned, Versioned, index, one_of, references, unique
from app.models.conversations import conversation_ids
from app.models.relations import of_visible_relation


class DocumentRequest(Versioned, Base):
    """Asking a client for documents (documentuitvraag); it hangs on a conversation and has one addressee."""

    __tablename__ = "document_requests"
    __table_args__ = (
        references("relation_id", "relations"),
        references("conversation_id", "conversations"),
        references("contact_id", "contacts"),
        one_of("status", "open", "answered", "withdrawn"),
        index("conversation_id"),
        index("relation_id", "created_at", "id"),
        index("created_at", "id"),
        index("contact_id"),
    )

    relation_id: Mapped[UUID]
    conversation_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    title: Mapped[str]
    due_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="open")

    lines: Mapped[list["DocumentRequestLine"]] = relationship(
        primaryjoin="and_(DocumentRequest.office_id == foreign(DocumentRequestLine.office_id), "
        "DocumentRequest.id == foreign(DocumentRequestLine.request_id))",
        order_by="DocumentRequestLine.position",
        lazy="raise",
        viewonly=True,
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_contact:
            return (cls.contact_id == actor.id) & cls.conversation_id.in_(conversation_ids(actor))
        return of_visible_relation(cls.relation_id, actor)


class DocumentRequestLine(OfficeOwned, Base):
    """One document that is asked for, with the folder chosen beforehand (domain rule 13); the client never sees it."""

    __tablename__ = "document_request_lines"
    __table_args__ = (
        references("request_id", "document_requests", ondelete="CASCADE"),
        references("folder_id", "folders"),
        unique("request_id", "position"),
        one_of("status", "open", "delivered"),
        index("folder_id"),
    )

    request_id: Mapped[UUID]
    position: Mapped[int]
    title: Mapped[str]
    folder_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="open")
    delivered_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return cls.request_id.in_(request_ids(actor))


def request_ids(actor: Actor) -> Select[UUID]:
    return select(DocumentRequest.id).where(
        DocumentRequest.office_id == actor.office_id, DocumentRequest.visible_to(actor)
    )
