"""JSON as RFC 8259 has it, read strictly: what two parsers could read in two ways is refused (IN-02, IN-04, IN-10)."""

import json
from typing import Any

from app.errors import BadRequest

MAX_DEPTH = 64


def parse_json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8, no NaN, no name twice, not too deep."""
    try:
        text = raw.decode("utf-8")
        if _depth(text) > MAX_DEPTH:
            raise BadRequest(f"JSON may be nested {MAX_DEPTH} deep at most.", code="json_too_deep")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        raise BadRequest("This is not JSON (RFC 8259, UTF-8, each name once).", code="json_invalid") from None


def _depth(text: str) -> int:
    """An upper bound that is cheap: brackets within strings count too, but only beyond the limit that matters."""
    depth = deepest = 0
    quoted = escaped = False
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    for char in text:
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)
