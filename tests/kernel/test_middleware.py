"""F31, F32, F34, IN-07: what raw sockets can do to the server, and what it answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.factories import Tenant, client_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connection(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def talk(address: str, raw: bytes, seconds: float = 15) -> bytes:
    """Send bytes as they are, read until the server closes."""
    async with connection(address) as (reader, writer), asyncio.timeout(seconds):
        writer.write(raw)
        await writer.drain()
        return await reader.read()


def token(office: Tenant) -> str:
    return str(office.admin.headers["authorization"])


def post(office: Tenant, *headers: str, path: str = "/v1/relations") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: {token(office)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_headers_that_never_end(office: Tenant) -> None:
    """F31: the connection is closed after the header time-out (2 s here), whatever trickles in."""
    started = time.monotonic()
    async with connection(office.address) as (reader, writer), asyncio.timeout(10):
        writer.write(b"GET /v1/me HTTP/1.1\r\n")
        assert await reader.read() == b""
    assert 1.5 < time.monotonic() - started < 8
    async with connection(office.address) as (reader, _), asyncio.timeout(10):
        assert await reader.read() == b""  # nothing was ever sent


async def test_others_are_served_meanwhile(office: Tenant) -> None:
    async with connection(office.address), connection(office.address) as (_, writer):
        writer.write(b"POST /v1/relations HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert (await office.admin.get("/v1/me")).status_code == 200


async def test_a_body_that_stops_coming(office: Tenant) -> None:
    """F31: 408 after the stall limit (3 s here), and the connection is closed."""
    raw = post(office, "Content-Type: application/json", "Content-Length: 100") + b'{"number"'
    answer = await talk(office.address, raw)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert b"request_timeout" in answer


async def test_huge_heads(office: Tenant) -> None:
    """F32: refused, without the memory of what they would hold."""
    many = [f"X-{n}: 1" for n in range(10_000)]
    answer = await talk(office.address, post(office, *many, "Connection: close", "Content-Length: 0"))
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    big = await office.admin.get("/v1/me", headers={"X-Big": "x" * 20_000})
    assert (big.status_code, big.json()["code"]) == (431, "headers_too_large")
    crowd = await office.admin.get("/v1/me", headers={f"X-{n}": "1" for n in range(150)})
    assert crowd.status_code == 431
    long = await talk(office.address, b"GET /v1/me?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert long.startswith(b"HTTP/1.1 431 ")
    assert b"x-request-id" in long.lower()
    with suppress(ConnectionResetError):  # how the client learns of a close depends on what was still under way
        assert await talk(office.address, b"GET /v1/me HTTP/1.1\r\nX: " + b"x" * 2_000_000) == b""


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Content-Length: -1",),
        ("Content-Length: 1e3",),
        ("Content-Length: 0x4",),
        ("Transfer-Encoding: identity, chunked, identity",),
    ],
    ids=str,
)
async def test_one_reading_of_the_length(office: Tenant, headers: tuple[str, ...]) -> None:
    """IN-07, F34: refused, closed, and what follows is not a second request."""
    raw = post(office, "Content-Type: application/json", *headers) + b"0\r\n\r\nGET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await talk(office.address, raw)
    assert answer.startswith(b"HTTP/1.1 4") or answer == b""
    assert answer.count(b"HTTP/1.1 ") <= 1


async def test_bad_chunks(office: Tenant) -> None:
    for chunk in (b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b"ffffffffffffffffff\r\nabc"):
        raw = post(office, "Content-Type: application/json", "Transfer-Encoding: chunked") + chunk
        answer = await talk(office.address, raw)
        assert answer.startswith(b"HTTP/1.1 4") or answer == b"", answer


async def test_a_refusal_before_the_body_reaches_the_client(office: Tenant, anonymous: httpx.AsyncClient) -> None:
    """The client that sends all before it reads still gets its 401, and the connection is closed after it."""
    answer = await anonymous.post("/v1/relations", content=b"x" * 5_000_000)
    assert answer.status_code == 401
    assert answer.headers["connection"] == "close"


async def test_expect_continue_is_not_answered_before_who_it_is_is_known(office: Tenant) -> None:
    raw = b"POST /v1/relations HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n"
    answer = await talk(office.address, raw)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in answer


async def test_a_body_without_end_is_not_swallowed_for_ever(office: Tenant) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)
            await asyncio.sleep(0.01)

    started = time.monotonic()
    async with client_of(office.address) as stranger:
        with pytest.raises(httpx.TransportError):
            await stranger.post("/v1/relations", content=endless())
    assert time.monotonic() - started < 15


async def test_odd_paths_and_hosts_open_nothing(office: Tenant) -> None:
    """AU-04: only the matched route decides."""
    for path in ("/v1//me", "//v1/me", "/v1/me%3Fx", "/v1/%2e%2e/v1/me", "/v1\\me", "/docs/../v1/me"):
        answer = await talk(
            office.address, f"GET {path} HTTP/1.1\r\nHost: x/docs?\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer[9:12] in (b"401", b"404", b"400"), path
    absolute = await talk(office.address, b"GET http://x/docs HTTP/1.1\r\nHost: y/v1/meta\r\nConnection: close\r\n\r\n")
    assert absolute[9:12] in (b"200", b"404", b"400")
    mine = await talk(office.address, b"GET http://localhost/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert mine[9:12] in (b"401", b"404")


async def test_headers_of_every_answer(office: Tenant) -> None:
    """IN-09."""
    for answer in (await office.admin.get("/v1/me"), await office.admin.get("/livez"), await office.admin.get("/v1/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "max-age" in answer.headers["strict-transport-security"]
        assert "server" not in answer.headers


async def test_head_is_get_without_the_body(office: Tenant) -> None:
    for path in ("/v1/me", "/v1/relations", "/livez"):
        got, head = await office.admin.get(path), await office.admin.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
