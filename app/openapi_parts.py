"""The parts of the published contract that are the same for every operation: headers, parameters, problems."""

import json
from typing import Any

from pydantic import BaseModel

from app import errors
from app.errors import FieldError, Problem

JSON = "application/json"
EVENTS = "text/event-stream"
REF = "#/components/schemas/"
SCHEMAS: dict[str, type[BaseModel]] = {}  # of what is neither the JSON that a route takes nor that it answers
BINARY = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
REQUEST_ID = "0f1c6d0e7c1c4b6f8d6f2b6b9d2a7a51"


def _header(description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}, "example": example}


HEADERS: dict[str, Any] = {
    "ETag": _header("the version of what you got; for `If-Match` and `If-None-Match`", '"3"'),
    "Location": _header("where it is", "/v1/relations/0193d6f0-0000-7000-8000-000000000001"),
    "Link": _header("the next page, when there is one", '</v1/relations?cursor=WyJh>; rel="next"'),
    "Idempotency-Replayed": _header("`true`: the answer to an earlier request under this key", "true", enum=["true"]),
    "X-Request-Id": _header("names this request in logs and problems", REQUEST_ID),
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}, "example": 2},
    "RateLimit": _header("what is left of the limit, and when it begins anew", '"sign_in";r=0;t=60'),
    "RateLimit-Policy": _header("the limit: tries (q) in seconds (w)", '"sign_in";q=10;w=900'),
    "WWW-Authenticate": _header("how to sign in", 'Bearer realm="ordner"'),
    "Accept-Ranges": _header("parts may be asked for with `Range`", "bytes", enum=["bytes"]),
    "Content-Range": _header("which bytes these are, of how many", "bytes 0-1023/48213"),
    "Content-Disposition": _header(
        "the file's name; always an attachment", "attachment; filename=\"Q3.pdf\"; filename*=UTF-8''Q3.pdf"
    ),
}  # fmt: skip


def _parameter(description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {"in": "header", "required": False, **_header(description, example, maxLength=200, **schema)}


PARAMETERS: dict[str, Any] = {
    "Idempotency-Key": _parameter(
        "of your choice, such as a UUID: the same request again under the same key gets the same answer",
        "4b0c7a52-6f0e-4f0b-9a55-2f3f0f5c1d11",
        minLength=1,
    ),
    "If-Match": _parameter("the ETag that the change builds on; 412 when it is no longer that", '"3"'),
    "If-None-Match": _parameter("the ETag of what you have; 304 when it is still that", '"3"'),
    "Range": _parameter("one range of bytes, or the last bytes (`bytes=-500`); others get the whole", "bytes=0-1023"),
    "If-Range": _parameter("the ETag of what the range continues; the whole file when it has another", '"9f86d081"'),
}  # fmt: skip

DOWNLOAD_HEADERS = ("ETag", "Accept-Ranges", "Content-Disposition", "X-Request-Id")

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Read `code`; `title` and `detail` are for people.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "stable name of this kind of problem"},
        "title": {"type": "string", "description": "of this status"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what is wrong, and what right looks like"},
        "code": {"type": "string", "description": "a word for programs; more may come"},
        "request_id": {"type": "string", "description": "tell it when you ask for help"},
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/ProblemError"},
            "description": "each wrong place of the request",
        },
    },
}
PROBLEM_ERROR: dict[str, Any] = {
    "type": "object",
    "description": "One wrong place of a request.",
    "required": ["pointer", "code", "detail", "in"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) within `in`"},
        "code": {"type": "string", "description": "a word for programs; more may come"},
        "detail": {"type": "string", "description": "what is wrong here, and what right looks like"},
        "in": {"type": "string", "enum": ["body", "query", "path", "header"]},
    },
}

_TAKEN = errors.taken("/number", "This relation number is in use; choose another.")
_FIELD = FieldError("/number", "missing", "This field is required.")
_REFUSALS: tuple[Problem, ...] = (
    errors.BadRequest("This is not JSON (RFC 8259, UTF-8, each name once).", code="json_invalid"),
    errors.Unauthenticated(),
    errors.Forbidden("This takes the permission `relations:write`, which your role or key does not have."),
    errors.NotFound(),
    errors.TimedOut("The body stopped coming; send it again."),
    _TAKEN,
    errors.Gone("The bytes of this file are missing; the office has been alarmed.", code="object_missing"),
    errors.Stale("Read it again and repeat your change on what is there now."),
    errors.TooLarge("A JSON body may have at most 1048576 bytes."),
    errors.UnsupportedMedia("Send `Content-Type: application/json`."),
    errors.RangeNotSatisfiable("The file has 48213 bytes."),
    errors.Invalid("/number: This field is required.", errors=[_FIELD]),
    errors.TooMany("At most 10 tries in 15 minutes; wait 60 seconds.", "sign_in", 10, 60),
    errors.Internal("This was not your fault; it was recorded under the request id."),
    errors.Unavailable(),
)
_ALSO = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    416: ("Content-Range",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}
REFUSALS = {problem.status: type(problem).__name__ for problem in _REFUSALS}


def headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def file_answer(media_type: str) -> dict[int | str, dict[str, Any]]:
    """The answers of a download that is made when it is asked for."""
    content = {media_type: {"schema": BINARY | {"contentMediaType": media_type}}}
    return {
        200: {"description": "The file", "content": content, "headers": headers("Content-Disposition", "ETag")},
        304: {"description": "You have it already", "headers": headers("ETag")},
    }


def made_answer(media_type: str) -> dict[int | str, dict[str, Any]]:
    """The answer of a download that is made anew each time."""
    content = {media_type: {"schema": BINARY | {"contentMediaType": media_type}}}
    return {200: {"description": "The file", "content": content, "headers": headers("Content-Disposition")}}


def events_answer(name: str, model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The answers of a stream of events whose ``data`` is the model.

    To generated clients a string: what says more, OpenAPI 3.2 has (``itemSchema``), and they do not read that yet.
    """
    SCHEMAS[model.__name__] = model
    extra: Any = model.model_config["json_schema_extra"]
    shown = json.dumps(extra["examples"][0], separators=(",", ":"))
    data = {"type": "string", "contentMediaType": JSON, "contentSchema": {"$ref": REF + model.__name__}}
    event = {"id": {"type": "string"}, "event": {"const": name}, "data": data}
    schema = {
        "type": "string",
        "description": "server-sent events (WHATWG HTML)",
        "contentMediaType": EVENTS,
        "contentSchema": {"type": "array", "items": {"type": "object", "properties": event}},
    }
    example = f"retry: 2000\n\nid: 3-1790843405123\nevent: {name}\ndata: {shown}\n\n"
    return {
        200: {"description": "As it goes on", "content": {EVENTS: {"schema": schema, "example": example}}},
        204: {"description": "You had the last one: it does not go on"},
    }


def _problem_response(problem: Problem) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem.as_dict(REQUEST_ID)}
    return {
        "description": problem.title,
        "headers": headers("X-Request-Id", *_ALSO.get(problem.status, ())),
        "content": {"application/problem+json": content},
    }


def components() -> dict[str, Any]:
    """Everything under ``components`` but the schemas."""
    return {
        "responses": {type(problem).__name__: _problem_response(problem) for problem in _REFUSALS},
        "headers": HEADERS,
        "parameters": {name: {"name": name, **parameter} for name, parameter in PARAMETERS.items()},
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "a session's token (`ords_...`, from `POST /v1/auth/tokens`) or an API key (`ordk_...`)",
            }
        },
    }
