from anyio import to_thread
from fastapi import APIRouter, Request, Response

from app import downloads
from app.access import Actor, P
from app.db import Database
from app.dependencies import CurrentActor, Db, Route, own_transactions, require
from app.openapi_parts import file_answer
from app.schemas.import_templates import MEDIA_TYPES, TEMPLATES, Form
from app.services import import_templates

router = APIRouter(prefix="/import-templates", tags=["import templates"], route_class=Route)

XLSX = file_answer(MEDIA_TYPES["xlsx"])
CSV = file_answer("text/csv")


async def _send(request: Request, actor: Actor, db: Database, name: str, form: Form) -> Response:
    template = TEMPLATES[name]
    async with db.transaction(actor.office_id) as session:
        words = await import_templates.words_of(session, actor)
    content = await to_thread.run_sync(import_templates.MAKERS[form], template, words)
    return downloads.attach(request, content, f"{template.name}.{form}", MEDIA_TYPES[form])


@router.get("/relations.xlsx", dependencies=[require(P.IMPORT_TEMPLATES_READ)], response_class=Response, responses=XLSX)
@own_transactions
async def get_relations_template(request: Request, actor: CurrentActor, db: Db) -> Response:
    """The sample file for relations (importvoorbeeldbestand): an example, drop-downs, and a sheet that explains."""
    return await _send(request, actor, db, "relations", "xlsx")


@router.get("/relations.csv", dependencies=[require(P.IMPORT_TEMPLATES_READ)], response_class=Response, responses=CSV)
@own_transactions
async def get_relations_template_csv(request: Request, actor: CurrentActor, db: Db) -> Response:
    """The sample file for relations (importvoorbeeldbestand) as CSV: UTF-8 with its mark, `;` between the cells."""
    return await _send(request, actor, db, "relations", "csv")


@router.get("/contacts.xlsx", dependencies=[require(P.IMPORT_TEMPLATES_READ)], response_class=Response, responses=XLSX)
@own_transactions
async def get_contacts_template(request: Request, actor: CurrentActor, db: Db) -> Response:
    """The sample file for contacts (importvoorbeeldbestand), with the relations that each is linked to."""
    return await _send(request, actor, db, "contacts", "xlsx")


@router.get("/contacts.csv", dependencies=[require(P.IMPORT_TEMPLATES_READ)], response_class=Response, responses=CSV)
@own_transactions
async def get_contacts_template_csv(request: Request, actor: CurrentActor, db: Db) -> Response:
    """The sample file for contacts (importvoorbeeldbestand) as CSV: UTF-8 with its mark, `;` between the cells."""
    return await _send(request, actor, db, "contacts", "csv")
