from sqlalchemy import CheckConstraint, ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.errors import taken
from app.models.base import Base, Versioned, index, one_of, unique

PURPOSES = ("general", "inbox")


class FolderTemplate(Versioned, Base):
    """A folder that every new dossier begins with (mapsjabloon). ``{year}`` in the name becomes the year."""

    __tablename__ = "folder_templates"
    __table_args__ = (
        unique("position", problem=lambda: taken("/position", "Another folder has this position; choose another.")),
        one_of("purpose", *PURPOSES),
        CheckConstraint("NOT (purpose = 'inbox' AND is_open)", name="inbox_closed"),
        index("purpose", unique=True, postgresql_where="purpose = 'inbox'"),
    )

    name: Mapped[str]
    position: Mapped[int]
    purpose: Mapped[str]
    is_open: Mapped[bool]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()
