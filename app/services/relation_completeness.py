"""Which empty field stops which process (domain rules 37 to 46). One rule a field, in SQL: the same words for one
relation and for many (``relation_gaps``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.filings import WITH_RETURNS
from app.legal_forms import DEPOSITING, NATURAL
from app.models import ContactLink, Office, Product, Relation, RelationIdentifier, RelationProduct, RelationRole
from app.models.base import holds, today
from app.schemas.relation_completeness import GAPS, Completeness, Gap, Missing

Condition = ColumnElement[bool]
VAT = ("vat", "vat_correction", "eu_sales_list")

ORGANISATION = Relation.type == "organisation"
NATURAL_PERSON = or_(Relation.type == "person", and_(ORGANISATION, Relation.legal_form.in_(NATURAL)))
KEEPS_CITIZEN_NUMBERS = (
    select(Office.keeps_citizen_numbers).where(Office.id == Relation.office_id).correlate(Relation).scalar_subquery()
)
MAY_BE_KEPT = or_(~NATURAL_PERSON, KEEPS_CITIZEN_NUMBERS)


def _has(kind: str) -> Condition:
    return exists().where(
        RelationIdentifier.office_id == Relation.office_id,
        RelationIdentifier.relation_id == Relation.id,
        RelationIdentifier.kind == kind,
    )


def _takes(*filing_types: str) -> Condition:
    """A product, of those that lead to one of these returns, that has not ended."""
    taken = exists().where(
        RelationProduct.office_id == Relation.office_id,
        RelationProduct.relation_id == Relation.id,
        holds(None, RelationProduct.ends_on),
    )
    if not filing_types:
        return taken
    return taken.where(
        Product.office_id == RelationProduct.office_id,
        Product.id == RelationProduct.product_id,
        Product.filing_type.in_(filing_types),
    )


def _files(period: str) -> Condition:
    column = getattr(Relation, period)
    return and_(column.is_not(None), column != "none")


def _managed() -> Condition:
    return exists().where(
        RelationRole.office_id == Relation.office_id,
        RelationRole.relation_id == Relation.id,
        RelationRole.role == "relation_manager",
    )


def _reachable() -> Condition:
    return exists().where(
        ContactLink.office_id == Relation.office_id,
        ContactLink.relation_id == Relation.id,
        holds(None, ContactLink.valid_until),
    )


@dataclass(frozen=True)
class Rule:
    """``is_missing`` holds where the field applies to the relation and is empty."""

    process: str
    detail: str
    is_missing: Callable[[], Condition]
    is_stopped: bool = True


RULES: dict[Gap, Rule] = {
    "bsn": Rule(
        "returns",
        "Returns of source packages find no relation without it.",
        lambda: and_(NATURAL_PERSON, KEEPS_CITIZEN_NUMBERS, ~_has("bsn")),
    ),
    "rsin": Rule(
        "returns",
        "Returns of source packages find no relation without it.",
        lambda: and_(ORGANISATION, ~NATURAL_PERSON, ~_has("rsin")),
    ),
    "ob_number": Rule(
        "vat_returns",
        "VAT and ICP returns of source packages are not received without it.",
        lambda: and_(MAY_BE_KEPT, or_(_files("btw_filing_period"), _takes(*VAT)), ~_has("ob_number")),
    ),
    "lh_numbers": Rule(
        "payroll_returns",
        "Payroll tax returns of source packages are not received without it.",
        lambda: and_(MAY_BE_KEPT, or_(_files("lh_filing_period"), _takes("payroll_tax")), ~_has("lh_number")),
    ),
    "kvk_number": Rule(
        "annual_accounts",
        "Annual accounts are filed under it.",
        lambda: and_(
            ORGANISATION,
            or_(Relation.legal_form.in_(DEPOSITING), _takes("annual_accounts")),
            ~_has("kvk_number"),
        ),
    ),
    "lh_filing_period": Rule(
        "payroll_workflow",
        "It says how often payroll tax is filed.",
        lambda: and_(Relation.lh_filing_period.is_(None), or_(_has("lh_number"), _takes("payroll_tax"))),
    ),
    "btw_filing_period": Rule(
        "vat_workflow",
        "It says how often VAT is filed.",
        lambda: and_(Relation.btw_filing_period.is_(None), or_(_has("ob_number"), _takes("vat"))),
    ),
    "icp_filing_period": Rule(
        "icp_workflow",
        "It says how often the EU sales list is filed.",
        lambda: and_(Relation.icp_filing_period.is_(None), _takes("eu_sales_list")),
    ),
    "products": Rule("workflows", "Only for products that a relation takes can work be started.", lambda: ~_takes()),
    "addresses": Rule("letters", "Letters have no address.", lambda: Relation.addresses == {}, is_stopped=False),
    "relation_manager": Rule(
        "workflows", "Work that points at this role finds nobody.", lambda: ~_managed(), is_stopped=False
    ),
    "contacts": Rule("communication", "There is nobody to write to.", lambda: ~_reachable()),
    "wwft_review": Rule(
        "acceptance",
        "The client due diligence (Wwft) should have been looked at again.",
        lambda: Relation.wwft_review_on < today(),
        is_stopped=False,
    ),
}
assert tuple(sorted(RULES)) == tuple(sorted(GAPS))

# The office's own dossiers and its suppliers have no returns and no clients.
CLIENT = Relation.type.in_(WITH_RETURNS)


def is_missing(field: Gap) -> Condition:
    return and_(CLIENT, RULES[field].is_missing())


async def find(session: AsyncSession, actor: Actor, relation: Relation) -> Completeness:
    columns = [is_missing(field).label(field) for field in RULES]
    row = (
        await session.execute(select(*columns).where(Relation.office_id == actor.office_id, Relation.id == relation.id))
    ).one()
    missing = [
        Missing(field=field, process=rule.process, is_stopped=rule.is_stopped, detail=rule.detail)
        for field, rule in RULES.items()
        if getattr(row, field)
    ]
    return Completeness(is_complete=not any(gap.is_stopped for gap in missing), missing=missing)
