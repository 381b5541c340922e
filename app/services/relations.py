"""Relations: numbered, named by their type, each with its dossier from the first moment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import phones, search
from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.identifiers import Finding
from app.models import Dossier, Relation, RelationGroup, RelationKind
from app.schemas.relations import (
    ORGANISATION_FIELDS,
    PERSON_FIELDS,
    RelationCreate,
    RelationDetail,
    RelationUpdate,
    TypeChange,
    check_type_fields,
)
from app.services import (
    dossiers,
    events,
    named,
    numbering,
    offices,
    relation_addresses,
    relation_identifiers,
    relation_parts,
    relation_team,
)
from app.text import fold, natural, number_key

LAST_OF_YEAR = "12-31"
WWFT_FIELDS = ("identified_on", "risk", "review_on")
WITH_DOSSIER = joinedload(Relation.dossier)


def display_name(values: Any) -> str:
    """What people call it: the organisation's name, or the person's as it is written."""
    if values.type != "person":
        return str(values.name)
    parts = (values.first_names or values.initials, values.prefix, values.surname)
    return " ".join(part for part in parts if part)


def keys(number: str, name: str) -> dict[str, str]:
    """The columns by which a number and a name are compared, sorted and searched."""
    return {"number_key": number_key(number), "number_sort": natural(number), "name_key": fold(name)}


async def create(session: AsyncSession, actor: Actor, data: RelationCreate) -> Relation:
    """A relation, its dossier with the template's folders, and its first team."""
    parent = None
    if data.parent_id is not None:
        parent = await _check_parent(session, actor, data.parent_id, None)
    number = data.number or await numbering.propose(session, actor, Relation, parent)
    relation = Relation(office_id=actor.office_id, number=number, addresses={}, extension_schemes=[])
    given = data.model_dump(exclude={"number"}) | data.given() | {"number": number}
    await _take(session, actor, relation, given)
    session.add(relation)
    await session.flush()
    await relation_parts.put(session, actor, relation, data.given())
    if data.given().keys() & relation_identifiers.WITH_PURPOSE:
        await relation_identifiers.put(session, actor, relation, data.given())
    await relation_team.begin(session, actor, relation)
    _record(session, actor, "relation.created", relation, number=relation.number)
    await dossiers.create(session, actor, relation)
    await session.refresh(relation, ["dossier"])
    return relation


async def change(session: AsyncSession, actor: Actor, relation: Relation, data: RelationUpdate) -> None:
    check_open(relation)
    given = data.given()
    if given.get("parent_id") is not None:
        await _check_parent(session, actor, given["parent_id"], relation.id)
    changed = await _take(session, actor, relation, given)
    changed += await relation_parts.put(session, actor, relation, given)
    if given.keys() & {"legal_form", *relation_identifiers.WITH_PURPOSE}:
        changed += await relation_identifiers.put(session, actor, relation, given)
    if changed:
        relation.updated_at = func.now()  # what hangs on it has the relation's version
        _record(session, actor, "relation.changed", relation, fields=sorted(changed))


async def change_type(session: AsyncSession, actor: Actor, relation: Relation, data: TypeChange) -> None:
    """The one way to another type: what that type does not have is cleared, numbers that do not fit it refuse it."""
    check_open(relation)
    before, relation.type = relation.type, data.type
    cleared = ORGANISATION_FIELDS if data.type == "person" else PERSON_FIELDS
    given = dict.fromkeys(cleared) | {field: value for field, value in data.given().items() if field != "type"}
    changed = await _take(session, actor, relation, given)
    changed += await relation_identifiers.put(session, actor, relation, {})
    if before != relation.type:
        changed = sorted({*changed, "type"})
        _record(session, actor, "relation.type_changed", relation, fields=changed, before=before, after=relation.type)
    elif changed:
        _record(session, actor, "relation.changed", relation, fields=sorted(changed))


def _record(session: AsyncSession, actor: Actor, action: str, relation: Relation, **data: Any) -> None:
    if relation.bsn_purpose and "bsn" in data.get("fields", ["bsn"]):
        data["bsn_purpose"] = relation.bsn_purpose  # what a BSN is kept for is recorded when it is entered (BSN-01)
    events.record(session, actor, action, relation, relation_id=relation.id, **data)


async def _take(session: AsyncSession, actor: Actor, relation: Relation, given: Mapping[str, Any]) -> list[str]:
    """Set the relation's own columns; the fields that changed. Its name and keys follow from them."""
    for field, model in (("kind_id", RelationKind), ("group_id", RelationGroup)):
        if given.get(field) is not None:
            await named.check_offered(session, actor, model, [(f"/{field}", given[field])], {getattr(relation, field)})
    changed = relation.take(_columns(relation, given))
    check_type_fields(
        relation.type, _of_type(relation) | ({"name": given.get("name")} if relation.type == "person" else {})
    )
    if relation.type != "person" and not relation.fiscal_year_end:
        relation.fiscal_year_end = LAST_OF_YEAR
    relation.name = display_name(relation)
    for column, value in keys(relation.number, relation.name).items():
        setattr(relation, column, value)
    relation.search = search.text_of(
        relation.number, relation.name, relation.initials, relation.first_names, relation.email
    )
    return changed


