from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app import downloads
from app.access import Actor, P
from app.db import Database
from app.dependencies import CurrentActor, Db, Route, own_transactions, require
from app.openapi_parts import made_answer
from app.schemas.exports import ContactExportQuery, RelationExportQuery
from app.schemas.import_templates import MEDIA_TYPES, TEMPLATES, Form
from app.services import export_files, exports
from app.services.export_places import Exports

router = APIRouter(prefix="/exports", tags=["exports"], route_class=Route)

XLSX = made_answer(MEDIA_TYPES["xlsx"])
CSV = made_answer("text/csv")


async def _send(request: Request, actor: Actor, db: Database, name: str, query: Any, form: Form) -> Response:
    export, file_name = exports.EXPORTS[name], f"{TEMPLATES[name].name}.{form}"
    if request.state.is_head:
        return downloads.announce(file_name, MEDIA_TYPES[form])
    ask = downloads.asking(request)
    async with db.transaction(actor.office_id) as session:
        await exports.begin(session, await ask(session), export, query, form)
    pages = exports.pages(db, actor.office_id, ask, export, query)
    columns = export.catalogue.columns
    if form == "csv":
        return await downloads.stream(export_files.csv(columns, pages), file_name, MEDIA_TYPES[form])
    places: Exports = request.app.state.exports
    file = await places.make(actor, lambda path: export_files.write(form, path, export.catalogue.sheet, columns, pages))
    return downloads.send_spooled(file, file_name, MEDIA_TYPES[form])


@router.get("/relations.xlsx", dependencies=[require(P.EXPORTS_READ)], response_class=Response, responses=XLSX)
@own_transactions
async def export_relations(
    query: Annotated[RelationExportQuery, Query()], request: Request, actor: CurrentActor, db: Db
) -> Response:
    """Relations (relaties) in the columns of the import; numbers of natural persons masked.

    Imported again it changes nothing: a mask means that the number stays as it is. The history says who took it.
    """
    return await _send(request, actor, db, "relations", query, "xlsx")


@router.get("/relations.csv", dependencies=[require(P.EXPORTS_READ)], response_class=Response, responses=CSV)
@own_transactions
async def export_relations_csv(
    query: Annotated[RelationExportQuery, Query()], request: Request, actor: CurrentActor, db: Db
) -> Response:
    """Relations (relaties) as CSV for Dutch Excel: UTF-8 with its mark, `;` between the cells. Streamed.

    An answer that ends in the middle is cut off, never ended as if it were whole.
    """
    return await _send(request, actor, db, "relations", query, "csv")


@router.get("/contacts.xlsx", dependencies=[require(P.EXPORTS_READ)], response_class=Response, responses=XLSX)
@own_transactions
async def export_contacts(
    query: Annotated[ContactExportQuery, Query()], request: Request, actor: CurrentActor, db: Db
) -> Response:
    """Contacts (contacten) in the columns of the import, with the relations that each is linked to."""
    return await _send(request, actor, db, "contacts", query, "xlsx")


@router.get("/contacts.csv", dependencies=[require(P.EXPORTS_READ)], response_class=Response, responses=CSV)
@own_transactions
async def export_contacts_csv(
    query: Annotated[ContactExportQuery, Query()], request: Request, actor: CurrentActor, db: Db
) -> Response:
    """Contacts (contacten) as CSV for Dutch Excel: UTF-8 with its mark, `;` between the cells. Streamed."""
    return await _send(request, actor, db, "contacts", query, "csv")
