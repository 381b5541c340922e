"""JSON literals that must not pass for a value, as they stand in a body (IN-01 to IN-04)."""

import json
from typing import Any

# U+0000, lone surrogates, bidi controls, other controls.
UNREADABLE = (r'"a\u0000b"', r'"\ud800"', r'"\udfffx"', r'"a\u202ebc"', r'"\u2066a\u2069"', r'"a\u001bb"', r'"\uffff"')
NO_TEXT = ("5", "1.5", "true", "[]", "{}", '["a"]')
NO_LINE = (*UNREADABLE, *NO_TEXT, '""', '"   "', r'"a\nb"', r'"a\u2028b"', '"' + "x" * 10_000 + '"')
NO_OPTIONAL_LINE = tuple(value for value in NO_LINE if value not in ('""', '"   "'))
NO_NUMBER = (*NO_LINE, '"' + "1" * 51 + '"')
NO_LONG_TEXT = (*UNREADABLE, *NO_TEXT, '"' + "x" * 20_001 + '"')
NO_EMAIL = (*NO_LINE, '"henk"', '"henk@"', '"@nl"', '"a b@c.nl"', '"a@b@c.nl"', '"a@c"', '"' + "a" * 250 + '@b.nl"')
NO_BOOL = ("0", "1", '"true"', '"false"', "[]", "null")
NO_DATE = (
    '"now"', '"infinity"', '"-infinity"', '"today"', '"0000-01-01"', '"10000-01-01"', '"0001-01-01"', '"9999-12-31"',
    '"2026-02-29"', '"2026-13-01"', '"2026-1-1"', '"01-02-2026"', '"2026-01-01T00:00:00Z"', '"٢٠٢٦-٠١-٠١"', '""',
    "20260101", "0", "true", "[]",
)  # fmt: skip
NO_MOMENT = (
    '"now"', '"infinity"', '"0000-01-01T00:00:00Z"', '"10000-01-01T00:00:00Z"', '"2999-02-30T00:00:00Z"',
    '"2100-01-01"', '"2100-01-01T00:00:00"', '"4102444800"', "4102444800", "4102444800.5", "true", "[]", '""',
    '"9999-12-31T23:59:59-14:00"', '"0001-01-01T00:00:00+14:00"', '"2000-01-01T00:00:00Z"',
)  # fmt: skip
NO_POSITION = ('"1"', "1.0", "1.5", "-1", "10001", "1e400", "9" * 30, "true", "null", "[]")
NO_ID = ('"1"', '"not-an-id"', "1", "true", "[]", r'"\u0000"', '"00000000-0000-0000-0000-00000000000"')
NO_BODY = ("", "null", "[]", '"text"', "5", "true")
NOT_JSON = (
    "{",
    '{"a": NaN}',
    '{"a": 1, "a": 1}',
    "{'a': 1}",
    "[" * 5_000 + "]" * 5_000,
    b"\xff\xfe{}",
    b'{"a": "\xed\xa0\x80"}',
)


def one_of(*words: str) -> tuple[str, ...]:
    """What a closed list of these words refuses."""
    return (*NO_TEXT, '""', "null", '"nobody"', *(json.dumps(word.upper()) for word in words))


def with_literal(body: dict[str, Any], field: str, literal: str) -> bytes:
    """The body as bytes, this field spelt literally."""
    return json.dumps(body | {field: "@@"}).replace('"@@"', literal).encode()
