from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Select, select, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, Versioned, index, link, one_of, references, unique
from app.models.blobs import HasBlob
from app.models.relations import of_visible_relation


class Participant(OfficeOwned, Base):
    """A contact or a team member who takes part in a conversation (deelnemer)."""

    __tablename__ = "conversation_participants"
    __table_args__ = (
        references("conversation_id", "conversations", ondelete="CASCADE"),
        references("contact_id", "contacts"),
        references("team_member_id", "team_members"),
        unique("conversation_id", "contact_id"),
        unique("conversation_id", "team_member_id"),
        CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name="one_person"),
        index("contact_id", "conversation_id"),
    )

    conversation_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    team_member_id: Mapped[UUID | None]

    contact = link("Participant", "contact_id", "Contact")
    team_member = link("Participant", "team_member_id", "TeamMember")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return cls.conversation_id.in_(conversation_ids(actor))


class Conversation(Versioned, Base):
    """An exchange of messages about one relation (berichtenwisseling): the only way a client delivers."""

    __tablename__ = "conversations"
    __table_args__ = (
        references("relation_id", "relations"),
        one_of("status", "open", "closed"),
        index("last_message_at", "id"),
        index("relation_id", "last_message_at", "id"),
    )

    relation_id: Mapped[UUID]
    subject: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    last_message_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Staff by role on the relation; a contact only where he takes part *and* still has access."""
        shown = of_visible_relation(cls.relation_id, actor)
        if not actor.is_contact:
            return shown
        mine = select(Participant.conversation_id).where(
            Participant.office_id == actor.office_id, Participant.contact_id == actor.id
        )
        return shown & cls.id.in_(mine)


class Message(OfficeOwned, Base):
    """One message (bericht): written once, never changed."""

    __tablename__ = "messages"
    __table_args__ = (
        references("conversation_id", "conversations"),
        references("request_line_id", "document_request_lines"),
        one_of("sender_kind", "team_member", "contact", "api_key"),
        index("conversation_id", "created_at", "id"),
    )

    conversation_id: Mapped[UUID]
    sender_kind: Mapped[str]
    sender_id: Mapped[UUID]
    sender_name: Mapped[str]
    text: Mapped[str]
    request_line_id: Mapped[UUID | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return cls.conversation_id.in_(conversation_ids(actor))


class Attachment(HasBlob, OfficeOwned, Base):
    """A file as it was sent (bijlage). Participants read it here wherever the office files it, or does not."""

    __tablename__ = "message_attachments"
    __table_args__ = (
        references("message_id", "messages"),
        references("blob_id", "blobs"),
        unique("message_id", "position"),
        index("blob_id"),
    )

    message_id: Mapped[UUID]
    position: Mapped[int]
    blob_id: Mapped[UUID]
    name: Mapped[str]

    blob = link("Attachment", "blob_id", "Blob")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        messages = select(Message.id).where(Message.office_id == actor.office_id, Message.visible_to(actor))
        return cls.message_id.in_(messages) if not actor.sees_all_relations else true()


def conversation_ids(actor: Actor) -> Select[UUID]:
    return select(Conversation.id).where(Conversation.office_id == actor.office_id, Conversation.visible_to(actor))
