from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, false, func, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, one_of, unique
from app.models.relations import restricted

TYPES = ("relation", "contact", "contact_link")


class Change(OfficeOwned, Base):
    """The newest change of one thing (wijziging), its removal included; the database writes it, migrations/feed.py.

    What it is about is said by ``relation_id`` and ``contact_id``: the one, the other, or the link between both.
    A link is its two ends: when they are linked again it is the same thing, so no old removal comes after it.
    """

    __tablename__ = "changes"
    __table_args__ = (
        unique("relation_id", "contact_id", postgresql_nulls_not_distinct=True),
        index("position", "id"),
        one_of("type", *TYPES),
        CheckConstraint(
            "(type = 'contact') = (relation_id IS NULL) AND (type = 'relation') = (contact_id IS NULL)", name="ends"
        ),
    )

    type: Mapped[str]
    relation_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    position: Mapped[int] = mapped_column(BigInteger)  # the id of the transaction that wrote it
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return false() if restricted(actor) else true()
