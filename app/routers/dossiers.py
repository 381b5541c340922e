from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import Actor, P, visible
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require, shape, shape_page
from app.errors import NotFound
from app.listing import Page, paginate
from app.models import Dossier, Folder
from app.routers.relations import RelationInPath
from app.schemas.folders import (
    DossierQuery,
    DossierRead,
    DossierStaffRead,
    FolderCreate,
    FolderQuery,
    FolderRead,
    FolderStaffRead,
    FolderUpdate,
)
from app.services import dossiers

router = APIRouter(tags=["dossiers"], route_class=Route)


async def dossier_in_path(dossier_id: UUID, session: Transaction, actor: CurrentActor) -> Dossier:
    return await find(session, actor, Dossier, dossier_id, dossiers.WITH_RELATION)


async def folder_in_path(folder_id: UUID, session: Transaction, actor: CurrentActor) -> Folder:
    return await find(session, actor, Folder, folder_id)


DossierInPath = Annotated[Dossier, Depends(dossier_in_path)]
FolderInPath = Annotated[Folder, Depends(folder_in_path)]


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
    answer.show(dossier)
    return shape(actor, dossier, DossierRead, DossierStaffRead)


@router.get(
    "/dossiers/{dossier_id}",
    dependencies=[require(P.DOSSIERS_READ)],
    response_model=DossierStaffRead | DossierRead,
)
async def get_dossier(dossier: DossierInPath, actor: CurrentActor, answer: Answer) -> Any:
    """One dossier (dossier)."""
    answer.show(dossier)
    return shape(actor, dossier, DossierRead, DossierStaffRead)


@router.get(
    "/dossiers/{dossier_id}/folders",
    dependencies=[require(P.DOSSIERS_READ)],
    response_model=Page[FolderStaffRead] | Page[FolderRead],
)
async def list_folders(
    dossier: DossierInPath, query: Annotated[FolderQuery, Query()], session: Transaction, actor: CurrentActor
) -> Any:
    """The folders of a dossier (dossiermappen), flat with `parent_id`; a client gets the open ones only."""
    found = visible(actor, Folder).where(Folder.dossier_id == dossier.id)
    page = await paginate(session, found, query, dossiers.FOLDER_SORTS, Folder.id)
    if actor.is_contact:
        page.items = await _as_client(session, actor, page.items)
    return shape_page(actor, page, FolderRead, FolderStaffRead)


async def _as_client(session: Transaction, actor: Actor, folders: Sequence[Folder]) -> list[Any]:
    shown = await dossiers.open_parents(session, actor, folders)
    reads = [FolderRead.model_validate(folder) for folder in folders]
    return [read if read.parent_id in shown else read.model_copy(update={"parent_id": None}) for read in reads]


@router.post("/dossiers/{dossier_id}/folders", status_code=201, dependencies=[require(P.FOLDERS_WRITE)])
async def create_folder(
    dossier: DossierInPath, data: FolderCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> FolderStaffRead:
    """Make a folder (dossiermap)."""
    folder = await dossiers.add_folder(session, actor, dossier, data)
    answer.created(f"/folders/{folder.id}", folder)
    return FolderStaffRead.model_validate(folder)


@router.get(
    "/folders/{folder_id}",
    dependencies=[require(P.DOSSIERS_READ)],
    response_model=FolderStaffRead | FolderRead,
)
async def get_folder(folder: FolderInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """One folder (dossiermap)."""
    answer.show(folder)
    if actor.is_contact:
        return (await _as_client(session, actor, [folder]))[0]
    return FolderStaffRead.model_validate(folder)


@router.patch("/folders/{folder_id}", dependencies=[require(P.FOLDERS_WRITE)])
async def update_folder(
    folder: FolderInPath, data: FolderUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> FolderStaffRead:
    """Rename a folder, or open or close it to clients (ontsluiten); closing holds at once."""
    answer.check(folder)
    await dossiers.change_folder(session, actor, folder, data)
    await session.flush()
    answer.show(folder)
    return FolderStaffRead.model_validate(folder)


@router.delete("/folders/{folder_id}", status_code=204, dependencies=[require(P.FOLDERS_WRITE)])
async def delete_folder(folder: FolderInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Delete an empty folder (dossiermap). The Inbox and a folder that a request delivers into stay: 409."""
    answer.check(folder)
    await dossiers.remove_folder(session, actor, folder)
