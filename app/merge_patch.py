"""JSON Merge Patch (RFC 7396) for what is stored as an object."""

from typing import Any


def merged(stored: dict[str, Any], patch: dict[str, Any] | None) -> dict[str, Any]:
    """``stored`` with the patch on it: absent keeps, null removes, objects merge; no patch at all clears."""
    if patch is None:
        return {}
    result = dict(stored)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[name] = value
    return result
