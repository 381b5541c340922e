from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Select,
    Uuid,
    any_,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.errors import taken
from app.filings import BTW_PERIODS, ICP_PERIODS, LH_PERIODS
from app.models.base import Base, Key, Signed, index, one_of, references, searched, unique
from app.models.contact_links import ContactLink
from app.models.deputies import Deputy
from app.models.named import in_use
from app.models.phones import HasPhone
from app.models.relation_roles import RelationRole

TYPES = ("organisation", "person", "internal", "supplier")
STATUSES = ("prospect", "active", "inactive", "left")
BSN_PURPOSES = ("tax_returns", "payroll", "allowances")
WWFT_RISKS = ("low", "normal", "high")
FILTERS = ("type", "status", "legal_form", "kind_id", "group_id", "parent_id")


def _shown(field: str) -> Any:
    return property(lambda relation: relation.shown[field])


class WithParts:
    """What lies in tables of its own, and what is odd about it, where a service has put it.

    ``relation_identifiers.show`` does for the numbers, as far as they may be read, ``relation_parts.show`` for the
    rest, ``relations.detail`` for the warnings.
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
    bank_accounts = _shown("bank_accounts")
    external_ids = _shown("external_ids")
    label_ids = _shown("label_ids")
    products = _shown("products")
    warnings = _shown("warnings")


class Relation(WithParts, HasPhone, Signed, Base):
    """A client the office works for (relatie): an organisation or a person, with exactly one dossier."""

    __tablename__ = "relations"
    __table_args__ = (
        references("parent_id", "relations"),
        references("kind_id", "relation_kinds", info={"problem": in_use}),
        references("group_id", "relation_groups", info={"problem": in_use}),
        unique("number_key", problem=lambda: taken("/number", "This relation number is in use; choose another.")),
        one_of("type", *TYPES),
        one_of("status", *STATUSES),
        one_of("bsn_purpose", *BSN_PURPOSES),
        one_of("lh_filing_period", *LH_PERIODS),
        one_of("btw_filing_period", *BTW_PERIODS),
        one_of("icp_filing_period", *ICP_PERIODS),
        one_of("wwft_risk", *WWFT_RISKS),
        CheckConstraint("employees >= 0", name="employees"),
        index("number_sort", "id"),
        index("name_key", "id"),
        index("updated_at", "id"),
        searched("search"),
        # One for each filter, in the order that lists have: what few relations are is found as soon as what many are.
        *(index(column, "number_sort", "id") for column in FILTERS),
        index("number_sort", "id", name="ix_relations_archived", postgresql_where="archived_at IS NOT NULL"),
    )

    number: Mapped[str]
    number_key: Mapped[str] = mapped_column(Key)
    number_sort: Mapped[str] = mapped_column(Key)
    type: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Key)
    search: Mapped[str] = mapped_column(default="", server_default="")
    initials: Mapped[str | None]
    first_names: Mapped[str | None]
    prefix: Mapped[str | None]
    surname: Mapped[str | None]
    born_on: Mapped[date | None]
    legal_form: Mapped[str | None]
    employees: Mapped[int | None]
    fiscal_year_end: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    addresses: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    lh_filing_period: Mapped[str | None]
    btw_filing_period: Mapped[str | None]
    icp_filing_period: Mapped[str | None]
    extension_schemes: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default="[]")
    bsn_purpose: Mapped[str | None]
    wwft_identified_on: Mapped[date | None]
    wwft_risk: Mapped[str | None]
    wwft_review_on: Mapped[date | None]
    memo: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    kind_id: Mapped[UUID | None]
    group_id: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]

    if TYPE_CHECKING:
        dossier_id: UUID  # app.models.dossiers says how it is found

    @property
    def wwft(self) -> dict[str, Any]:
        return {
            "identified_on": self.wwft_identified_on,
            "risk": self.wwft_risk,
            "review_on": self.wwft_review_on,
        }

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
