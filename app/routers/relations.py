from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P
from app.dependencies import (
    Answer,
    CurrentActor,
    Route,
    Transaction,
    find,
    require,
    shape_page,
)
from app.listing import Page
from app.models import Relation
from app.schemas.relation_completeness import Completeness
from app.schemas.relations import (
    RelationCreate,
    RelationDetail,
    RelationQuery,
    RelationRead,
    RelationStaffRead,
    RelationUpdate,
    TypeChange,
)
from app.services import relation_completeness, relation_lists, relations

router = APIRouter(prefix="/relations", tags=["relations"], route_class=Route)


async def relation_in_path(relation_id: UUID, session: Transaction, actor: CurrentActor) -> Relation:
    return await find(session, actor, Relation, relation_id, relations.WITH_DOSSIER)


async def relation_to_change(relation_id: UUID, session: Transaction, actor: CurrentActor) -> Relation:
    """Who changes the same one waits here, so that none of many at once runs out of tries."""
    return await find(session, actor, Relation, relation_id, relations.WITH_DOSSIER, change=True)


RelationInPath = Annotated[Relation, Depends(relation_in_path)]
RelationToChange = Annotated[Relation, Depends(relation_to_change)]


@router.get("", dependencies=[require(P.RELATIONS_READ)], response_model=Page[RelationStaffRead] | Page[RelationRead])
async def list_relations(query: Annotated[RelationQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Relations (relaties): for the office those the caller has a role on, for a client those he is linked to."""
    page = await relation_lists.page(session, actor, query)
    if not actor.is_contact:
        await relations.show(session, actor, page.items)
    return shape_page(actor, page, RelationRead, RelationStaffRead)


@router.post("", status_code=201, dependencies=[require(P.RELATIONS_WRITE)])
async def create_relation(
    data: RelationCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> RelationDetail:
    """Make a relation (relatie). Its dossier, with the office's folder template, is there at once."""
    relation = await relations.create(session, actor, data)
    answer.created(f"/relations/{relation.id}", relation)
    return await relations.detail(session, actor, relation)


@router.get(
    "/{relation_id}",
    dependencies=[require(P.RELATIONS_READ)],
    response_model=RelationDetail | RelationRead,
)
async def get_relation(relation: RelationInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """One relation (relatie)."""
    answer.show(relation)
    return relation if actor.is_contact else await relations.detail(session, actor, relation)


@router.get("/{relation_id}/completeness", dependencies=[require(P.RELATION_COMPLETENESS_READ)])
async def get_relation_completeness(
    relation: RelationInPath, session: Transaction, actor: CurrentActor
) -> Completeness:
    """Which empty field stops which process (volledigheid); `missing` filters the list of relations by it."""
    return await relation_completeness.find(session, actor, relation)


@router.patch("/{relation_id}", dependencies=[require(P.RELATIONS_WRITE)])
async def update_relation(
    relation: RelationToChange, data: RelationUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> RelationDetail:
    """Change a relation (relatie)."""
    answer.check(relation)
    await relations.change(session, actor, relation, data)
    await session.flush()
    answer.show(relation)
    return await relations.detail(session, actor, relation)


@router.post("/{relation_id}/change-type", dependencies=[require(P.RELATIONS_WRITE)])
async def change_relation_type(
    relation: RelationToChange, data: TypeChange, session: Transaction, actor: CurrentActor, answer: Answer
) -> RelationDetail:
    """Give a relation another type (type relatie); fields that the new type does not have are cleared.

    Numbers that do not go with it, such as the RSIN of what becomes a person, refuse the change: clear them first.
    """
    answer.check(relation)
    await relations.change_type(session, actor, relation, data)
    await session.flush()
    answer.show(relation)
    return await relations.detail(session, actor, relation)


@router.delete("/{relation_id}", status_code=204, dependencies=[require(P.RELATIONS_ARCHIVE)])
async def archive_relation(
    relation: RelationToChange, session: Transaction, actor: CurrentActor, answer: Answer
) -> None:
    """Archive a relation and its dossier (archiveren): closed to clients and to changes at once; nothing is deleted."""
    answer.check(relation)
    await relations.archive(session, actor, relation)


@router.post("/{relation_id}/restore", dependencies=[require(P.RELATIONS_ARCHIVE)])
async def restore_relation(
    relation: RelationToChange, session: Transaction, actor: CurrentActor, answer: Answer
) -> RelationDetail:
    """Take an archived relation and its dossier into use again (terugzetten)."""
    answer.check(relation)
    await relations.restore(session, actor, relation)
    await session.flush()
    answer.show(relation)
    return await relations.detail(session, actor, relation)
