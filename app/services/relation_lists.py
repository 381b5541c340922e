"""Which relations a list holds: filters, and what `q` finds."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app import identifiers, search
from app.access import Actor, visible
from app.errors import invalid
from app.listing import ListQuery, Page, paginate
from app.models import Relation, RelationExternalId, RelationIdentifier, RelationLabel, RelationProduct, RelationRole
from app.models.base import holds
from app.schemas.relations import RelationFilters, RelationQuery
from app.services import relation_gaps, relation_identifiers
from app.services.relations import WITH_DOSSIER
from app.text import fold, number_key

SORTS = {
    "number": (Relation.number_sort,),
    "name": (Relation.name_key,),
    "updated_at": (Relation.updated_at,),
}
EQUAL = ("type", "status", "legal_form", "kind_id", "group_id", "parent_id")
# Numbers that may stand in an address; a citizen number is asked for by POST (AZ-07).
OPEN_NUMBERS = ("rsin", "kvk_number", "branch_number", "iban")
MOST = 2000  # relations with one number
# What a client may ask for: what is kept for the office alone can not be felt out by filters either.
OF_CLIENTS = {*ListQuery.model_fields, "sort", "q", "type", "archived"}


async def page(session: AsyncSession, actor: Actor, query: RelationQuery) -> Page[Any]:
    if actor.is_contact:
        _check_client(query)
    found = (await filtered(session, actor, query)).options(WITH_DOSSIER)
    if query.external_id:
        found = found.where(_known_as(actor, query.external_id))
    if query.q and actor.is_contact:
        return await paginate(session, found.where(_named(query.q)), query, SORTS, Relation.id)
    return await search.page(session, found, Relation, query, SORTS, await _holders(session, actor, query.q or ""))


async def filtered(session: AsyncSession, actor: Actor, query: RelationFilters) -> Select[Relation]:
    found = visible(actor, Relation)
    found = found.where(Relation.archived_at.is_not(None) if query.archived else Relation.archived_at.is_(None))
    for field in EQUAL:
        if (value := getattr(query, field)) is not None:
            found = found.where(getattr(Relation, field) == value)
    found = found.where(*_hanging(actor, query))
    if query.missing:
        found = found.where(await relation_gaps.lacks(session, actor, query.missing))
    return found


def _check_client(query: RelationQuery) -> None:
    for field in query.model_fields_set - OF_CLIENTS:
        raise invalid(f"/{field}", "unknown_parameter", "There is no such parameter here.", "query")


def _named(text: str) -> ColumnElement[bool]:
    """For a client: in the number and the name, which is what he reads; he has a few relations.

    Word by word, since a person's key begins with his surname.
    """
    in_name = [Relation.name_key.contains(word, autoescape=True) for word in fold(text).split()]
    return or_(Relation.number_key.contains(number_key(text), autoescape=True), and_(true(), *in_name))


def _hanging(actor: Actor, query: RelationFilters) -> list[ColumnElement[bool]]:
    """Conditions on what hangs on the relation in tables of its own."""
    wanted = []
    if query.label_id:
        wanted.append(_of(actor, RelationLabel, RelationLabel.label_id == query.label_id))
    if query.product_id:
        today = holds(RelationProduct.starts_on, RelationProduct.ends_on)
        wanted.append(_of(actor, RelationProduct, RelationProduct.product_id == query.product_id, today))
    if query.team_member_id:
        wanted.append(_of(actor, RelationRole, RelationRole.team_member_id == query.team_member_id))
    return wanted


def _known_as(actor: Actor, name: str) -> ColumnElement[bool]:
    system, _, external_id = name.partition(":")
    same = (RelationExternalId.system == system, RelationExternalId.external_id == external_id)
    return _of(actor, RelationExternalId, *same)


def _of(actor: Actor, model: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return Relation.id.in_(select(model.relation_id).where(model.office_id == actor.office_id, *conditions))


async def _holders(session: AsyncSession, actor: Actor, text: str) -> list[UUID]:
    """Who has what the text is when it is a number."""
    numbers, _ = identifiers.readings(text, OPEN_NUMBERS)
    if not numbers:
        return []
    same = relation_identifiers.is_one_of(session, actor, numbers)
    holders = select(RelationIdentifier.relation_id).where(RelationIdentifier.office_id == actor.office_id, same)
    return list(await session.scalars(holders.limit(MOST)))
