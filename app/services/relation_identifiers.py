"""The numbers of relations: stored, masked when read, found by, and warned of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import identifiers
from app.access import Actor, visible
from app.errors import Conflict, FieldError, all_invalid
from app.filings import WITH_RETURNS
from app.identifiers import Finding, Numbers
from app.models import Relation, RelationIdentifier
from app.models.base import among
from app.models.relation_identifiers import SECRET
from app.services import citizen_numbers
from app.services.citizen_numbers import ALWAYS_HOLD, SEALING, check_allowed, is_natural, legal_form_of, set_purpose

log = structlog.get_logger()

# The field of the API that shows a kind; of the plural ones a relation may have several.
FIELDS = citizen_numbers.FIELDS | {
    "rsin": "rsin",
    "kvk_number": "kvk_number",
    "branch_numbers": "branch_number",
    "bank_accounts": "iban",
}
WITH_PURPOSE = {*FIELDS, "bsn_purpose"}
SEVERAL = {"lh_numbers", "branch_numbers", "bank_accounts"}
HIDDEN = "*" * 9
SHOWN_DIGITS = 3
# Returns are matched by these, so what two relations share leads to neither of them (services/relation_matching.py).
MATCHED = {
    "bsn": "BSN",
    "rsin": "RSIN",
    "ob_number": "OB number",
    "lh_number": "LH number",
    "kvk_number": "KvK number",
}

COLUMNS = (
    RelationIdentifier.office_id, RelationIdentifier.relation_id, RelationIdentifier.kind, RelationIdentifier.lookup,
    RelationIdentifier.secret, RelationIdentifier.key_id, RelationIdentifier.is_personal,
)  # fmt: skip

Given = Mapping[str, Any]


def lookup(session: AsyncSession, office_id: UUID, kind: str, number: str) -> bytes:
    return SEALING.vault_of(session).index(office_id, kind, number) if kind in SECRET else number.encode()


def is_one_of(session: AsyncSession, actor: Actor, numbers: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """The condition that a row is one of these numbers (kind and number), whosoever in the office has it."""
    lookups = [(kind, lookup(session, actor.office_id, kind, number)) for kind, number in numbers]
    return and_(
        RelationIdentifier.office_id == actor.office_id,
        tuple_(RelationIdentifier.kind, RelationIdentifier.lookup).in_(lookups),
    )


def of_relation() -> ColumnElement[bool]:
    """Joins the numbers with whose they are."""
    same_office = Relation.office_id == RelationIdentifier.office_id
    return same_office & (Relation.id == RelationIdentifier.relation_id)


def _number(session: AsyncSession, row: Any) -> str:
    return SEALING.open(session, row) if row.kind in SECRET else str(row.lookup.decode())


async def rows_of(session: AsyncSession, actor: Actor, relations: Sequence[Relation]) -> Sequence[Any]:
    """Rows like RelationIdentifier, but nothing to change: a page of relations has hundreds of them."""
    mine = visible(actor, RelationIdentifier).where(
        among(RelationIdentifier.relation_id, [relation.id for relation in relations])
    )
    order = (RelationIdentifier.kind, RelationIdentifier.position)
    return (await session.execute(mine.with_only_columns(*COLUMNS).order_by(*order))).all()


def _by_kind(session: AsyncSession, rows: Sequence[Any]) -> dict[str, list[str]]:
    """The numbers themselves: for what the server does with them, never for an answer."""
    found = defaultdict(list)
    for row in rows:
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
    for row in await rows_of(session, actor, relations):
        is_personal = row.is_personal or row.kind == "bsn" or is_natural(by_id[row.relation_id])
        is_hidden = is_personal and row.kind in ALWAYS_HOLD and not digits
        number = None if is_hidden else _readable(session, row)
        if number is not None:
            opened[row.kind].append(number)
        found[row.relation_id][row.kind].append(_masked(row.kind, number, digits) if is_personal else number or HIDDEN)
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
    change = change_of(session, relation, await rows_of(session, actor, [relation]), given)
    await check_allowed(session, actor, relation, change.kinds)
    if change.became_personal:
        await _mark_personal(session, actor, relation)
    for field in change.fields:
        await _replace(session, actor, relation, FIELDS[field], change)
    if change.fields:
        relation.updated_at = func.now()  # their version is the relation's
    return change.fields + set_purpose(relation, given, has_bsn=bool(change.wanted["bsn"]))


@dataclass(frozen=True)
class Change:
    """What becomes of the numbers of a relation: which fields change, and all its numbers by kind as they will be.

    ``became_personal``: its numbers are a natural person's from now on; ``personal``: bases of those that were one's.
    """

    fields: list[str]
    wanted: Mapping[str, list[str]]
    became_personal: bool
    personal: set[str]

    @property
    def kinds(self) -> list[str]:
        """Those that are set now."""
        kinds = FIELDS.values() if self.became_personal else [FIELDS[field] for field in self.fields]
        return [kind for kind in kinds if self.wanted[kind]]


def change_of(session: AsyncSession, relation: Relation, rows: Sequence[Any], given: Given) -> Change:
    """What ``given`` makes of these ``rows`` of the relation; Invalid where the numbers do not go together."""
    now = _by_kind(session, rows)
    wanted = {kind: list(now[kind]) for kind in FIELDS.values()}
    for field, kind in FIELDS.items():
        if field in given:
            value = given[field]
            wanted[kind] = list(dict.fromkeys(value or [])) if field in SEVERAL else [value] if value else []
    personal = {identifiers.base_of(_number(session, row)) for row in rows if row.is_personal and row.kind in SECRET}
    _check(relation, wanted, personal)
    changed = sorted(field for field, kind in FIELDS.items() if wanted[kind] != now[kind])
    became_personal = is_natural(relation) and not all(row.is_personal for row in rows)
    return Change(changed, wanted, became_personal, personal)


def _check(relation: Relation, wanted: Mapping[str, list[str]], personal: set[str]) -> None:
    """Invalid where the numbers do not go together, or a number that was somebody's BSN is called an RSIN."""
    errors = [finding for finding in identifiers.cross_check(_numbers(relation, wanted)) if finding.is_error]
    if personal & set(wanted["rsin"]):
        detail = "This relation's other numbers are made from it as from a BSN; an organisation has an RSIN of its own."
        errors.append(Finding("rsin", "rsin_is_bsn", detail, is_error=True))
    if errors:
        raise all_invalid([FieldError(error.pointer, error.code, error.detail) for error in errors])


