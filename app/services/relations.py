"""Relations: numbered, named by their type, each with its dossier from the first moment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app import phones
from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.identifiers import Finding
from app.legal_forms import CORPORATIONS
from app.models import Dossier, Relation, RelationGroup, RelationKind
from app.schemas.relations import (
    ORGANISATION_FIELDS,
    PERSON_FIELDS,
    RelationCreate,
    RelationDetail,
    RelationUpdate,
    TypeChange,
)
from app.services import (
    dossiers,
    events,
    named,
    numbering,
    relation_addresses,
    relation_columns,
    relation_identifiers,
    relation_parts,
    relation_team,
)
from app.text import number_key

WITH_DOSSIER = undefer(Relation.dossier_id)  # type: ignore[arg-type]

# What may still be taken away from an archived relation: numbers of people are erased when their purpose ends (BSN-07).
ERASABLE = {*relation_identifiers.FIELDS, "external_ids"}


async def create(session: AsyncSession, actor: Actor, data: RelationCreate) -> Relation:
    """A relation, its dossier with the template's folders, and its first team."""
    parent = None
    if data.parent_id is not None:
        parent = await _check_parent(session, actor, data.parent_id, None)
    number = data.number or await numbering.propose(session, actor, Relation, parent)
    relation = Relation(office_id=actor.office_id, addresses={}, extension_schemes=[], created_by=actor.name)
    await _take(session, actor, relation, data.model_dump() | data.given() | {"number": number})
    session.add(relation)
    await session.flush()
    await relation_parts.put(session, actor, relation, data.given())
    if data.given().keys() & relation_identifiers.WITH_PURPOSE:
        await relation_identifiers.put(session, actor, relation, data.given())
    await relation_team.begin(session, actor, relation)
    _record(session, actor, "relation.created", relation, number=relation.number)
    await dossiers.create(session, actor, relation)
    await session.refresh(relation, ["dossier_id"])
    return relation


async def change(session: AsyncSession, actor: Actor, relation: Relation, data: RelationUpdate) -> None:
    given = data.given()
    if not _only_erases(given):
        check_open(relation)
    if given.get("parent_id") is not None:
        await _check_parent(session, actor, given["parent_id"], relation.id)
    changed = await _take(session, actor, relation, given)
    changed += await relation_parts.put(session, actor, relation, given)
    if given.keys() & {"legal_form", *relation_identifiers.WITH_PURPOSE}:
        changed += await relation_identifiers.put(session, actor, relation, given)
    if changed:
        _changed(session, actor, relation, "relation.changed", fields=sorted(set(changed)))


def _only_erases(given: Mapping[str, Any]) -> bool:
    values = [each for value in given.values() for each in (value.values() if isinstance(value, dict) else [value])]
    return bool(given) and given.keys() <= ERASABLE and not any(values)


async def change_type(session: AsyncSession, actor: Actor, relation: Relation, data: TypeChange) -> None:
    """The one way to another type: what that type does not have is cleared, numbers that do not fit it refuse it."""
    check_open(relation)
    before = relation.type
    if data.type == before:
        raise Conflict("The relation is of this type already; PATCH changes its fields.", code="same_type")
    cleared = ORGANISATION_FIELDS if data.type == "person" else PERSON_FIELDS
    kept = {} if data.type == "person" else {"name": relation.name}
    changed = await _take(session, actor, relation, dict.fromkeys(cleared) | kept | data.given())
    changed += await relation_identifiers.put(session, actor, relation, {})
    _changed(session, actor, relation, "relation.type_changed", fields=sorted(changed), before=before, after=data.type)


def _changed(session: AsyncSession, actor: Actor, relation: Relation, action: str, **data: Any) -> None:
    relation.updated_by = actor.name
    relation.updated_at = func.now()  # what hangs on it has the relation's version
    _record(session, actor, action, relation, **data)


def _record(session: AsyncSession, actor: Actor, action: str, relation: Relation, **data: Any) -> None:
    if relation.bsn_purpose and "bsn" in data.get("fields", ["bsn"]):
        data["bsn_purpose"] = relation.bsn_purpose  # what a BSN is kept for is recorded when it is entered (BSN-01)
    events.record(session, actor, action, relation, relation_id=relation.id, **data)


async def _take(session: AsyncSession, actor: Actor, relation: Relation, given: Mapping[str, Any]) -> list[str]:
    """Set the relation's own columns; the fields that changed."""
    for field, model in (("kind_id", RelationKind), ("group_id", RelationGroup)):
        if given.get(field) is not None:
            await named.check_offered(session, actor, model, [(f"/{field}", given[field])], {getattr(relation, field)})
    changed = relation.take(relation_columns.of(relation, given))
    return [field for field in changed if field not in relation_columns.DERIVED]


