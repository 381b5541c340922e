from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import Actor, P, visible
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require, shape_page
from app.listing import Page, paginate
from app.models import Folder
from app.routers.dossiers import DossierInPath
from app.schemas.folders import FolderCreate, FolderQuery, FolderRead, FolderStaffRead, FolderUpdate
from app.services import folders

router = APIRouter(tags=["folders"], route_class=Route)


async def folder_in_path(folder_id: UUID, session: Transaction, actor: CurrentActor) -> Folder:
    return await find(session, actor, Folder, folder_id)


FolderInPath = Annotated[Folder, Depends(folder_in_path)]


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
    page = await paginate(session, found, query, folders.SORTS, Folder.id)
    if actor.is_contact:
        page.items = await _as_client(session, actor, page.items)
    return shape_page(actor, page, FolderRead, FolderStaffRead)


async def _as_client(session: Transaction, actor: Actor, rows: Sequence[Folder]) -> list[Any]:
    shown = await folders.open_parents(session, actor, rows)
    reads = [FolderRead.model_validate(folder) for folder in rows]
    return [read if read.parent_id in shown else read.model_copy(update={"parent_id": None}) for read in reads]


@router.post("/dossiers/{dossier_id}/folders", status_code=201, dependencies=[require(P.FOLDERS_WRITE)])
async def create_folder(
    dossier: DossierInPath, data: FolderCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> FolderStaffRead:
    """Make a folder (dossiermap)."""
    folder = await folders.create(session, actor, dossier, data)
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
    await folders.change(session, actor, folder, data)
    await session.flush()
    answer.show(folder)
    return FolderStaffRead.model_validate(folder)


@router.delete("/folders/{folder_id}", status_code=204, dependencies=[require(P.FOLDERS_WRITE)])
async def delete_folder(folder: FolderInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Delete an empty folder (dossiermap). The Inbox and a folder that a request delivers into stay: 409."""
    answer.check(folder)
    await folders.remove(session, actor, folder)
