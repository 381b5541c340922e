"""The numbers of relations: sealed where they may hold a citizen number, masked when read, revealed by one call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import identifiers
from app.access import Actor, visible
from app.crypto import Sealed, Vault
from app.db import Database
from app.errors import Conflict, FieldError, Invalid, invalid
from app.identifiers import Finding, Numbers
from app.legal_forms import NATURAL
from app.models import Office, Relation, RelationIdentifier
from app.models.base import among
from app.models.relation_identifiers import SECRET
from app.services import events, sealing

log = structlog.get_logger()

# The field of the API that shows a kind; of the plural ones a relation may have several.
FIELDS = {
    "bsn": "bsn",
    "rsin": "rsin",
    "ob_number": "ob_number",
    "vat_id": "vat_id",
    "lh_numbers": "lh_number",
    "kvk_number": "kvk_number",
    "branch_numbers": "branch_number",
    "bank_accounts": "iban",
}
WITH_PURPOSE = {*FIELDS, "bsn_purpose"}
SEVERAL = {"lh_numbers", "branch_numbers", "bank_accounts"}
ALWAYS_HOLD = set(SECRET) - {"vat_id"}  # a natural person's BSN; the VAT id of the new form does not
HIDDEN = "*" * 9
SHOWN_DIGITS = 3

COLUMNS = (
    RelationIdentifier.office_id, RelationIdentifier.relation_id, RelationIdentifier.kind, RelationIdentifier.lookup,
    RelationIdentifier.secret, RelationIdentifier.key_id,
)  # fmt: skip

Given = Mapping[str, Any]


def vault_of(session: AsyncSession) -> Vault:
    found: Vault | None = session.info["vault"]
    if found is None:
        detail = "This server keeps no citizen numbers, nor numbers made from them: its keys are not set."
        raise Conflict(detail, code="citizen_numbers_off")
    return found


def place(row: Any) -> str:
    """What a sealed number is bound to."""
    return f"{row.office_id}/{row.relation_id}/{row.kind}"


def lookup(session: AsyncSession, office_id: UUID, kind: str, number: str) -> bytes:
    return vault_of(session).index(office_id, kind, number) if kind in SECRET else number.encode()


def holders(session: AsyncSession, actor: Actor, kind: str, number: str) -> Select[UUID]:
    """Ids of the office's relations that have this number, seen by the caller or not."""
    return select(RelationIdentifier.relation_id).where(
        RelationIdentifier.office_id == actor.office_id,
        RelationIdentifier.kind == kind,
        RelationIdentifier.lookup == lookup(session, actor.office_id, kind, number),
    )


def _seal(vault: Vault, row: RelationIdentifier, number: str) -> None:
    sealed = vault.seal(place(row), number)
    row.secret, row.key_id = sealed.secret, sealed.key_id


def _number(session: AsyncSession, row: Any) -> str:
    if row.secret is None or row.key_id is None:
        return str(row.lookup.decode())
    try:
        return vault_of(session).open(place(row), Sealed(row.key_id, row.secret))
    except LookupError:
        detail = "The key that this number was sealed with is not given to the server any more; tell its operator."
        raise Conflict(detail, code="citizen_key_missing") from None


def legal_form_of(relation: Relation) -> str | None:
    return "natural_person" if relation.type == "person" else relation.legal_form


def _is_natural(relation: Relation) -> bool:
    return legal_form_of(relation) in NATURAL


async def _rows(session: AsyncSession, actor: Actor, relations: Sequence[Relation]) -> Sequence[Any]:
    """Rows like RelationIdentifier, but nothing to change: a page of relations has hundreds of them."""
    mine = visible(actor, RelationIdentifier).where(
        among(RelationIdentifier.relation_id, [relation.id for relation in relations])
    )
    order = (RelationIdentifier.kind, RelationIdentifier.position)
    return (await session.execute(mine.with_only_columns(*COLUMNS).order_by(*order))).all()


