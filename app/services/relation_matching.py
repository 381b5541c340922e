"""To which relation does a return belong? The type of filing decides which number counts (domain.md 5.5)."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import identifiers
from app.access import Actor, visible
from app.errors import FieldError, Invalid, invalid
from app.filings import PERIOD_FIELDS, WITH_RETURNS, period_fits
from app.legal_forms import CORPORATIONS
from app.models import Relation, RelationIdentifier
from app.models.relation_identifiers import SECRET
from app.schemas.relation_matching import Match, MatchQuery, NumberQuery
from app.services import events, relation_identifiers
from app.services.citizen_numbers import legal_form_of
from app.services.relations import WITH_DOSSIER

MOST_FOUND = 100
MOST_CANDIDATES = 20

Numbers = list[tuple[str, str]]  # kind and number
Found = dict[Relation, set[str]]  # and by which kinds


@dataclass(frozen=True)
class Filing:
    """By which numbers it is matched, and who files it (None: anyone)."""

    keys: tuple[str, ...]
    by: frozenset[str] | None = None


PERSON = frozenset({"natural_person"})
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


def asked_of(query: MatchQuery) -> Numbers:
    """What the number may be, of the kinds that count for this type; Invalid where it is none of them."""
    found, refusals = identifiers.readings(query.identifier, FILINGS[query.filing_type].keys)
    if not found:
        wrong = refusals[0]
        raise Invalid(wrong.detail, code=wrong.code, errors=[FieldError("/identifier", wrong.code, wrong.detail)])
    return found


def searched_for(query: NumberQuery) -> Numbers:
    """What the number may be, of all kinds."""
    found, _ = identifiers.readings(query.identifier, identifiers.CHECKS)
    if not found:
        detail = "Give a number of a kind that relations have: BSN, RSIN, OB, VAT, LH, KvK, branch number or IBAN."
        raise invalid("/identifier", "identifier_format", detail)
    return found


def is_secret(numbers: Numbers) -> bool:
    """May it be, or hold, a citizen number? Then asking is counted, and what is found leaves a trace."""
    return any(kind in SECRET for kind, _ in numbers)


async def match(session: AsyncSession, actor: Actor, query: MatchQuery, numbers: Numbers) -> Match:
    """Exactly one hit, or none and the reason. Only relations that the caller may see, and none that is archived.

    A number may be read in two ways, as a BSN and as an RSIN; what either finds counts, so two are never one.
    """
    filing = FILINGS[query.filing_type]
    clients = (Relation.type.in_(WITH_RETURNS), Relation.archived_at.is_(None))
    found = await _holders(session, actor, numbers, *clients)
    fitting = [relation for relation in found if filing.by is None or legal_form_of(relation) in filing.by]
    shown = (fitting or list(found))[:MOST_CANDIDATES]
    traced = {relation: found[relation] for relation in shown}
    _trace(session, actor, "relation.matched", traced, filing_type=query.filing_type)
    kinds = {kind for relation in shown for kind in found[relation]}
    one = fitting[0] if len(fitting) == 1 else None
    return Match(
        relation_id=one.id if one else None,
        matched_by=kinds.pop() if len(kinds) == 1 else None,
        reason=None if one else "several" if fitting else "not_for_this_type" if found else "none",
        candidates=[] if one else [relation.id for relation in shown],
        period_fits=_period_fits(one, query) if one else None,
    )


async def search(session: AsyncSession, actor: Actor, numbers: Numbers) -> tuple[list[Relation], bool]:
    """Relations that the caller sees and that have this number, whatever kind it may be; and are there more?"""
    found = await _holders(session, actor, numbers)
    shown = list(found)[:MOST_FOUND]
    _trace(session, actor, "relation.found_by_number", {relation: found[relation] for relation in shown})
    return shown, len(found) > MOST_FOUND


async def _holders(session: AsyncSession, actor: Actor, numbers: Numbers, *conditions: Any) -> Found:
    mine = visible(actor, Relation).options(WITH_DOSSIER).add_columns(RelationIdentifier.kind)
    mine = mine.join(RelationIdentifier, relation_identifiers.of_relation())
    mine = mine.where(relation_identifiers.is_one_of(session, actor, numbers), *conditions)
    mine = mine.order_by(Relation.number_sort, Relation.id).limit((MOST_FOUND + 1) * len(numbers))
    found: Found = defaultdict(set)
    for relation, kind in await session.execute(mine):
        found[relation].add(kind)
    return found


def _trace(session: AsyncSession, actor: Actor, action: str, found: Found, **data: Any) -> None:
    """Whose citizen number somebody had, or guessed, stands in their histories (BSN-08): by kind, never the number.

    What found nothing leaves no line: it concerns nobody of the office, and was counted.
    """
    for relation, kinds in found.items():
        if secret := sorted(kinds & set(SECRET)):
            events.record(session, actor, action, relation, relation_id=relation.id, kinds=secret, **data)


def _period_fits(relation: Relation, query: MatchQuery) -> bool | None:
    if query.period is None:
        return None
    field = PERIOD_FIELDS.get(query.filing_type)
    return period_fits(query.filing_type, getattr(relation, field) if field else None, query.period)
