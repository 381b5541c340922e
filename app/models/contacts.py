from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.errors import taken
from app.models.base import Base, Key, Versioned, index, one_of, unique
from app.models.contact_links import ContactLink
from app.models.relations import relation_ids, restricted


class Contact(Versioned, Base):
    """A human the office talks to, with a unique e-mail address and a login (contact)."""

    __tablename__ = "contacts"
    __table_args__ = (
        unique("number_key", problem=lambda: taken("/number", "This contact number is in use; choose another.")),
        unique("email_key", problem=lambda: taken("/email", "A contact with this e-mail address exists already.")),
        one_of("login_status", "none", "invited", "active", "blocked"),
        index("number_sort", "id"),
        index("name_key", "id"),
        index("updated_at", "id"),
    )

    number: Mapped[str]
    number_key: Mapped[str] = mapped_column(Key)
    number_sort: Mapped[str] = mapped_column(Key)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(Key)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    initials: Mapped[str | None]
    first_names: Mapped[str | None]
    prefix: Mapped[str | None]
    surname: Mapped[str]
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="nl")
    login_status: Mapped[str] = mapped_column(default="none")
    password_hash: Mapped[str | None]
    two_step_since: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Himself; for staff those of visible relations, and those linked to nobody yet."""
        if actor.is_contact:
            return cls.id == actor.id
        if not restricted(actor):
            return true()
        links = exists().where(ContactLink.office_id == cls.office_id, ContactLink.contact_id == cls.id)
        return or_(links.where(ContactLink.relation_id.in_(relation_ids(actor))), ~links)
