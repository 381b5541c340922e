from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, exists, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app import phones
from app.access import Actor
from app.errors import taken
from app.identifiers import Finding
from app.models.base import Base, Key, Signed, index, one_of, searched, unique
from app.models.contact_links import ContactLink
from app.models.phones import HasPhone
from app.models.relations import relation_ids, restricted

# What a contact is to be told by mail until he or the office chooses otherwise.
NOTIFICATIONS = {"messages": True, "document_requests": True, "reminders": True, "digest": "never"}

MET = "A contact with this e-mail address exists already; if you do not see him, a manager links him to your relation."

# What everyone has who is there, and what nobody has any more who was deleted.
NEEDED = ("email", "email_key", "number_key", "number_sort")
ERASED = (
    *NEEDED, "initials", "first_names", "prefix", "salutation", "phone", "phone_e164", "mobile", "mobile_e164",
    "password_hash", "two_step_since",
)  # fmt: skip


class Contact(HasPhone, Signed, Base):
    """A human the office talks to, with a unique e-mail address and a login (contact).

    Of who was deleted the name stays, for the messages that he wrote and the history; nothing else reads the row.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        unique("number_key", problem=lambda: taken("/number", "This contact number is in use; choose another.")),
        unique("email_key", problem=lambda: taken("/email", MET)),
        CheckConstraint(
            f"CASE WHEN deleted_at IS NULL THEN num_nulls({', '.join(NEEDED)}) = 0 "
            f"ELSE num_nonnulls({', '.join(ERASED)}) = 0 AND search = '' AND login_status = 'blocked' END",
            name="deleted",
        ),
        one_of("login_status", "none", "invited", "active", "blocked"),
        index("number_sort", "id"),
        index("name_key", "id"),
        index("updated_at", "id"),
        searched("search"),
    )

    number: Mapped[str]
    number_key: Mapped[str] = mapped_column(Key, nullable=True)
    number_sort: Mapped[str] = mapped_column(Key, nullable=True)
    email: Mapped[str] = mapped_column(nullable=True)
    email_key: Mapped[str] = mapped_column(Key, nullable=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    search: Mapped[str] = mapped_column(default="", server_default="")
    initials: Mapped[str | None]
    first_names: Mapped[str | None]
    prefix: Mapped[str | None]
    surname: Mapped[str]
    salutation: Mapped[str | None]
    mobile: Mapped[str | None]
    mobile_e164: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="nl")
    notifications: Mapped[dict[str, Any]] = mapped_column(JSONB)
    login_status: Mapped[str] = mapped_column(default="none")
    password_hash: Mapped[str | None]
    two_step_since: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    @property
    def warnings(self) -> list[Finding]:
        return phones.warnings(self, *phones.FIELDS)

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        return cls.deleted_at.is_(None)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Himself; for staff those of visible relations, and those linked to nobody yet. Never who was deleted."""
        if actor.is_contact:
            return cls.live() & (cls.id == actor.id)
        if not restricted(actor):
            return cls.live()
        own = (ContactLink.office_id == cls.office_id, ContactLink.contact_id == cls.id)
        # Asked of each contact by itself, as far as a page needs: the limit keeps all his links from being read first.
        mine = select(true()).where(*own, ContactLink.relation_id.in_(relation_ids(actor))).limit(1).correlate(cls)
        return cls.live() & or_(mine.scalar_subquery().is_(True), ~exists().where(*own))
