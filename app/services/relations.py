"""Relations: numbered, named by their type, each with its dossier from the first moment."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.models import Dossier, Relation
from app.schemas.relations import (
    ORGANISATION_FIELDS,
    PERSON_FIELDS,
    RelationCreate,
    RelationDetail,
    RelationQuery,
    RelationUpdate,
    check_type_fields,
)
from app.services import dossiers, events, offices, relation_identifiers, relation_numbers, relation_team
from app.text import fold, natural, number_key

WITH_DOSSIER = joinedload(Relation.dossier)
SORTS = {
    "number": (Relation.number_sort,),
    "name": (Relation.name_key,),
    "updated_at": (Relation.updated_at,),
}


def display_name(values: Any) -> str:
    """What people call it: the organisation's name, or the person's as it is written."""
    if values.type != "person":
        return str(values.name)
    parts = (values.first_names or values.initials, values.prefix, values.surname)
    return " ".join(part for part in parts if part)


def keys(number: str, name: str) -> dict[str, str]:
    """The columns by which a number and a name are compared, sorted and searched."""
    return {"number_key": number_key(number), "number_sort": natural(number), "name_key": fold(name)}


def find_all(actor: Actor, query: RelationQuery) -> Select[Relation]:
    found = visible(actor, Relation).options(WITH_DOSSIER)
    found = found.where(Relation.archived_at.is_not(None) if query.archived else Relation.archived_at.is_(None))
    if query.type:
        found = found.where(Relation.type == query.type)
    if query.status:
        found = found.where(Relation.status == query.status)
    if query.q:
        found = found.where(matches(query.q, Relation))
    return found


def matches(text: str, model: Any) -> Any:
    """Number begins with it, or the name holds it; every character of it means itself."""
    return or_(
        model.number_key.startswith(number_key(text), autoescape=True),
        model.name_key.contains(fold(text), autoescape=True),
    )


async def create(session: AsyncSession, actor: Actor, data: RelationCreate) -> Relation:
    """A relation, its dossier with the template's folders, and its first team."""
    parent = None
    if data.parent_id is not None:
        parent = await _check_parent(session, actor, data.parent_id, None)
    name, number = display_name(data), data.number or await relation_numbers.propose(session, actor, parent)
    values = data.model_dump(exclude=set(relation_identifiers.FIELDS)) | {"name": name, "number": number}
    relation = Relation(office_id=actor.office_id, **values, **keys(number, name))
    session.add(relation)
    await session.flush()
    if (given := data.given()).keys() & relation_identifiers.FIELDS.keys():
        await relation_identifiers.put(session, actor, relation, given)
    await relation_team.begin(session, actor, relation)
    events.record(session, actor, "relation.created", relation, relation_id=relation.id, number=relation.number)
    await dossiers.create(session, actor, relation)
    await session.refresh(relation, ["dossier"])
    return relation


async def change(session: AsyncSession, actor: Actor, relation: Relation, data: RelationUpdate) -> None:
    check_open(relation)
    given = data.given()
    if given.get("parent_id") is not None:
        await _check_parent(session, actor, given["parent_id"], relation.id)
    changed = relation.take(
        {field: value for field, value in given.items() if field not in relation_identifiers.FIELDS}
    )
    own_name = relation.name if relation.type != "person" or given.get("name") else None
    check_type_fields(
        relation.type,
        {**{f: getattr(relation, f) for f in (*PERSON_FIELDS, *ORGANISATION_FIELDS)}, "name": own_name},
    )
    if given.keys() & {"legal_form", *relation_identifiers.FIELDS}:
        changed = sorted(changed + await relation_identifiers.put(session, actor, relation, given))
    relation.name = display_name(relation)
    for column, value in keys(relation.number, relation.name).items():
        setattr(relation, column, value)
    if changed:
        events.record(session, actor, "relation.changed", relation, relation_id=relation.id, fields=changed)


async def detail(session: AsyncSession, actor: Actor, relation: Relation) -> RelationDetail:
    """One relation as the office sees it: its numbers masked to their last digits, and what is odd about it."""
    digits = relation_identifiers.SHOWN_DIGITS
    numbers = await relation_identifiers.show(session, actor, [relation], digits=digits)
    relation.shown["warnings"] = await relation_identifiers.warnings(session, actor, relation, numbers)
    return RelationDetail.model_validate(relation)


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