def _of_type(relation: Relation) -> dict[str, Any]:
    return {field: getattr(relation, field) for field in (*PERSON_FIELDS, *ORGANISATION_FIELDS)}


def _columns(relation: Relation, given: Mapping[str, Any]) -> dict[str, Any]:
    """The API's fields as columns: those of other tables left out, objects merged or taken apart."""
    elsewhere = {*relation_identifiers.FIELDS, *relation_parts.FIELDS, "wwft", "addresses", "extension_schemes"}
    values = {field: value for field, value in given.items() if field not in elsewhere}
    if given.get("type", relation.type) == "person":
        values.pop("name", None)  # a person's is made of its parts
    if "addresses" in given:
        values["addresses"] = relation_addresses.change(relation.addresses, given["addresses"])
    if "wwft" in given:
        values |= {f"wwft_{name}": value for name, value in (given["wwft"] or dict.fromkeys(WWFT_FIELDS)).items()}
    if "extension_schemes" in given:
        values["extension_schemes"] = [
            scheme | {"granted_on": str(scheme["granted_on"]) if scheme.get("granted_on") else None}
            for scheme in given["extension_schemes"] or []
        ]
    return values


async def detail(session: AsyncSession, actor: Actor, relation: Relation) -> RelationDetail:
    """One relation as the office sees it: its numbers masked to their last digits, and what is odd about it."""
    digits = relation_identifiers.SHOWN_DIGITS
    numbers = await relation_identifiers.show(session, actor, [relation], digits=digits)
    await relation_parts.show(session, actor, [relation])
    relation.shown["warnings"] = [
        *await relation_identifiers.warnings(session, actor, relation, numbers),
        *relation_addresses.warnings(relation.addresses),
        *phones.warnings(phone=relation.phone),
        *await _parent_warnings(session, actor, relation),
    ]
    return RelationDetail.model_validate(relation)


async def show(session: AsyncSession, actor: Actor, relations: Sequence[Relation]) -> None:
    """What the office reads of each in a list: its numbers masked, its parts."""
    await relation_identifiers.show(session, actor, relations)
    await relation_parts.show(session, actor, relations)


async def _parent_warnings(session: AsyncSession, actor: Actor, relation: Relation) -> list[Finding]:
    if relation.parent_id is None:
        return []
    above = select(Relation.number).where(Relation.office_id == actor.office_id, Relation.id == relation.parent_id)
    start = number_key(await session.scalar(above) or "")
    if relation.number_key.startswith(f"{start}."):
        return []
    return [Finding("number", "number_of_parent", "This number does not begin with that of the relation above it.")]


async def _check_parent(session: AsyncSession, actor: Actor, parent_id: UUID, own_id: UUID | None) -> Relation:
    """The parent, if it is there for this actor and no ring comes of it."""
    if own_id is not None:  # all who move relations queue here, so that two moves can not make a ring together
        await offices.queue(session, actor)
    parent = await session.scalar(visible(actor, Relation).where(Relation.id == parent_id))
    if parent is None:
        raise invalid("/parent_id", "unknown", "There is no such relation.")
    columns = select(Relation.id, Relation.parent_id).where(Relation.office_id == actor.office_id)
    above = columns.where(Relation.id == parent_id).cte("above", recursive=True)
    above = above.union(columns.where(Relation.id == above.c.parent_id))
    if own_id is not None and await session.scalar(
        columns.where(Relation.id == own_id, Relation.id.in_(select(above.c.id)))
    ):
        raise invalid("/parent_id", "ring", "A relation can not be above itself.")
    return parent


def check_open(relation: Relation) -> None:
    if relation.archived_at is not None:
        raise Conflict("This relation is archived; nothing is changed about it.", code="archived")


async def archive(session: AsyncSession, actor: Actor, relation: Relation) -> None:
    """Out of sight for clients, read-only for the office; nothing is deleted (domain.md 6)."""
    if relation.archived_at is not None:
        raise Conflict("This relation is archived already.", code="archived")
    moment = datetime.now(UTC)
    relation.archived_at = moment
    await session.execute(
        update(Dossier)
        .where(Dossier.office_id == actor.office_id, Dossier.relation_id == relation.id)
        .values(archived_at=moment, version=Dossier.version + 1)
    )
    events.record(session, actor, "relation.archived", relation, relation_id=relation.id)
