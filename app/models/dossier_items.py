from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, Key, Versioned, index, link, one_of, references
from app.models.blobs import HasBlob
from app.models.dossiers import dossier_ids
from app.models.folders import folder_ids

# The five filling routes of a dossier, domain rule 20.
ORIGINS = ("message", "request", "upload", "migration", "integration")


class DossierItem(HasBlob, Versioned, Base):
    """A filed document (dossieritem). It stands in exactly one folder; its bytes are a blob."""

    __tablename__ = "dossier_items"
    is_part = True
    __table_args__ = (
        references("dossier_id", "dossiers"),
        # The folder is one of this very dossier: no move can tear the two apart.
        ForeignKeyConstraint(
            ["office_id", "dossier_id", "folder_id"],
            ["folders.office_id", "folders.dossier_id", "folders.id"],
        ),
        references("blob_id", "blobs"),
        references("message_id", "messages"),
        references("request_line_id", "document_request_lines"),
        one_of("origin", *ORIGINS),
        index("folder_id", "created_at", "id", postgresql_where="binned_at IS NULL"),
        index("folder_id", "name_key", "id", postgresql_where="binned_at IS NULL"),
        index("dossier_id", "created_at", "id"),
        index("blob_id"),
        index("message_id"),
        index("request_line_id"),
        index("binned_at", postgresql_where="binned_at IS NOT NULL"),
    )

    dossier_id: Mapped[UUID]
    folder_id: Mapped[UUID]
    blob_id: Mapped[UUID]
    message_id: Mapped[UUID | None]
    request_line_id: Mapped[UUID | None]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    origin: Mapped[str]
    binned_at: Mapped[datetime | None]

    blob = link("DossierItem", "blob_id", "Blob")
    dossier = link("DossierItem", "dossier_id", "Dossier")
    message = link("DossierItem", "message_id", "Message")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_contact:
            return cls.folder_id.in_(folder_ids(actor)) & cls.binned_at.is_(None)
        return cls.dossier_id.in_(dossier_ids(actor))


def item_ids(actor: Actor) -> Select[UUID]:
    return select(DossierItem.id).where(DossierItem.office_id == actor.office_id, DossierItem.visible_to(actor))
