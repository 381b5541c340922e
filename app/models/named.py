from sqlalchemy import ColumnElement, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.errors import Conflict, taken
from app.models.base import Base, Key, Versioned, unique


class Named(Versioned, Base):
    """An entry of a list that the office keeps itself: a label, a product, a kind or group of relations."""

    __abstract__ = True

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    is_archived: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # the office's own words; the permission keeps clients out


def unique_name() -> UniqueConstraint:
    return unique("name_key", problem=lambda: taken("/name", "There is one of this name already; choose another."))


def in_use() -> Conflict:
    """What a foreign key to such an entry answers when the entry is deleted."""
    return Conflict("This is in use. Take it off first, or set `is_archived`: it stays where it is.", code="in_use")