async def read(session: AsyncSession, actor: Actor, relation: Relation) -> dict[str, list[str]]:
    """The numbers themselves, by kind: for what the server does with them, never for an answer."""
    found = defaultdict(list)
    for row in await _rows(session, actor, [relation]):
        found[row.kind].append(_number(session, row))
    return found


async def show(
    session: AsyncSession, actor: Actor, relations: Sequence[Relation], *, digits: int = 0
) -> dict[str, list[str]]:
    """Put on each relation what may be read of its numbers (BSN-03): of a secret one the last ``digits``, or none.

    Returns the numbers themselves, by kind, as far as they were opened: for one relation and its ``warnings``.
    """
    found: dict[UUID, dict[str, list[str]]] = {relation.id: defaultdict(list) for relation in relations}
    opened: dict[str, list[str]] = defaultdict(list)
    by_id = {relation.id: relation for relation in relations}
    for row in await _rows(session, actor, relations):
        is_natural = row.kind == "bsn" or _is_natural(by_id[row.relation_id])
        is_hidden = is_natural and row.kind in ALWAYS_HOLD and not digits
        number = None if is_hidden else _readable(session, row)
        if number is not None:
            opened[row.kind].append(number)
        found[row.relation_id][row.kind].append(_masked(row.kind, number, digits) if is_natural else number or HIDDEN)
    for relation in relations:
        relation.shown = {field: _shown(field, found[relation.id][kind]) for field, kind in FIELDS.items()}
    return opened


def _readable(session: AsyncSession, row: Any) -> str | None:
    """None where the key is not there (any more): a list must not fail on that."""
    try:
        return _number(session, row)
    except Conflict:
        log.error("citizen_key_missing", key_id=row.key_id)
        return None


def _masked(kind: str, number: str | None, digits: int) -> str:
    """A number of a natural person."""
    if number is None:
        return HIDDEN
    return identifiers.mask(number, digits) if kind in SECRET and identifiers.holds_bsn(kind, number) else number


def _shown(field: str, values: list[str]) -> Any:
    return values if field in SEVERAL else next(iter(values), None)


async def put(session: AsyncSession, actor: Actor, relation: Relation, given: Given) -> list[str]:
    """Set the numbers that are given. The fields that changed; Invalid where numbers do not go together.

    Checked against the legal form as it is now, so it is called when that changes too.
    """
    with session.no_autoflush:  # the relation's own change goes out with this one, as one version
        return await _put(session, actor, relation, given)


async def _put(session: AsyncSession, actor: Actor, relation: Relation, given: Given) -> list[str]:
    now = await read(session, actor, relation)
    wanted = {kind: list(now[kind]) for kind in FIELDS.values()}
    for field, kind in FIELDS.items():
        if field in given:
            value = given[field]
            wanted[kind] = list(dict.fromkeys(value or [])) if field in SEVERAL else [value] if value else []
    found = identifiers.cross_check(_numbers(relation, wanted))
    if errors := [finding for finding in found if finding.is_error]:
        raise Invalid(
            errors[0].detail,
            code=errors[0].code,
            errors=[FieldError(error.pointer, error.code, error.detail) for error in errors],
        )
    changed = sorted(field for field, kind in FIELDS.items() if wanted[kind] != now[kind])
    await _check_allowed(session, actor, relation, [FIELDS[field] for field in changed if wanted[FIELDS[field]]])
    for field in changed:
        await _replace(session, actor, relation, FIELDS[field], wanted[FIELDS[field]])
    if changed:
        relation.updated_at = func.now()  # their version is the relation's
    return changed + _set_purpose(relation, given, has_bsn=bool(wanted["bsn"]))


async def _check_allowed(session: AsyncSession, actor: Actor, relation: Relation, kinds: list[str]) -> None:
    """An office may choose to keep no citizen numbers at all (BSN-01)."""
    if not any(kind == "bsn" or (kind in ALWAYS_HOLD and _is_natural(relation)) for kind in kinds):
        return
    office = await session.get_one(Office, actor.office_id)
    if not office.keeps_citizen_numbers:
        detail = "This office keeps no citizen numbers, nor numbers made from them; an administrator may change that."
        raise Conflict(detail, code="citizen_numbers_off")