async def _mark_personal(session: AsyncSession, actor: Actor, relation: Relation) -> None:
    await session.execute(
        update(RelationIdentifier)
        .where(RelationIdentifier.office_id == actor.office_id, RelationIdentifier.relation_id == relation.id)
        .values(is_personal=True)
    )


def _numbers(relation: Relation, values: Mapping[str, list[str]]) -> Numbers:
    one = {field: next(iter(values[field]), None) for field in ("bsn", "rsin", "ob_number", "vat_id", "kvk_number")}
    return Numbers(legal_form_of(relation), **one, lh_numbers=tuple(values["lh_number"]))


async def _replace(session: AsyncSession, actor: Actor, relation: Relation, kind: str, change: Change) -> None:
    await session.execute(
        delete(RelationIdentifier).where(
            RelationIdentifier.office_id == actor.office_id,
            RelationIdentifier.relation_id == relation.id,
            RelationIdentifier.kind == kind,
        )
    )
    session.add_all(new_rows(session, relation, kind, change))


def new_rows(
    session: AsyncSession, relation: Relation, kind: str, change: Change, model: Any = RelationIdentifier, **more: Any
) -> Iterator[Any]:
    """The rows of one kind as they will be. What is made from a number that was a person's is a person's too."""
    for position, number in enumerate(change.wanted[kind]):
        is_personal = is_natural(relation) or (kind in SECRET and identifiers.base_of(number) in change.personal)
        row = model(
            office_id=relation.office_id,
            relation_id=relation.id,
            kind=kind,
            position=position,
            lookup=lookup(session, relation.office_id, kind, number),
            is_personal=is_personal,
            **more,
        )
        if kind in SECRET:
            SEALING.seal(session, row, number)
        yield row


async def warnings(
    session: AsyncSession, actor: Actor, relation: Relation, values: Mapping[str, list[str]]
) -> list[Finding]:
    """What is odd about these numbers of it; nothing of that ever stopped a save."""
    found = odd(relation, {kind: values[kind] for kind in FIELDS.values()})
    shared = await _shared(session, actor, relation, values)
    for field, kind in FIELDS.items():
        if kind in shared:
            detail = f"Another relation has the same {MATCHED[kind]}; a return with it is matched with neither."
            found.append(Finding(field, f"{field}_in_use", detail))
    return found


def odd(relation: Relation, values: Mapping[str, list[str]]) -> list[Finding]:
    """What is odd about these numbers by themselves."""
    return [finding for finding in identifiers.cross_check(_numbers(relation, values)) if not finding.is_error]


async def _shared(session: AsyncSession, actor: Actor, relation: Relation, values: Mapping[str, list[str]]) -> set[str]:
    """The kinds that returns are matched by and of which another relation has one of these numbers.

    A person and his sole trader's business share one BSN rightly, so of that only others of the same kind count; and
    a client may be another client's supplier, so only others whose returns are matched too.
    """
    numbers = [(kind, number) for kind in MATCHED for number in values[kind]]
    if not numbers:
        return set()
    types = WITH_RETURNS if relation.type in WITH_RETURNS else (relation.type,)
    same_kind = (Relation.type == relation.type) & Relation.legal_form.is_not_distinct_from(relation.legal_form)
    found = select(RelationIdentifier.kind).where(RelationIdentifier.office_id == actor.office_id).distinct()
    others = found.join(Relation, of_relation()).where(
        is_one_of(session, actor, numbers),
        Relation.id != relation.id,
        Relation.archived_at.is_(None),
        Relation.type.in_(types),
        or_(RelationIdentifier.kind != "bsn", same_kind),
    )
    return set(await session.scalars(others))
