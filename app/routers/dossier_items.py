from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import downloads, intake
from app.access import Actor, P
from app.dependencies import (
    Answer,
    CurrentActor,
    Db,
    Route,
    Store,
    Transaction,
    find,
    own_transactions,
    require,
    shape,
    shape_page,
)
from app.listing import Page, paginate
from app.models import Dossier, DossierItem
from app.openapi import DOWNLOAD, multipart_body
from app.routers.dossiers import DossierInPath
from app.routers.folders import FolderInPath
from app.schemas.dossier_items import (
    DossierItemQuery,
    DossierItemRead,
    DossierItemStaffRead,
    DossierItemUpdate,
    UploadOutcomes,
)
from app.services import dossier_items, events

router = APIRouter(tags=["dossier items"], route_class=Route)


async def item_in_path(item_id: UUID, session: Transaction, actor: CurrentActor) -> DossierItem:
    return await find(session, actor, DossierItem, item_id, dossier_items.WITH_BLOB)


ItemInPath = Annotated[DossierItem, Depends(item_in_path)]
Items = Page[DossierItemStaffRead] | Page[DossierItemRead]
Item = DossierItemStaffRead | DossierItemRead


@router.get("/folders/{folder_id}/items", dependencies=[require(P.DOSSIER_ITEMS_READ)], response_model=Items)
async def list_items_of_folder(
    folder: FolderInPath,
    query: Annotated[DossierItemQuery, Query()],
    session: Transaction,
    actor: CurrentActor,
) -> Any:
    """Documents in a folder (dossieritems)."""
    found = dossier_items.find_all(actor, query).where(DossierItem.folder_id == folder.id)
    page = await paginate(session, found, query, dossier_items.SORTS, DossierItem.id)
    return shape_page(actor, page, DossierItemRead, DossierItemStaffRead)


@router.post(
    "/folders/{folder_id}/items",
    status_code=201,
    dependencies=[require(P.DOSSIER_ITEMS_UPLOAD)],
    response_model=UploadOutcomes,
    responses={207: {"model": UploadOutcomes, "description": "Some files were stored, some refused"}},
    openapi_extra=multipart_body("files"),
)
@own_transactions
async def upload_items(folder_id: UUID, request: Request, actor: CurrentActor, db: Db) -> Response:
    """Upload documents into a folder (dossier vullen): any number of files, each with its own outcome.

    201 when all were stored, 207 when some were refused, a problem when none was. What was stored stays.
    """
    intake.check_multipart(request)
    async with db.transaction(actor.office_id) as session:
        await dossier_items.check_folder(session, actor, folder_id)

    async def commit(session: AsyncSession, now: Actor, form: intake.Form) -> Response:
        outcomes = await dossier_items.add_batch(session, now, folder_id, form.upload)
        status = 201 if all(outcome.status == "stored" for outcome in outcomes.items) else 207
        return JSONResponse(outcomes.model_dump(mode="json"), status, {"Location": f"/v1/folders/{folder_id}/items"})

    return await intake.take_in(request, actor, commit)


@router.get("/dossiers/{dossier_id}/items", dependencies=[require(P.DOSSIER_ITEMS_READ)], response_model=Items)
async def list_items_of_dossier(
    dossier: DossierInPath,
    query: Annotated[DossierItemQuery, Query()],
    session: Transaction,
    actor: CurrentActor,
) -> Any:
    """Search the documents of a dossier (dossieritems)."""
    found = dossier_items.find_all(actor, query).where(DossierItem.dossier_id == dossier.id)
    page = await paginate(session, found, query, dossier_items.SORTS, DossierItem.id)
    return shape_page(actor, page, DossierItemRead, DossierItemStaffRead)


@router.get("/dossier-items/{item_id}", dependencies=[require(P.DOSSIER_ITEMS_READ)], response_model=Item)
async def get_item(item: ItemInPath, actor: CurrentActor, answer: Answer) -> Any:
    """One document (dossieritem)."""
    answer.show(item)
    return shape(actor, item, DossierItemRead, DossierItemStaffRead)


@router.patch(
    "/dossier-items/{item_id}",
    dependencies=[require(P.DOSSIER_ITEMS_WRITE)],
    response_model=DossierItemStaffRead,
)
async def update_item(
    item: ItemInPath, data: DossierItemUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Rename a document, or move it within its dossier (verplaatsen)."""
    answer.check(item)
    await dossier_items.change(session, actor, item, data)
    await session.flush()
    answer.show(item)
    return item


@router.delete("/dossier-items/{item_id}", status_code=204, dependencies=[require(P.DOSSIER_ITEMS_DELETE)])
async def delete_item(item: ItemInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Put a document in the bin (prullenbak); it can be restored until it is removed for good."""
    answer.check(item)
    await dossier_items.put_in_bin(session, actor, item)


@router.post(
    "/dossier-items/{item_id}/restore",
    dependencies=[require(P.DOSSIER_ITEMS_DELETE)],
    response_model=DossierItemStaffRead,
)
async def restore_item(item: ItemInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Take a document out of the bin (terugzetten)."""
    await dossier_items.restore(session, actor, item)
    await session.flush()
    answer.show(item)
    return item


@router.get(
    "/dossier-items/{item_id}/content",
    dependencies=[require(P.DOSSIER_ITEMS_READ)],
    response_class=Response,
    responses=DOWNLOAD,
)
@own_transactions
async def get_item_content(item_id: UUID, request: Request, actor: CurrentActor, db: Db, store: Store) -> Response:
    """The bytes of a document (downloaden); ranges and HEAD work."""
    async with db.transaction(actor.office_id) as session:
        item = await find(session, actor, DossierItem, item_id, dossier_items.WITH_BLOB)
        dossier = await session.get_one(Dossier, (actor.office_id, item.dossier_id))
        if downloads.is_read(request, item.blob):
            await events.downloaded(session, actor, item, dossier.relation_id, is_range="range" in request.headers)
    return await downloads.send(request, store, item.blob, item.name)
