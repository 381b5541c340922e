from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.errors import Conflict, taken
from app.models.base import Base, Key, Versioned, index, link, one_of, references, unique
from app.models.dossiers import dossier_ids
from app.models.folder_templates import PURPOSES

VISIBILITIES = ("inherit", "open", "closed")


class Folder(Versioned, Base):
    """A folder of a dossier (dossiermap).

    ``visibility`` is what the office said of this folder, ``is_open`` what follows for the client; it is
    computed when something changes, so that every read asks one boolean.
    """

    __tablename__ = "folders"
    is_part = True
    __table_args__ = (
        references("dossier_id", "dossiers"),
        references("parent_id", "folders"),
        unique("dossier_id", "id"),
        unique(
            "dossier_id",
            "parent_id",
            "name_key",
            problem=lambda: taken("/name", "There is a folder with this name here."),
            postgresql_nulls_not_distinct=True,
        ),
        one_of("purpose", *PURPOSES),
        one_of("visibility", *VISIBILITIES),
        CheckConstraint("NOT (purpose = 'inbox' AND is_open)", name="inbox_closed"),
        index(
            "dossier_id",
            "purpose",
            unique=True,
            postgresql_where="purpose = 'inbox'",
            info={"problem": lambda: Conflict("A dossier has one Inbox.")},
        ),
        index("dossier_id", "position", "id"),
        index("parent_id"),
    )

    dossier_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    position: Mapped[int] = mapped_column(default=0)
    purpose: Mapped[str] = mapped_column(default="general")
    visibility: Mapped[str]
    is_open: Mapped[bool]

    dossier = link("Folder", "dossier_id", "Dossier")

    @property
    def is_inbox(self) -> bool:
        return self.purpose == "inbox"

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        mine = cls.dossier_id.in_(dossier_ids(actor))
        return mine & cls.is_open if actor.is_contact else mine


def folder_ids(actor: Actor) -> Select[UUID]:
    return select(Folder.id).where(Folder.office_id == actor.office_id, Folder.visible_to(actor))
