from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import downloads, intake
from app.access import Actor, P
from app.db import Database
from app.dependencies import Answer, CurrentActor, Db, Route, Store, Transaction, find, own_transactions, require
from app.listing import Page, paginate
from app.models import Import, ImportRow
from app.openapi import multipart_body
from app.openapi_parts import headers, made_answer
from app.schemas.import_templates import MEDIA_TYPES, TEMPLATES, Form
from app.schemas.imports import CommitOptions, ImportOptions, ImportQuery, ImportRead, ImportRowQuery, ImportRowRead
from app.services import import_rejects, imports
from app.services.export_places import Exports
from app.storage import Storage

router = APIRouter(prefix="/imports", tags=["imports"], route_class=Route)


async def import_in_path(import_id: UUID, session: Transaction, actor: CurrentActor) -> Import:
    return await find(session, actor, Import, import_id)


async def import_to_change(import_id: UUID, session: Transaction, actor: CurrentActor) -> Import:
    """Two who order something of the same one come after each other."""
    return await find(session, actor, Import, import_id, change=True)


ImportInPath = Annotated[Import, Depends(import_in_path)]
ImportToChange = Annotated[Import, Depends(import_to_change)]
REFUSALS: dict[int | str, dict[str, Any]] = {409: {}, 410: {}}
# Long work on an import; with `If-Match` only on the one that somebody looked at.
ORDER: dict[str, Any] = {
    "status_code": 202,
    "dependencies": [require(P.IMPORTS_WRITE)],
    "response_model": ImportRead,
    "responses": {412: {}},
}
XLSX = made_answer(MEDIA_TYPES["xlsx"]) | REFUSALS
CSV = made_answer("text/csv") | REFUSALS


@router.get("", dependencies=[require(P.IMPORTS_READ)], response_model=Page[ImportRead])
async def list_imports(query: Annotated[ImportQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Imports of the office (imports), the newest first."""
    return await paginate(session, imports.find_all(actor, query), query, imports.SORTS, Import.id)


@router.post(
    "",
    status_code=201,
    dependencies=[require(P.IMPORTS_WRITE)],
    response_model=ImportRead,
    responses={201: {"headers": headers("ETag", "Location")}},
    openapi_extra=multipart_body("files"),
)
@own_transactions
async def create_import(options: Annotated[ImportOptions, Query()], request: Request, actor: CurrentActor) -> Response:
    """Upload a file of relations or contacts, XLSX, XLS, ODS or CSV (import). It is planned; nothing changes yet."""
    intake.check_multipart(request)

    async def commit(session: Any, now: Actor, form: intake.Form) -> Response:
        of = await imports.create(session, now, options, form.upload)
        content = ImportRead.model_validate(of).model_dump(mode="json")
        return JSONResponse(content, 201, {"Location": f"/v1/imports/{of.id}", "ETag": f'"{of.version}"'})

    return await intake.take_in(request, actor, commit, max_files=1, any_name=True)


@router.get("/{import_id}", dependencies=[require(P.IMPORTS_READ)], response_model=ImportRead)
async def get_import(of: ImportInPath, answer: Answer) -> Any:
    """An import, and how far it is (voortgang)."""
    answer.show(of)
    return of


@router.get("/{import_id}/rows", dependencies=[require(P.IMPORTS_READ)], response_model=Page[ImportRowRead])
async def list_import_rows(
    of: ImportInPath, query: Annotated[ImportRowQuery, Query()], session: Transaction, actor: CurrentActor
) -> Any:
    """What becomes of each row (importregels)."""
    return await paginate(session, imports.rows(actor, of, query), query, imports.ROW_SORTS, ImportRow.id)


async def _send_rejected(
    request: Request, actor: Actor, db: Database, store: Storage, import_id: UUID, form: Form
) -> Response:
    ask = downloads.asking(request)
    async with db.transaction(actor.office_id) as session:
        now = await ask(session)
        of = await find(session, now, Import, import_id, import_rejects.WITH_FILE)
        name = f"{TEMPLATES[of.kind].name}-fouten.{form}"
        import_rejects.file_of(of)
        if request.state.is_head:
            return downloads.announce(name, MEDIA_TYPES[form])
        await import_rejects.record(session, now, of, form)
    places: Exports = request.app.state.exports
    file = await places.make(now, lambda path: import_rejects.write(db, store, ask, of, form, path))
    return downloads.send_spooled(file, name, MEDIA_TYPES[form])


@router.get(
    "/{import_id}/rejected-rows.xlsx",
    dependencies=[require(P.IMPORTS_READ, P.IMPORTS_WRITE)],
    response_class=Response,
    responses=XLSX,
)
@own_transactions
async def get_rejected_rows(import_id: UUID, request: Request, actor: CurrentActor, db: Db, store: Store) -> Response:
    """The rows that are left out (afgekeurde regels), with their errors in a last column `Fouten`: correct, upload.

    Also those that a batch left out. Under the headings of the sample file; columns that mean nothing here are kept
    out. The cells are those of the file that was uploaded, **unmasked**: numbers of people stand in it as they were
    typed, which is why it takes the permission to import too, and the history says who took it. An import of it leaves
    `Fouten` out.
    """
    return await _send_rejected(request, actor, db, store, import_id, "xlsx")


@router.get(
    "/{import_id}/rejected-rows.csv",
    dependencies=[require(P.IMPORTS_READ, P.IMPORTS_WRITE)],
    response_class=Response,
    responses=CSV,
)
@own_transactions
async def get_rejected_rows_csv(
    import_id: UUID, request: Request, actor: CurrentActor, db: Db, store: Store
) -> Response:
    """The rows that are left out (afgekeurde regels) as CSV for Dutch Excel, **unmasked** as they were uploaded."""
    return await _send_rejected(request, actor, db, store, import_id, "csv")


@router.post("/{import_id}/plan", **ORDER)
async def plan_import(of: ImportToChange, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Plan the same file anew, on what the office has now (opnieuw plannen)."""
    answer.check(of)
    await imports.plan(session, actor, of)
    answer.created(f"/imports/{of.id}", of)
    return of


@router.post("/{import_id}/commit", **ORDER)
async def commit_import(
    of: ImportToChange,
    options: Annotated[CommitOptions, Query()],
    session: Transaction,
    actor: CurrentActor,
    answer: Answer,
) -> Any:
    """Do exactly what was planned, all of it or nothing (doorvoeren). Rows with an error are left out.

    409 names the rows that were planned from what has changed since. What changes between this and the writing is found
    too: then the import is `planned` again, and its problem names the rows. Safe to call again.
    """
    answer.check(of)
    await imports.commit(session, actor, of, options)
    answer.created(f"/imports/{of.id}", of)
    return of


@router.post("/{import_id}/cancel", **ORDER)
async def cancel_import(of: ImportToChange, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Stop it (annuleren). A commit or undo that is under way is as if it had never begun.

    Of a commit in batches, what was committed stays and `counts.committed` says how much: the import is `planned`
    again, to be committed on or undone.
    """
    answer.check(of)
    await imports.cancel(session, actor, of)
    answer.created(f"/imports/{of.id}", of)
    return of


@router.post("/{import_id}/undo", **ORDER)
async def undo_import(of: ImportToChange, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Take a committed import back (ongedaan maken): what it made goes, what it changed is as it was.

    A row that somebody went on with since stays as it is, and its `stays` says why: once that is out of the way, the
    same call takes it back too. Imports of the same relations or contacts go back one after another, the last first.
    """
    answer.check(of)
    await imports.undo(session, actor, of)
    answer.created(f"/imports/{of.id}", of)
    return of
