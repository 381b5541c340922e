"""Numbers that are, or may hold, a citizen number (BSN): sealed, kept for a purpose, revealed by one call."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.legal_forms import NATURAL
from app.models import ImportIdentifier, Office, Relation, RelationIdentifier
from app.models.relation_identifiers import SECRET
from app.schemas.citizen_numbers import Revealed
from app.services import events
from app.services.sealing import Sealing

# The field of the API that shows a kind.
FIELDS = {"bsn": "bsn", "ob_number": "ob_number", "vat_id": "vat_id", "lh_numbers": "lh_number"}
ALWAYS_HOLD = set(SECRET) - {"vat_id"}  # a natural person's BSN; the VAT id of the new form does not


def place(row: Any) -> str:
    """What a sealed number is bound to."""
    return f"{row.office_id}/{row.relation_id}/{row.kind}"


NO_KEYS = (
    "citizen_numbers_off",
    "This server keeps no citizen numbers, nor numbers made from them: its keys are not set.",
)
LOST_KEY = (
    "citizen_key_missing",
    "The key that this number was sealed with is not given to the server any more; tell its operator.",
)
SEALING = Sealing(RelationIdentifier, place, NO_KEYS, LOST_KEY)
SEALING_OF_IMPORTS = Sealing(ImportIdentifier, place, NO_KEYS, LOST_KEY)


def legal_form_of(relation: Relation) -> str | None:
    return "natural_person" if relation.type == "person" else relation.legal_form


def is_natural(relation: Relation) -> bool:
    return legal_form_of(relation) in NATURAL


def hold_citizen_number(relation: Relation, kinds: list[str]) -> bool:
    """Is a number of one of these kinds of this relation a BSN, or made from one?"""
    return any(kind == "bsn" or (kind in ALWAYS_HOLD and is_natural(relation)) for kind in kinds)


async def check_allowed(session: AsyncSession, actor: Actor, relation: Relation, kinds: list[str]) -> None:
    """An office may choose to keep no citizen numbers at all (BSN-01)."""
    if not hold_citizen_number(relation, kinds):
        return
    office = await session.get_one(Office, actor.office_id)
    if not office.keeps_citizen_numbers:
        detail = "This office keeps no citizen numbers, nor numbers made from them; an administrator may change that."
        raise Conflict(detail, code="citizen_numbers_off")


def set_purpose(relation: Relation, given: Mapping[str, Any], *, has_bsn: bool) -> list[str]:
    """A BSN is kept for a purpose, and a purpose only with a BSN (BSN-01)."""
    before = relation.bsn_purpose
    if not has_bsn and given.get("bsn_purpose"):
        raise invalid("/bsn_purpose", "bsn_purpose", "A purpose goes with a BSN; this relation has none.")
    relation.bsn_purpose = (before or "tax_returns") if has_bsn else None
    return ["bsn_purpose"] if relation.bsn_purpose != before else []


async def reveal(session: AsyncSession, actor: Actor, relation: Relation, reason: str) -> Revealed:
    """The numbers in full, and a line in the history that says who saw them and why (BSN-03, BSN-08)."""
    rows = visible(actor, RelationIdentifier).where(
        RelationIdentifier.relation_id == relation.id, RelationIdentifier.kind.in_(SECRET)
    )
    numbers = defaultdict(list)
    for row in await session.scalars(rows.order_by(RelationIdentifier.position)):
        numbers[row.kind].append(SEALING.open(session, row))
    fields = sorted(field for field, kind in FIELDS.items() if numbers[kind])
    action = "relation.citizen_number_revealed"
    events.record(session, actor, action, relation, relation_id=relation.id, fields=fields, reason=reason)
    one = {kind: next(iter(numbers[kind]), None) for kind in ("bsn", "ob_number", "vat_id")}
    return Revealed(**one, lh_numbers=numbers["lh_number"])
