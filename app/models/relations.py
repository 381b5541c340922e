from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, func, literal, select, true, union_all
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.access import Actor
from app.errors import taken
from app.models.base import Base, Key, Versioned, index, one_of, references, unique
from app.models.contact_links import ContactLink
from app.models.deputies import Deputy
from app.models.relation_roles import RelationRole

TYPES = ("organisation", "person", "internal", "supplier")
STATUSES = ("prospect", "active", "inactive", "left")


def _shown(field: str) -> Any:
    return property(lambda relation: relation.shown[field])


class WithNumbers:
    """What may be read of a relation's numbers, and what is odd about them, where a service has put it.

    ``relation_identifiers.show`` does for the numbers, ``relations.detail`` for the warnings.
    """

    if TYPE_CHECKING:
        shown: dict[str, Any]

    bsn = _shown("bsn")
    rsin = _shown("rsin")
    ob_number = _shown("ob_number")
    vat_id = _shown("vat_id")
    lh_numbers = _shown("lh_numbers")
    kvk_number = _shown("kvk_number")
    branch_numbers = _shown("branch_numbers")
    warnings = _shown("warnings")


class Relation(WithNumbers, Versioned, Base):
    """A client the office works for (relatie): an organisation or a person, with exactly one dossier."""

    __tablename__ = "relations"
    __table_args__ = (
        references("parent_id", "relations"),
        unique("number_key", problem=lambda: taken("/number", "This relation number is in use; choose another.")),
        one_of("type", *TYPES),
        one_of("status", *STATUSES),
        index("number_sort", "id"),
        index("name_key", "id"),
        index("updated_at", "id"),
        index("parent_id"),
    )

    number: Mapped[str]
    number_key: Mapped[str] = mapped_column(Key)
    number_sort: Mapped[str] = mapped_column(Key)
    type: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    initials: Mapped[str | None]
    first_names: Mapped[str | None]
    prefix: Mapped[str | None]
    surname: Mapped[str | None]
    legal_form: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    memo: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]

    dossier = relationship(
        "Dossier",
        primaryjoin="and_(Relation.office_id == foreign(Dossier.office_id), "
        "Relation.id == foreign(Dossier.relation_id))",
        uselist=False,
        viewonly=True,
        lazy="raise",
    )

    @property
    def dossier_id(self) -> UUID:
        found: UUID = self.dossier.id
        return found

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return cls.id.in_(relation_ids(actor)) if restricted(actor) else true()


def restricted(actor: Actor) -> bool:
    return not actor.sees_all_relations


def relation_ids(actor: Actor) -> Select[UUID]:
    """The relations of a contact (by a link with access, today) or of a team member: never by parent.

    A team member has them by a role, his own or that of one whom he stands in for today.
    """
    if actor.is_contact:
        return (
            select(ContactLink.relation_id)
            .join(
                Relation,
                (Relation.office_id == ContactLink.office_id) & (Relation.id == ContactLink.relation_id),
            )
            .where(
                ContactLink.office_id == actor.office_id,
                ContactLink.contact_id == actor.id,
                ContactLink.opens(),
                Relation.archived_at.is_(None),
            )
        )
    return select(RelationRole.relation_id).where(
        RelationRole.office_id == actor.office_id, RelationRole.team_member_id == any_(_stood_in_for(actor))
    )


def _stood_in_for(actor: Actor) -> ColumnElement[Any]:
    """The team member himself and those whose deputy he is today; not those whose deputies they are in turn.

    An array, known before the roles are looked up: joined instead, small offices would be read in whole.
    """
    absent = select(Deputy.team_member_id).where(
        Deputy.office_id == actor.office_id, Deputy.deputy_member_id == actor.id, Deputy.holds()
    )
    return func.array(union_all(select(literal(actor.id, Uuid())), absent).scalar_subquery())


def of_visible_relation(column: Any, actor: Actor) -> ColumnElement[bool]:
    """The condition that a row's relation exists for the actor."""
    return column.in_(relation_ids(actor)) if restricted(actor) else true()
