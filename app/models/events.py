from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, references
from app.models.conversations import conversation_ids
from app.models.document_requests import request_ids
from app.models.dossier_items import item_ids
from app.models.relations import of_visible_relation, restricted


class Event(OfficeOwned, Base):
    """What happened: who, when, what, to which relation (tijdlijn, LO-01). Append-only: the role has no UPDATE."""

    __tablename__ = "events"
    __table_args__ = (
        references("relation_id", "relations", ondelete="SET NULL (relation_id)"),
        index("at", "id"),
        index("relation_id", "at", "id"),
        index("subject_id"),
    )

    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    relation_id: Mapped[UUID | None]
    is_client_visible: Mapped[bool]
    request_id: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A client sees marked events of what he can see *now*: closing a folder takes its history along."""
        shown = of_visible_relation(cls.relation_id, actor) if restricted(actor) else true()
        if not actor.is_contact:
            return shown
        subject = or_(
            (cls.subject_type == "dossier_item") & cls.subject_id.in_(item_ids(actor)),
            (cls.subject_type == "conversation") & cls.subject_id.in_(conversation_ids(actor)),
            (cls.subject_type == "document_request") & cls.subject_id.in_(request_ids(actor)),
        )
        return shown & cls.is_client_visible & subject
