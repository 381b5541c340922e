from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, references, unique


class RelationGap(OfficeOwned, Base):
    """A field that is missing in a relation, as it was when somebody last looked (services/relation_gaps.py)."""

    __tablename__ = "relation_gaps"
    is_part = True
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        unique("relation_id", "field"),
        index("field", "relation_id"),
    )

    relation_id: Mapped[UUID]
    field: Mapped[str]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only


class GapCheck(OfficeOwned, Base):
    """From this day on it has to be looked at anew what is missing in the relation.

    Written by the database itself when something of the relation changes, so that no way of writing is forgotten; and
    only ever added, so that who writes waits for nobody. The relation may be gone by now.
    """

    __tablename__ = "relation_gap_checks"
    __table_args__ = (index("due_on", "relation_id"), index("relation_id"))

    relation_id: Mapped[UUID]
    due_on: Mapped[date]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # names nothing but a relation
