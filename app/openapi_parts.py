"""The parts of the published contract that are the same for every operation: words, headers, problems, tags."""

from typing import Any

from app import errors
from app.errors import FieldError, Problem

JSON = "application/json"
BINARY = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
REQUEST_ID = "0f1c6d0e7c1c4b6f8d6f2b6b9d2a7a51"

DESCRIPTION = """\
The client dossiers (dossiers) of an accountancy office (accountantskantoor).

**Growing.** Everything lies below `/v1`. Fields, values and operations are added, never removed or renamed: ignore
what you do not know.

**Problems.** Every answer of 400 or more is `application/problem+json` (RFC 9457), on addresses and methods that do
not exist too. Read `code`; `errors` names each wrong place. What is not yours to see is 404, never 403. Give
`X-Request-Id` or get one; it stands in each answer, and names your request in our logs.

**Reading.** Lists are paged: `cursor` takes `next_cursor` of the page before, and `Link: rel="next"` is the whole
address of the next page. Single resources have an `ETag`; `If-None-Match` spares what you have (304). Every GET is
there as HEAD too, with the same headers and no body.

**Writing.** PATCH is a merge patch (RFC 7396): absent keeps, null clears. `If-Match` refuses a change of what
somebody else changed meanwhile (412). A POST may carry an `Idempotency-Key`: the same request under the same key
gets the same answer, for 24 hours, so that a repeat after a lost connection does no harm. Unknown fields, unknown
query parameters and values out of bounds are refused (422).
"""

# Each router's tag, in the order of the document.
TAGS = {
    "meta": "What this server is and takes; the one thing to ask without signing in.",
    "auth": "Signing in and out (aanmelden, afmelden), and what the caller may do.",
    "office": "The accountancy office itself (kantoor).",
    "team members": "The people of the office (medewerkers) and their authorisation role (autorisatierol).",
    "API keys": "Keys for integrators and scripts (API-sleutels), limited by scopes.",
    "folder templates": "The folders that every new dossier begins with (mapsjablonen).",
    "relations": "The clients of the office (relaties): organisations and persons. Each has one dossier.",
    "relation team": "Who of the office works for a relation, and as what (teamrollen).",
    "contacts": "The people the office talks to (contacten); a contact's login is a client's way in.",
    "contact links": "Which contact belongs to which relation (koppelingen), and whether it opens the dossier.",
    "dossiers": "The dossier of a relation (dossier).",
    "folders": "The folders of a dossier (dossiermappen), open or closed to clients.",
    "dossier items": "The documents in folders (dossieritems): upload, find, move, download, bin.",
    "conversations": "Messages (berichten) between office and client, with files: how a client delivers.",
    "document requests": "Asking a client for documents (documentuitvragen), each with its folder chosen beforehand.",
    "inbox": "Delivered documents that wait for a decision (Inbox), over all dossiers.",
    "timeline": "What happened, and who did it (tijdlijn).",
}


# What a parameter means wherever it stands, unless the model that it comes from says it better.
PARAMETER_WORDS = {
    "api_key_id": "the API key (API-sleutel)",
    "attachment_id": "a file of this message (bijlage)",
    "contact_id": "the contact (contact)",
    "conversation_id": "the conversation (bericht)",
    "document_request_id": "the document request (documentuitvraag)",
    "dossier_id": "the dossier (dossier)",
    "folder_id": "the folder (dossiermap)",
    "folder_template_id": "the folder of the template (mapsjabloon)",
    "item_id": "the document (dossieritem)",
    "login_status": "only contacts whose login is that",
    "message_id": "the message (bericht)",
    "relation_id": "the relation (relatie)",
    "sort": "the order; `-` in front: from high to low",
    "status": "only what is in this state",
    "subject_id": "only what happened to this very thing, such as one document",
    "team_member_id": "the team member (medewerker)",
    "token": "the invitation's token (uitnodiging), `ordi_...`",
    "type": "only relations of this type",
}


def _header(description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}, "example": example}


HEADERS: dict[str, Any] = {
    "ETag": _header("the version of what you got; for `If-Match` and `If-None-Match`", '"3"'),
    "Location": _header("where the new resource is", "/v1/relations/0193d6f0-0000-7000-8000-000000000001"),
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
    errors.TooMany("At most 10 tries in 15 minutes; wait 60 seconds.", retry_after=60),
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
