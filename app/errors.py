"""The error families and their one rendering: RFC 9457 ``application/problem+json`` on every status.

Services raise a family; nothing else in the program knows HTTP statuses. A problem never holds a
stack, SQL, a host or the refused value.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal

from starlette.responses import Response

TYPE_PREFIX = "urn:ordner:problem:"


@dataclass(frozen=True)
class FieldError:
    """One wrong place in a request: a JSON Pointer into the part of the request that ``location`` names."""

    pointer: str
    code: str
    detail: str
    location: Literal["body", "query", "path", "header"] = "body"

    def as_dict(self) -> dict[str, str]:
        values = asdict(self)
        values["in"] = values.pop("location")
        return values


class Problem(Exception):
    """Base of all refusals. ``code`` is for machines, ``detail`` says what is wrong and what right looks like."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    code: str = "internal_error"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def as_dict(self, request_id: str | None = None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if request_id:
            body["request_id"] = request_id
        if self.errors:
            body["errors"] = [error.as_dict() for error in self.errors]
        return body

    def response(self, request_id: str | None) -> Response:
        content = json.dumps(self.as_dict(request_id), ensure_ascii=False).encode()
        return Response(content, self.status, self.headers, media_type="application/problem+json")


class BadRequest(Problem):
    status, title, code = 400, "The request could not be read", "bad_request"


class Unauthenticated(Problem):
    status, title, code = 401, "Sign in first", "unauthenticated"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(
            detail or "Send a valid token as `Authorization: Bearer ...`.",
            code=code,
            headers={"WWW-Authenticate": 'Bearer realm="ordner"'},
        )


class Forbidden(Problem):
    """For a *kind* of action; a row that is not yours is always NotFound."""

    status, title, code = 403, "You may not do this", "forbidden"


class NotFound(Problem):
    status, title, code = 404, "Not found", "not_found"

    def __init__(self, detail: str = "There is nothing here, or it is not yours to see.") -> None:
        super().__init__(detail)


class MethodNotAllowed(Problem):
    status, title, code = 405, "This method is not possible here", "method_not_allowed"


class TimedOut(Problem):
    status, title, code = 408, "The request took too long to arrive", "request_timeout"


class Conflict(Problem):
    status, title, code = 409, "This clashes with what is there", "conflict"


class Gone(Problem):
    status, title, code = 410, "This is no longer available", "gone"


class Stale(Problem):
    status, title, code = 412, "Somebody changed this in the meantime", "stale"


class TooLarge(Problem):
    status, title, code = 413, "Too large", "too_large"


class UnsupportedMedia(Problem):
    status, title, code = 415, "This type of content is not taken here", "unsupported_media_type"


class RangeNotSatisfiable(Problem):
    status, title, code = 416, "There are no such bytes", "range_not_satisfiable"


class Invalid(Problem):
    status, title, code = 422, "Some values are not right", "invalid"


class TooMany(Problem):
    """More than ``allowed`` under ``policy``, in ``window`` or (None) at one time; try again after ``wait`` seconds."""

    status, title, code = 429, "Too many requests", "too_many_requests"

    def __init__(self, detail: str, policy: str, allowed: int, wait: int, window: timedelta | None = None) -> None:
        quota = f'"{policy}";q={allowed}' + (f";w={int(window.total_seconds())}" if window else "")
        limit = f'"{policy}";r=0;t={wait}'
        super().__init__(detail, headers={"Retry-After": str(wait), "RateLimit-Policy": quota, "RateLimit": limit})


class HeadersTooLarge(Problem):
    status, title, code = 431, "The request headers are too large", "headers_too_large"


class Internal(Problem):
    pass


class Unavailable(Problem):
    """Something we stand on does not answer; the same request may be sent again."""

    status, title, code = 503, "Not available for a moment", "unavailable"

    def __init__(
        self, detail: str = "Try again in a moment.", *, retry_after: int = 2, code: str | None = None
    ) -> None:
        super().__init__(detail, code=code, headers={"Retry-After": str(retry_after)})


def invalid(
    pointer: str, code: str, detail: str, location: Literal["body", "query", "path", "header"] = "body"
) -> Invalid:
    """The common case: one field is wrong."""
    return Invalid(detail, code=code, errors=[FieldError(pointer, code, detail, location)])


def all_invalid(errors: Sequence[FieldError]) -> Invalid:
    """Several fields are wrong, and all are named; the first speaks for them."""
    return Invalid(errors[0].detail, code=errors[0].code, errors=errors)


def taken(pointer: str, detail: str) -> Conflict:
    """A value that must be unique is in use; never says by whom."""
    return Conflict(detail, code="taken", errors=[FieldError(pointer, "taken", detail)])
