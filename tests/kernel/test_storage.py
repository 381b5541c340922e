"""The store's own promises, on a real one and with a proxy that breaks them (F05-F11, FI-05, FI-14)."""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import urllib3

from app.s3 import ObjectMissing, StorageDown
from app.settings import Settings
from app.storage import FAST_SECONDS, READ_BYTES, READ_BYTES_FAST, Sent, Storage, new_key
from app.writer import PART_BYTES
from tests.factories.proxy import Do, FaultProxy, always, fault_proxy, once

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

PART = bytes(range(256)) * (PART_BYTES // 256)


@pytest.fixture
async def key(storage: Storage) -> AsyncIterator[str]:
    made = new_key(uuid4())
    yield made
    await storage.delete(made)


@pytest.fixture
async def proxy(settings: Settings, storage: Storage) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(settings.s3_endpoint) as made:
        yield made


@pytest.fixture
async def behind(settings: Settings, proxy: FaultProxy) -> AsyncIterator[Storage]:
    """A client of the same store, through the proxy and with short patience."""
    changes = {"s3_endpoint": proxy.endpoint, "s3_connect_timeout_seconds": 0.5, "s3_read_timeout_seconds": 1}
    store = Storage(settings.model_copy(update=changes))
    yield store
    store.close()


async def read(storage: Storage, key: str, *span: int) -> bytes:
    return b"".join([piece async for piece in await storage.open(key, *span)])


def put(storage: Storage, key: str, content: bytes) -> "asyncio.Future[Sent]":
    return storage.put(key, [content], len(content), zlib.crc32(content))


async def part(storage: Storage, key: str, upload_id: str, number: int, content: bytes) -> Sent:
    return await storage.put_part(key, upload_id, number, [content], len(content), zlib.crc32(content))


def in_pool(storage: Storage) -> int:
    """Connections that are back in the pool, or not yet made; 64 when none is in use."""
    pools: Any = storage._http.pools
    return min(int(pools[found].pool.qsize()) for found in pools.keys())  # noqa: SIM118 - no mapping


class TestKeys:
    def test_hold_nothing_but_the_office_and_chance(self) -> None:
        office = uuid4()
        keys = {new_key(office) for _ in range(1000)}
        assert len(keys) == 1000
        assert all(re.fullmatch(rf"{office}/([0-9a-f]{{2}})/\1[0-9a-f]{{30}}", key) for key in keys)


class TestChecksum:
    async def test_other_bytes_are_refused(self, storage: Storage, key: str) -> None:
        """F11: a byte that changes on its way is found by the store, and nothing is there."""
        with pytest.raises(StorageDown):
            await storage.put(key, [b"changed"], 7, zlib.crc32(b"as sent"))
        assert await storage.size_of(key) is None

    async def test_other_bytes_of_a_part_are_refused(self, storage: Storage, key: str) -> None:
        upload = await storage.start_upload(key)
        with pytest.raises(StorageDown):
            await storage.put_part(key, upload, 1, [b"changed"], 7, zlib.crc32(b"as sent"))
        await storage.delete(key, upload)
        assert await storage.open_uploads(key) == []


class TestRead:
    async def test_in_pieces(self, storage: Storage, key: str) -> None:
        """Large ones for who takes them at once; who is slow is given little to hold."""
        await put(storage, key, PART)
        pieces = [len(piece) async for piece in await storage.open(key)]
        assert sum(pieces) == len(PART)
        assert pieces[0] == READ_BYTES
        assert max(pieces) <= READ_BYTES_FAST
        slow = []
        async for piece in await storage.open(key):
            slow.append(len(piece))
            await asyncio.sleep(2 * FAST_SECONDS)
        assert sum(slow) == len(PART)
        assert max(slow) == READ_BYTES

    async def test_a_span(self, storage: Storage, key: str) -> None:
        await put(storage, key, b"0123456789")
        assert await read(storage, key, 3, 4) == b"3456"
        assert await read(storage, key, 9, 1) == b"9"
        assert await read(storage, key, 7) == b"789"

    async def test_missing(self, storage: Storage, key: str) -> None:
        assert await storage.size_of(key) is None
        with pytest.raises(ObjectMissing):
            await storage.open(key)

    async def test_given_up_midway(self, behind: Storage, storage: Storage, key: str) -> None:
        """F48: the connection is closed, not handed on with unread bytes in it."""
        await put(storage, key, PART)
        for _ in range(5):
            pieces: Any = await behind.open(key)
            await anext(pieces)
            await pieces.aclose()
        assert in_pool(behind) == 64
        assert await read(behind, key) == PART

    async def test_addresses_for_clients(self, settings: Settings, storage: Storage, key: str) -> None:
        """FI-14: at most five minutes, one object, with a forced disposition and type."""
        assert storage.link(key, {}) is None  # no public side
        public = Storage(settings.model_copy(update={"s3_public_endpoint": settings.s3_endpoint}))
        await put(storage, key, b"bytes")
        headers = {
            "response-content-disposition": 'attachment; filename="a.pdf"',
            "response-content-type": "application/pdf",
        }
        address = public.link(key, headers)
        assert address is not None
        assert int(parse_qs(urlsplit(address).query)["X-Amz-Expires"][0]) <= 300
        answer = urllib3.request("GET", address)
        assert (answer.status, answer.data) == (200, b"bytes")
        assert answer.headers["content-disposition"] == headers["response-content-disposition"]
        assert urllib3.request("GET", address.replace("filename", "filenome")).status == 403
        public.close()


class TestUploadsInParts:
    async def test_joined(self, storage: Storage, key: str) -> None:
        upload = await storage.start_upload(key)
        parts = [await part(storage, key, upload, 1, PART), await part(storage, key, upload, 2, b"end")]
        await storage.complete_upload(key, upload, parts, len(PART) + 3)
        assert await read(storage, key) == PART + b"end"
        assert await storage.open_uploads(key) == []

    async def test_a_lost_answer_to_the_last_call_is_settled_by_looking(
        self, proxy: FaultProxy, behind: Storage, key: str
    ) -> None:
        """F10."""
        upload = await behind.start_upload(key)
        sent = await part(behind, key, upload, 1, b"whole")
        proxy.rule = once(Do.LOSE, "POST", "uploadId")
        await behind.complete_upload(key, upload, [sent], 5)
        assert await behind.size_of(key) == 5

    async def test_joining_what_is_not_there_fails(self, storage: Storage, key: str) -> None:
        upload = await storage.start_upload(key)
        with pytest.raises(StorageDown):
            await storage.complete_upload(key, upload, [Sent('"0123"', "AAAAAA==")], 5)
        await storage.delete(key)

    async def test_deleting_ends_all_open_uploads_to_the_key(self, storage: Storage, key: str) -> None:
        uploads = [await storage.start_upload(key) for _ in range(3)]
        await part(storage, key, uploads[0], 1, b"begun")
        assert sorted(await storage.open_uploads(key)) == sorted(uploads)
        await storage.delete(key)
        assert await storage.open_uploads(key) == []
        await storage.delete(key, uploads[0])  # again, with one that is gone: fine


class TestFaults:
    @pytest.mark.parametrize(
        ("what", "method", "target"),
        [
            *((what, "PUT", "") for what in (Do.BUSY, Do.LOSE, Do.CUT)),
            (Do.BUSY, "POST", "uploads"),
            *((what, "POST", "uploadId") for what in (Do.BUSY, Do.LOSE, Do.CUT)),
        ],
    )
    async def test_once_is_hidden(
        self, proxy: FaultProxy, behind: Storage, key: str, what: Do, method: str, target: str
    ) -> None:
        """F07, F09: one passing fault at any step does not reach the client, and leaves nothing open."""
        proxy.rule = once(what, method, target)
        upload = await behind.start_upload(key)
        parts = [await part(behind, key, upload, 1, PART), await part(behind, key, upload, 2, b"end")]
        await behind.complete_upload(key, upload, parts, len(PART) + 3)
        assert await read(behind, key) == PART + b"end"
        assert await behind.open_uploads(key) == []

    async def test_a_begin_whose_answer_is_lost_is_not_repeated(
        self, proxy: FaultProxy, behind: Storage, key: str
    ) -> None:
        """The row that names the key comes first, so the reaper ends it; a second one would hide behind a success."""
        proxy.rule = once(Do.LOSE, "POST", "uploads")
        with pytest.raises(StorageDown):
            await behind.start_upload(key)
        assert len(await behind.open_uploads(key)) == 1
        await behind.delete(key)
        assert await behind.open_uploads(key) == []

    @pytest.mark.parametrize("what", [Do.BUSY, Do.LOSE, Do.CUT])
    async def test_always_is_an_error(self, proxy: FaultProxy, behind: Storage, key: str, what: Do) -> None:
        proxy.rule = always(what)
        with pytest.raises(StorageDown):
            await put(behind, key, PART)

    async def test_nobody_listens(self, proxy: FaultProxy, behind: Storage, key: str) -> None:
        await behind.size_of(key)
        await proxy.refuse()
        begun = datetime.now(UTC)
        for call in (put(behind, key, b"x"), behind.start_upload(key), behind.size_of(key), behind.delete(key)):
            with pytest.raises(StorageDown):
                await call
        assert (datetime.now(UTC) - begun).total_seconds() < 10

    async def test_a_silent_store_is_waited_for_once(self, proxy: FaultProxy, behind: Storage, key: str) -> None:
        """F06, OP-01: an error after one read timeout, not two."""
        proxy.rule = always(Do.HANG)
        for call in (lambda: put(behind, key, b"x"), lambda: behind.size_of(key), lambda: behind.open(key)):
            proxy.seen.clear()
            with pytest.raises(StorageDown):
                await call()
            assert len(proxy.seen) == 1

    async def test_afterwards_the_same_client_works(self, proxy: FaultProxy, behind: Storage, key: str) -> None:
        proxy.rule = always(Do.CUT)
        with pytest.raises(StorageDown):
            await put(behind, key, PART)
        proxy.rule = always(Do.PASS)
        await put(behind, key, PART)
        assert await read(behind, key) == PART
        assert in_pool(behind) == 64
