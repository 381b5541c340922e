from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require, shape, shape_page
from app.listing import Page, paginate
from app.models import Relation
from app.schemas.relations import (
    RelationCreate,
    RelationQuery,
    RelationRead,
    RelationStaffRead,
    RelationUpdate,
)
from app.services import relations

router = APIRouter(prefix="/relations", tags=["relations"], route_class=Route)


async def relation_in_path(relation_id: UUID, session: Transaction, actor: CurrentActor) -> Relation:
    return await find(session, actor, Relation, relation_id, relations.WITH_DOSSIER)


RelationInPath = Annotated[Relation, Depends(relation_in_path)]


@router.get("", dependencies=[require(P.RELATIONS_READ)], response_model=Page[RelationStaffRead] | Page[RelationRead])
async def list_relations(query: Annotated[RelationQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Relations (relaties): for the office those the caller has a role on, for a client those he is linked to."""
    page = await paginate(session, relations.find_all(actor, query), query, relations.SORTS, Relation.id)
    return shape_page(actor, page, RelationRead, RelationStaffRead)


@router.post("", status_code=201, dependencies=[require(P.RELATIONS_WRITE)], response_model=RelationStaffRead)
async def create_relation(data: RelationCreate, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Make a relation (relatie). Its dossier, with the office's folder template, is there at once."""
    relation = await relations.create(session, actor, data)
    answer.created(f"/relations/{relation.id}", relation)
    return relation


@router.get(
    "/{relation_id}",
    dependencies=[require(P.RELATIONS_READ)],
    response_model=RelationStaffRead | RelationRead,
)
async def get_relation(relation: RelationInPath, actor: CurrentActor, answer: Answer) -> Any:
    """One relation (relatie)."""
    answer.show(relation)
    return shape(actor, relation, RelationRead, RelationStaffRead)


@router.patch("/{relation_id}", dependencies=[require(P.RELATIONS_WRITE)], response_model=RelationStaffRead)
async def update_relation(
    relation: RelationInPath, data: RelationUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Change a relation (relatie)."""
    answer.check(relation)
    await relations.change(session, actor, relation, data)
    await session.flush()
    answer.show(relation)
    return relation


@router.delete("/{relation_id}", status_code=204, dependencies=[require(P.RELATIONS_ARCHIVE)])
async def archive_relation(relation: RelationInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Archive a relation and its dossier (archiveren): closed to clients and to changes at once; nothing is deleted."""
    answer.check(relation)
    await relations.archive(session, actor, relation)
