from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, Key, OfficeOwned, references, unique


class RelationExternalId(OfficeOwned, Base):
    """What another package calls a relation (koppeling)."""

    __tablename__ = "relation_external_ids"
    is_part = True
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        unique("relation_id", "system"),
        unique("system", "external_id"),
    )

    relation_id: Mapped[UUID]
    system: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str] = mapped_column(Key)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only
