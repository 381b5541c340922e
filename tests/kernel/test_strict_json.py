"""IN-01 to IN-04, IN-10: what JSON may be, on the running API."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRequest, Problem
from app.strict_json import parse_json
from tests.factories import Tenant

HEADERS = {"Content-Type": "application/json"}
BODY = '{"number": "1", "type": "person", "surname": %s}'

anyio = pytest.mark.anyio


@anyio
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
async def test_no_number_that_is_none(office: Tenant, constant: str) -> None:
    """IN-02."""
    for body in (BODY % constant, f'{{"x": {constant}}}', f"[{constant}]", constant):
        answer = await office.admin.post("/v1/relations", content=body, headers=HEADERS)
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


@anyio
@pytest.mark.parametrize(
    "text",
    [r'"a\u0000b"', r'"\ud800"', r'"\udfff x"', r'"a\u202eb"', r'"a\u2066b"', r'"\u0007"', r'"a\nb"', r'"\ufeff"'],
)
async def test_text_that_nobody_can_read(office: Tenant, text: str) -> None:
    """IN-01: NUL, lone surrogates, controls and direction marks are refused, and nothing is stored."""
    answer = await office.admin.post("/v1/relations", content=BODY % text, headers=HEADERS)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/surname"
    assert (await office.admin.get("/v1/relations")).json()["items"] == []


@anyio
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 1),
        ("number", True),
        ("surname", 5),
        ("surname", ["x"]),
        ("surname", None),
        ("email", "x"),
        ("parent_id", 7),
    ],
)
async def test_types_are_strict(office: Tenant, field: str, value: object) -> None:
    """IN-04."""
    body = {"number": "1", "type": "person", "surname": "x", field: value}
    answer = await office.admin.post("/v1/relations", json=body)
    assert answer.status_code == 422, answer.text


@anyio
@pytest.mark.parametrize("value", ["1", 1.0, True, 10**30, -1])
async def test_integers_are_integers_in_range(office: Tenant, value: object) -> None:
    """IN-03."""
    answer = await office.admin.post("/v1/folder-templates", json={"name": "x", "position": value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/position"


@anyio
async def test_a_name_twice_is_refused(office: Tenant) -> None:
    """IN-04: two parsers could each take another one."""
    twice = '{"number": "1", "number": "2", "type": "person", "surname": "x"}'
    answer = await office.admin.post("/v1/relations", content=twice, headers=HEADERS)
    assert answer.status_code == 400


@anyio
async def test_deep_and_large(office: Tenant) -> None:
    """IN-10: refused before it costs anything."""
    started = time.monotonic()
    deep = await office.admin.post("/v1/relations", content="[" * 5000 + "]" * 5000, headers=HEADERS)
    assert (deep.status_code, deep.json()["code"]) == (400, "json_too_deep")
    large = await office.admin.post("/v1/relations", content=b'{"memo": "' + b"x" * 20_000_000 + b'"}', headers=HEADERS)
    assert large.status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    endless = await office.admin.post("/v1/relations", content=chunks(), headers=HEADERS)
    assert endless.status_code == 413
    assert time.monotonic() - started < 20


@anyio
async def test_encodings(office: Tenant) -> None:
    for raw in ('{"number": "1"}'.encode("utf-16"), b'{"number": "\xff"}', b"\xef\xbb\xbf{}"):
        assert (await office.admin.post("/v1/relations", content=raw, headers=HEADERS)).status_code == 400
    gzip = await office.admin.post("/v1/relations", content=b"{}", headers=HEADERS | {"Content-Encoding": "gzip"})
    assert gzip.status_code == 415


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_writes_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_value_or_a_problem(raw: bytes) -> None:
    with suppress(BadRequest):
        parse_json(raw)


def test_brackets_in_strings_are_not_depth() -> None:
    assert parse_json(json.dumps({"x": "[" * 500 + '\\"' + "{" * 500}).encode())
    with pytest.raises(Problem):
        parse_json(b"[" * 100_000 + b"]" * 100_000)
    assert parse_json(b"[" * 60 + b"]" * 60)
