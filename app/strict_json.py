"""JSON as RFC 8259 has it, read strictly: what two parsers could read in two ways is refused (IN-02, IN-04, IN-10)."""

import json
from typing import Any

from starlette.requests import Request

from app.errors import BadRequest, TooLarge

MAX_NAMES = 200  # each unknown one would become an error of its own


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it came; TooLarge (413) as soon as it is known to be more than ``limit`` bytes."""
    out = bytearray()
    async for piece in request.stream():
        out += piece
        if len(out) > limit:
            raise TooLarge(f"A JSON body may have at most {limit} bytes.")
    return bytes(out)


def parse_json(raw: bytes) -> Any:
    """UTF-8, no NaN, no name twice, not too deep: the parser stops at hundreds of levels; no body of ours has five."""
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except RecursionError:
        raise BadRequest("This JSON is nested too deep.", code="json_too_deep") from None
    except ValueError:
        detail = f"This is not JSON (RFC 8259, UTF-8, each name once, at most {MAX_NAMES} in an object)."
        raise BadRequest(detail, code="json_invalid") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_NAMES or len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice, or more names than any body of ours has")
    return dict(pairs)
