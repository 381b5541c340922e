from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Mapped, column_property

from app.access import Actor
from app.models.base import Base, Versioned, index, link, references, unique
from app.models.relations import Relation, of_visible_relation


class Dossier(Versioned, Base):
    """The file cabinet of one relation (dossier); it belongs to the accountant."""

    __tablename__ = "dossiers"
    is_part = True
    __table_args__ = (references("relation_id", "relations"), unique("relation_id"), index("created_at", "id"))

    relation_id: Mapped[UUID]
    archived_at: Mapped[datetime | None]

    relation = link("Dossier", "relation_id", "Relation")

    @property
    def relation_number(self) -> str:
        return str(self.relation.number)

    @property
    def relation_name(self) -> str:
        return str(self.relation.name)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        shown = of_visible_relation(cls.relation_id, actor)
        return shown & cls.archived_at.is_(None) if actor.is_contact else shown


def dossier_ids(actor: Actor) -> Select[UUID]:
    return select(Dossier.id).where(Dossier.office_id == actor.office_id, Dossier.visible_to(actor))


# Of the rows of a page alone, after they were sorted: joined, it would be looked up for all that were found.
Relation.dossier_id = column_property(  # type: ignore[assignment]
    select(Dossier.id)
    .where(Dossier.office_id == Relation.office_id, Dossier.relation_id == Relation.id)
    .correlate(Relation)
    .scalar_subquery(),
    deferred=True,
    expire_on_flush=False,  # it never changes
    raiseload=True,
)