def _set_purpose(relation: Relation, given: Given, *, has_bsn: bool) -> list[str]:
    """A BSN is kept for a purpose, and a purpose only with a BSN (BSN-01)."""
    before = relation.bsn_purpose
    if not has_bsn and given.get("bsn_purpose"):
        raise invalid("/bsn_purpose", "bsn_purpose", "A purpose goes with a BSN; this relation has none.")
    relation.bsn_purpose = (before or "tax_returns") if has_bsn else None
    return ["bsn_purpose"] if relation.bsn_purpose != before else []


def _numbers(relation: Relation, values: Mapping[str, list[str]]) -> Numbers:
    one = {field: next(iter(values[field]), None) for field in ("bsn", "rsin", "ob_number", "vat_id", "kvk_number")}
    return Numbers(legal_form_of(relation), **one, lh_numbers=tuple(values["lh_number"]))


async def _replace(session: AsyncSession, actor: Actor, relation: Relation, kind: str, numbers: list[str]) -> None:
    await session.execute(
        delete(RelationIdentifier).where(
            RelationIdentifier.office_id == actor.office_id,
            RelationIdentifier.relation_id == relation.id,
            RelationIdentifier.kind == kind,
        )
    )
    for position, number in enumerate(numbers):
        row = RelationIdentifier(
            office_id=actor.office_id,
            relation_id=relation.id,
            kind=kind,
            position=position,
            lookup=lookup(session, actor.office_id, kind, number),
        )
        if kind in SECRET:
            _seal(vault_of(session), row, number)
        session.add(row)


async def warnings(
    session: AsyncSession, actor: Actor, relation: Relation, values: Mapping[str, list[str]]
) -> list[Finding]:
    """What is odd about these numbers of it; nothing of that ever stopped a save."""
    found = identifiers.cross_check(_numbers(relation, {kind: values[kind] for kind in FIELDS.values()}))
    for kind in ("bsn", "rsin"):
        for number in values[kind]:
            if await _is_elsewhere(session, actor, relation, kind, number):
                detail = f"Another relation of this kind has the same {kind.upper()}."
                found.append(Finding(kind, f"{kind}_in_use", detail))
    return [finding for finding in found if not finding.is_error]


async def _is_elsewhere(session: AsyncSession, actor: Actor, relation: Relation, kind: str, number: str) -> bool:
    """A person and his sole trader's business share one BSN rightly, so only others of the same kind count."""
    same = select(Relation.id).where(
        Relation.office_id == actor.office_id,
        Relation.id.in_(holders(session, actor, kind, number)),
        Relation.id != relation.id,
        Relation.archived_at.is_(None),
        Relation.type == relation.type,
        Relation.legal_form.is_not_distinct_from(relation.legal_form),
    )
    return await session.scalar(same.limit(1)) is not None


async def reveal(session: AsyncSession, actor: Actor, relation: Relation, reason: str) -> dict[str, Any]:
    """The secret numbers in full, and a line in the history that says who saw them and why (BSN-03, BSN-08)."""
    values = await read(session, actor, relation)
    shown = {field: _shown(field, values[kind]) for field, kind in FIELDS.items() if kind in SECRET}
    fields = sorted(field for field, value in shown.items() if value)
    events.record(
        session,
        actor,
        "relation.citizen_number_revealed",
        relation,
        relation_id=relation.id,
        fields=fields,
        reason=reason,
    )
    return shown


async def rotate(db: Database, office_id: UUID) -> int:
    """Seal what an older key sealed with the current one; returns how many."""
    return await sealing.rotate(
        db,
        office_id,
        RelationIdentifier,
        lambda session, row: _seal(vault_of(session), row, _number(session, row)),
    )
