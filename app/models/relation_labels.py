from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, references, unique
from app.models.named import in_use


class RelationLabel(OfficeOwned, Base):
    """A label on a relation."""

    __tablename__ = "relation_labels"
    is_part = True
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        references("label_id", "labels", info={"problem": in_use}),
        unique("relation_id", "label_id"),
        index("label_id", "relation_id"),
    )

    relation_id: Mapped[UUID]
    label_id: Mapped[UUID]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only
