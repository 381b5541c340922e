from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P, visible
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require, shape, shape_page
from app.errors import NotFound
from app.listing import Page, paginate
from app.models import Dossier
from app.routers.relations import RelationInPath
from app.schemas.dossiers import DossierQuery, DossierRead, DossierStaffRead
from app.services import dossiers

router = APIRouter(tags=["dossiers"], route_class=Route)


async def dossier_in_path(dossier_id: UUID, session: Transaction, actor: CurrentActor) -> Dossier:
    return await find(session, actor, Dossier, dossier_id, dossiers.WITH_RELATION)


DossierInPath = Annotated[Dossier, Depends(dossier_in_path)]


@router.get(
    "/dossiers",
    dependencies=[require(P.DOSSIERS_READ)],
    response_model=Page[DossierStaffRead] | Page[DossierRead],
)
async def list_dossiers(query: Annotated[DossierQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Dossiers (dossiers) that are open to the caller: where a client begins."""
    found = visible(actor, Dossier).options(dossiers.WITH_RELATION)
    page = await paginate(session, found, query, dossiers.SORTS, Dossier.id)
    return shape_page(actor, page, DossierRead, DossierStaffRead)


@router.get(
    "/relations/{relation_id}/dossier",
    dependencies=[require(P.DOSSIERS_READ)],
    response_model=DossierStaffRead | DossierRead,
)
async def get_dossier_of_relation(
    relation: RelationInPath, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """The dossier of a relation (dossier); there is exactly one."""
    found = visible(actor, Dossier).where(Dossier.relation_id == relation.id).options(dossiers.WITH_RELATION)
    dossier = await session.scalar(found)
    if dossier is None:
        raise NotFound
    answer.show(dossier, dossier.relation)
    return shape(actor, dossier, DossierRead, DossierStaffRead)


@router.get(
    "/dossiers/{dossier_id}",
    dependencies=[require(P.DOSSIERS_READ)],
    response_model=DossierStaffRead | DossierRead,
)
async def get_dossier(dossier: DossierInPath, actor: CurrentActor, answer: Answer) -> Any:
    """One dossier (dossier)."""
    answer.show(dossier, dossier.relation)
    return shape(actor, dossier, DossierRead, DossierStaffRead)
