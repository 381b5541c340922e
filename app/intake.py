"""A request with files, from its place to its answer; the same for a batch into a folder and for a message.

Order of things: a place among the uploads, idempotency key, stream, final boundary, everything in the store, then
one transaction in which ``commit`` decides again whether this may still be, shows the files and keeps the answer.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app import idempotency
from app.access import Actor
from app.errors import Invalid, TooLarge, UnsupportedMedia, invalid
from app.multipart import Multipart
from app.services import auth
from app.services.upload_places import Uploads
from app.services.uploads import Upload
from app.strict_json import parse_json, read_body

FILES = "files"
M = TypeVar("M", bound=BaseModel)


@dataclass
class Form:
    """What came in: the small fields as they were sent, and the upload that holds the files."""

    upload: Upload
    fields: dict[str, bytes] = field(default_factory=dict)

    def json(self, name: str, model: type[M]) -> M:
        """The field of that name, checked like any JSON body."""
        if name not in self.fields:
            raise invalid(f"/{name}", "missing", f"Send a part named `{name}` with JSON.")
        try:
            return model.model_validate(parse_json(self.fields[name]))
        except ValidationError as error:
            found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
            raise RequestValidationError(found) from None


Commit = Callable[[AsyncSession, Actor, Form], Awaitable[Response]]


async def take_in(
    request: Request,
    actor: Actor,
    commit: Commit,
    *,
    fields: Collection[str] = (),
    max_files: int | None = None,
    json_field: str | None = None,
    any_name: bool = False,
) -> Response:
    """Run the write protocol (storage.md) for this request. ``json_field``: a JSON body is taken as that field;
    ``any_name``: what a file is goes by its content alone."""
    uploads: Uploads = request.app.state.uploads
    given = await _json(request, json_field, uploads.settings.json_max_bytes)
    async with uploads.begin(actor, files=given is None) as upload:
        upload.any_name = any_name
        # Not before there is a place: who leaves while he waits for one must not block his own next try.
        claim = upload.claim = await idempotency.claim(uploads.db, actor, request, uploads.settings.lease_seconds)
        form = Form(upload, given or {})
        try:
            if given is None:
                await _read(request, form, fields, max_files)
                await upload.arrived()
            return await _answer(request, form, commit)
        except BaseException:
            if claim and not claim.answer:
                await idempotency.release(uploads.db, actor, claim)
            raise


async def _answer(request: Request, form: Form, commit: Commit) -> Response:
    """Everything is in the store: the transaction that shows it, or the answer that was given before."""
    upload, claim = form.upload, form.upload.claim
    mark = upload.mark(*sorted((name, value.decode("utf-8", "replace")) for name, value in form.fields.items()))
    if claim and claim.answer:
        return claim.replay(mark)

    async def work(session: AsyncSession) -> Response:
        now = await auth.authenticate(session, request.state.credentials)
        response = await commit(session, now, form)
        if claim:
            await idempotency.finish(session, now, claim, mark, response)
        return response

    response = await upload.db.retrying(upload.actor.office_id, work)
    upload.is_committed = True
    return response


async def _json(request: Request, json_field: str | None, limit: int) -> dict[str, bytes] | None:
    """The body as that one field, when it is JSON; read before a place among the uploads is taken."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if json_field is None or content_type != "application/json":
        return None
    return {json_field: await read_body(request, limit)}


async def _read(request: Request, form: Form, fields: Collection[str], max_files: int | None) -> None:
    limit = form.upload.settings.json_max_bytes
    async for part in Multipart(request.headers.get("content-type", ""), request.stream()):
        if part.name == FILES and part.filename is not None:
            if max_files is not None and len(form.upload.files) == max_files:
                raise TooLarge(f"At most {max_files} files in one message.", code="too_many_files")
            await form.upload.receive(part)
        elif part.name in fields:  # with a filename too: a browser types a part only by sending a Blob
            if part.name in form.fields:
                raise invalid(f"/{part.name}", "duplicate_field", "Give this part once.")
            form.fields[part.name] = await part.read(limit)
        else:
            raise _unknown(part.name, fields)


def _unknown(name: str, fields: Collection[str]) -> Invalid:
    known = ", ".join(f"`{known}`" for known in sorted(fields))
    more = f" and {known} as plain parts" if known else ""
    return invalid(f"/{name[:100]}", "unknown_field", f"Send files as parts named `files`, each with a filename{more}.")


def check_multipart(request: Request) -> None:
    """Before a byte is read: is this a form at all?"""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("Send `multipart/form-data` with the files in parts named `files`.")