async def detail(session: AsyncSession, actor: Actor, relation: Relation) -> RelationDetail:
    """One relation as the office sees it: its numbers masked to their last digits, and what is odd about it."""
    numbers = await show(session, actor, [relation], digits=relation_identifiers.SHOWN_DIGITS)
    relation.shown["warnings"] = [
        *await relation_identifiers.warnings(session, actor, relation, numbers),
        *relation_addresses.warnings(relation.addresses),
        *_extension_warnings(relation),
        *phones.warnings(relation, "phone"),
        *await _parent_warnings(session, actor, relation),
    ]
    return RelationDetail.model_validate(relation)


async def show(
    session: AsyncSession, actor: Actor, relations: Sequence[Relation], *, digits: int = 0
) -> dict[str, list[str]]:
    """What the office reads of each: its numbers, masked but for the last ``digits``, and its parts.

    Returns the numbers themselves, as ``relation_identifiers.show`` does.
    """
    numbers = await relation_identifiers.show(session, actor, relations, digits=digits)
    await relation_parts.show(session, actor, relations)
    return numbers


def _extension_warnings(relation: Relation) -> list[Finding]:
    """Who pays income tax is in no scheme for corporation tax, and the other way round."""
    is_corporation = relation.legal_form in CORPORATIONS
    odd = "income_tax" if is_corporation else "corporation_tax"
    detail = "This extension scheme is of a tax that a relation of this legal form does not pay."
    return [
        Finding(f"extension_schemes/{place}/tax", "tax_of_other_form", detail)
        for place, scheme in enumerate(relation.extension_schemes)
        if scheme["tax"] == odd
    ]


async def _parent_warnings(session: AsyncSession, actor: Actor, relation: Relation) -> list[Finding]:
    if relation.parent_id is None:
        return []
    above = select(Relation.number).where(Relation.office_id == actor.office_id, Relation.id == relation.parent_id)
    start = number_key(await session.scalar(above) or "")
    if relation.number_key.startswith(f"{start}."):
        return []
    return [Finding("number", "number_of_parent", "This number does not begin with that of the relation above it.")]


async def _check_parent(session: AsyncSession, actor: Actor, parent_id: UUID, own_id: UUID | None) -> Relation:
    """The parent, if it is there for this actor, in use, and no ring comes of it."""
    parent = await session.scalar(visible(actor, Relation).where(Relation.id == parent_id))
    if parent is None:
        raise invalid("/parent_id", "unknown", "There is no such relation.")
    if parent.archived_at is not None:
        raise invalid("/parent_id", "archived", "That relation is archived; choose one that is in use.")
    if own_id is not None and await _is_above(session, actor, own_id, parent_id):
        raise invalid("/parent_id", "ring", "A relation can not be above itself.")
    return parent


async def _is_above(session: AsyncSession, actor: Actor, own_id: UUID, parent_id: UUID) -> bool:
    """All who move relations wait for each other, so that two moves can not make a ring together.

    Not in the office's queue: who moves a relation holds its row already, and who is in the queue may want that.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"parents/{actor.office_id}", 0))))
    columns = select(Relation.id, Relation.parent_id).where(Relation.office_id == actor.office_id)
    above = columns.where(Relation.id == parent_id).cte("above", recursive=True)
    above = above.union(columns.where(Relation.id == above.c.parent_id))
    own = select(Relation.id).where(
        Relation.office_id == actor.office_id, Relation.id == own_id, Relation.id.in_(select(above.c.id))
    )
    return await session.scalar(own) is not None


def check_open(relation: Relation) -> None:
    if relation.archived_at is not None:
        raise Conflict("This relation is archived; nothing is changed about it.", code="archived")


async def archive(session: AsyncSession, actor: Actor, relation: Relation) -> None:
    """Out of sight for clients, read-only for the office; nothing is deleted (domain.md 6)."""
    if relation.archived_at is not None:
        raise Conflict("This relation is archived already.", code="archived")
    _changed(session, actor, relation, "relation.archived")
    await _set_archived(session, actor, relation, datetime.now(UTC))


async def restore(session: AsyncSession, actor: Actor, relation: Relation) -> None:
    """In use again, and with it its dossier, for whoever it was open to."""
    if relation.archived_at is None:
        raise Conflict("This relation is in use; it was not archived.", code="not_archived")
    _changed(session, actor, relation, "relation.restored")
    await _set_archived(session, actor, relation, None)


async def _set_archived(session: AsyncSession, actor: Actor, relation: Relation, moment: datetime | None) -> None:
    relation.archived_at = moment
    await session.execute(
        update(Dossier)
        .where(Dossier.office_id == actor.office_id, Dossier.relation_id == relation.id)
        .values(archived_at=moment, version=Dossier.version + 1)
    )
