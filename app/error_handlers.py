"""From whatever was raised to a Problem: validation, the database, the framework, and the last resort."""

import re
from collections.abc import Iterable
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException  # noqa: TID251 - the framework's own refusals arrive as this
from starlette.requests import ClientDisconnect

from app import errors
from app.db import RETRYABLE, sqlstate
from app.errors import FieldError, Problem

log = structlog.get_logger()

# Statement cut off by a timeout, server going down or not up, too many connections.
UNAVAILABLE = {"57014", "57P01", "57P02", "57P03", "53300", "25P03", "08000", "08003", "08006"}

HTTP_FAMILIES: dict[int, type[Problem]] = {
    400: errors.BadRequest,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
}


MAX_ERRORS = 50
MAX_POINTER = 200


# Eight digits or more, where a name was expected: who knows whose number that is.
NUMBER_LIKE = re.compile(r"\d(?:\W?\d){7,}")


def pointer(parts: Iterable[Any]) -> str:
    """A JSON Pointer (RFC 6901) to a place in the request; a number in place of a name is not repeated."""
    names = (NUMBER_LIKE.sub("…", str(part)).replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{name}" for name in names)[:MAX_POINTER]


def from_validation(exc: RequestValidationError) -> Problem:
    found = [_field_error(error) for error in exc.errors()[:MAX_ERRORS]]
    if all(error.location == "path" for error in found):
        return errors.NotFound()  # an id that does not parse names nothing
    first = found[0]
    where = first.pointer or "the request"
    return errors.Invalid(f"{where}: {first.detail}", errors=found)


def _field_error(error: dict[str, Any]) -> FieldError:
    where, *path = error["loc"]
    code = error["type"]
    detail = error["msg"]
    if code == "value_error":
        detail = str(error["ctx"]["error"])
    elif code.startswith("uuid"):
        detail = "This must be an id as the API gave it (a UUID)."  # the parser's own words quote the value
    elif code == "extra_forbidden":
        code, detail = "unknown_field", "There is no such field here."
    elif code in ("missing", "json_invalid"):
        detail = "This field is required." if code == "missing" else "This is not JSON."
    if where == "query":
        detail = detail.replace("field", "parameter")
        return FieldError(pointer(path), code, detail, "query")
    if where in ("path", "header"):
        return FieldError(pointer(path), code, detail, where)
    return FieldError(pointer(path), code, detail)


def from_integrity(exc: IntegrityError, metadata: MetaData) -> Problem:
    """A constraint names its own problem (``info={"problem": ...}``), so no check precedes an insert."""
    cause = getattr(exc.orig, "__cause__", None)
    name = getattr(cause, "constraint_name", None)
    table = metadata.tables.get(getattr(cause, "table_name", None) or "")
    if table is not None:
        items: list[Any] = [*table.constraints, *table.indexes]
        for item in items:
            if item.name == name and "problem" in item.info:
                problem: Problem = item.info["problem"]()
                return problem
    log.warning("integrity_error", constraint=name)
    return errors.Conflict("This does not fit with what is stored: something it points at is gone or in use.")


def from_database(exc: Exception) -> Problem | None:
    """503 where a repeat may help, None where the fault is ours."""
    if isinstance(exc, PoolTimeout | TimeoutError | ConnectionError):
        return errors.Unavailable("The database is busy. Try again in a moment.", code="database_busy")
    if not isinstance(exc, DBAPIError):
        return None
    state = sqlstate(exc)
    if (
        state in RETRYABLE | UNAVAILABLE
        or exc.connection_invalidated
        or isinstance(exc, OperationalError | InterfaceError)
    ):
        return errors.Unavailable("The database does not answer. Try again in a moment.", code="database_unavailable")
    if state and (state == "54000" or state.startswith("22")):  # what no schema caught and PostgreSQL can not hold
        return errors.Invalid("A value can not be stored: too large, too long or with characters that are not text.")
    return None


def to_problem(exc: Exception, metadata: MetaData) -> Problem:
    """The one door: every exception that leaves a route becomes a Problem here."""
    match exc:
        case Problem():
            return exc
        case RequestValidationError():
            return from_validation(exc)
        case StaleDataError():
            return errors.Stale("Read it again and repeat your change on what is there now.")
        case IntegrityError():
            return from_integrity(exc, metadata)
        case HTTPException():
            return _from_http(exc)
        case ClientDisconnect():
            return errors.BadRequest("The connection ended before the request was complete.", code="incomplete")
    if problem := from_database(exc):
        log.warning("dependency_failed", error=type(exc).__name__, code=problem.code)
        return problem
    log.error("unhandled", exc_info=exc)
    return errors.Internal("This was not your fault; it was recorded under the request id.")


def _from_http(exc: HTTPException) -> Problem:
    family = HTTP_FAMILIES.get(exc.status_code)
    if family is errors.NotFound:
        return errors.NotFound()
    if family is None:
        return errors.Internal() if exc.status_code >= 500 else errors.BadRequest()
    return family(headers=exc.headers)
