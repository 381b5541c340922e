from sqlalchemy import ColumnElement, ForeignKeyConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.errors import Conflict, taken
from app.models.base import Base, Key, Versioned, unique

RELATION_MANAGER = "relation_manager"  # who makes a relation gets this role on it


class TeamRole(Versioned, Base):
    """A role that team members can have on relations (teamrol): the office's own list. ``key`` never changes."""

    __tablename__ = "team_roles"
    __table_args__ = (
        unique("key", problem=lambda: taken("/key", "Another team role has this key; choose another.")),
        unique("name_key", problem=lambda: taken("/name", "Another team role has this name; choose another.")),
    )

    key: Mapped[str] = mapped_column(Key)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    position: Mapped[int]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()


def role_of_the_list() -> ForeignKeyConstraint:
    """``role`` is the key of a team role of the office, which stays while anybody has it."""
    return ForeignKeyConstraint(
        ["office_id", "role"], ["team_roles.office_id", "team_roles.key"], info={"problem": _in_use}
    )


def _in_use() -> Conflict:
    return Conflict("Team members have this role; take it from them first.", code="in_use")
