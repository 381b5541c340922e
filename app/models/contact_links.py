from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.filings import FILING_TYPES
from app.models.base import Base, Versioned, holds, index, link, references, unique


def some_of(column: str, *values: str) -> CheckConstraint:
    """Any number of words from a closed list."""
    choices = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} <@ ARRAY[{choices}]", name=column)


class ContactLink(Versioned, Base):
    """Contact and relation belong together (koppeling). ``function`` describes; only ``portal_access`` opens."""

    __tablename__ = "contact_links"
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        references("contact_id", "contacts", ondelete="CASCADE"),
        unique("relation_id", "contact_id"),
        index("contact_id", "relation_id"),
        index("relation_id", unique=True, postgresql_where="is_preferred"),
        CheckConstraint("valid_until >= valid_from", name="valid_order"),
        some_of("preferred_for", *FILING_TYPES),
        some_of("may_approve", *FILING_TYPES),
    )

    relation_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    function: Mapped[str] = mapped_column(default="gevolmachtigde")
    portal_access: Mapped[bool] = mapped_column(default=False)
    is_preferred: Mapped[bool] = mapped_column(default=False)
    preferred_for: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    may_approve: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    is_ubo: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]

    contact = link("ContactLink", "contact_id", "Contact")
    relation = link("ContactLink", "relation_id", "Relation")

    @classmethod
    def opens(cls) -> ColumnElement[bool]:
        """This link gives access to the relation's dossier, today."""
        return cls.portal_access & holds(cls.valid_from, cls.valid_until)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation or contact only
