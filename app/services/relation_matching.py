"""To which relation does a return belong? The type of filing decides which number counts (domain.md 5.5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from app import identifiers
from app.access import Actor, visible
from app.errors import FieldError, Invalid, invalid
from app.models import Relation
from app.schemas.relation_identifiers import Match, MatchQuery, NumberQuery
from app.services import relation_identifiers
from app.services.relations import WITH_DOSSIER

MOST_FOUND = 100


@dataclass(frozen=True)
class Filing:
    """By which numbers it is matched, and who files it (None: anyone)."""

    keys: tuple[str, ...]
    by: frozenset[str] | None = None


PERSON = frozenset({"natural_person"})
# Who pays corporation tax: not the partnerships, whose partners pay income tax each for himself.
CORPORATIONS = frozenset(
    {
        "bv", "nv", "foundation", "association", "owners_association", "cooperative", "mutual_insurer",
        "church_body", "other_private_body", "public_body", "foreign", "se", "sce",
    }
)  # fmt: skip
FILINGS = {
    "income_tax": Filing(("bsn",), PERSON),
    "corporation_tax": Filing(("rsin",), CORPORATIONS),
    "vat": Filing(("ob_number",)),
    "vat_correction": Filing(("ob_number",)),
    "eu_sales_list": Filing(("ob_number",)),
    "payroll_tax": Filing(("lh_number",)),
    "provisional_assessment": Filing(("bsn", "rsin"), PERSON | CORPORATIONS),
    "allowances": Filing(("bsn",), PERSON),
    "extension": Filing(("bsn", "rsin"), PERSON | CORPORATIONS),
    "annual_accounts": Filing(("kvk_number",)),
    "credit_report": Filing(("kvk_number", "rsin")),
}


async def match(session: AsyncSession, actor: Actor, query: MatchQuery) -> Match:
    """Exactly one hit, or none and the reason. Only relations that the caller may see, and none that is archived."""
    filing = FILINGS[query.filing_type]
    for kind, number in _readings(filing.keys, query.identifier):
        found = await _relations_with(session, actor, kind, number)
        fitting = [relation for relation in found if _files(relation, filing)]
        if len(fitting) == 1:
            return Match(relation_id=fitting[0].id, matched_by=kind, reason=None, candidates=[])
        if fitting:
            return _none("several", kind, fitting)
        if found:
            return _none("not_for_this_type", kind, found)
    return _none("none", None, [])


async def search(session: AsyncSession, actor: Actor, data: NumberQuery) -> list[Relation]:
    """Every relation that the caller sees and that has this number, whatever kind of number it may be."""
    found = identifiers.readings(data.identifier, identifiers.CHECKS)[0]
    if not found:
        detail = "Give a number of a kind that relations have: BSN, RSIN, OB, VAT, LH, KvK, branch number or IBAN."
        raise invalid("/identifier", "identifier_format", detail)
    wanted = or_(
        *(Relation.id.in_(relation_identifiers.holders(session, actor, kind, number)) for kind, number in found)
    )
    statement = visible(actor, Relation).options(WITH_DOSSIER).where(wanted).order_by(Relation.number_sort)
    return list(await session.scalars(statement.limit(MOST_FOUND)))


def _none(reason: str, kind: str | None, found: list[Relation]) -> Match:
    candidates = [relation.id for relation in found]
    return Match.model_validate(
        {"relation_id": None, "matched_by": kind, "reason": reason, "candidates": candidates[:20]}
    )


def _readings(kinds: Iterable[str], text: str) -> list[tuple[str, str]]:
    """What the text may be, of these kinds; Invalid where it is none of them."""
    found, refusals = identifiers.readings(text, kinds)
    if not found:
        wrong = refusals[0]
        raise Invalid(wrong.detail, code=wrong.code, errors=[FieldError("/identifier", wrong.code, wrong.detail)])
    return found


def _files(relation: Relation, filing: Filing) -> bool:
    form = relation_identifiers.legal_form_of(relation)
    return filing.by is None or form in filing.by


async def _relations_with(session: AsyncSession, actor: Actor, kind: str, number: str) -> list[Relation]:
    holders = relation_identifiers.holders(session, actor, kind, number)
    found = visible(actor, Relation).where(Relation.id.in_(holders), Relation.archived_at.is_(None))
    return list(await session.scalars(found.order_by(Relation.number_sort)))
