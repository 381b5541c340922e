"""One file into the real store: whole, hashed, in bounded memory, and stoppable anywhere (FI-02, F01, F11)."""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.storage import Storage, new_key
from app.writer import IN_FLIGHT, PART_BYTES, Discard, ObjectWriter, crc32_combine

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


async def nowhere(_: str) -> None:
    """The upload's id is not needed."""


def pattern(size: int) -> bytes:
    block = hashlib.sha256(str(size).encode()).digest() * 32768
    return (block * (size // len(block) + 1))[:size]


async def read(storage: Storage, key: str) -> bytes:
    return b"".join([piece async for piece in await storage.open(key)])


async def write(writer: ObjectWriter, content: bytes, chunk: int) -> None:
    view = memoryview(content)
    for at in range(0, len(content), chunk):
        await writer.write(view[at : at + chunk])


@pytest.fixture
async def key(storage: Storage) -> AsyncIterator[str]:
    made = new_key(uuid4())
    yield made
    await storage.delete(made)


class TestCrcOfTwoStrings:
    @given(st.binary(max_size=50), st.binary(max_size=50))
    def test_is_that_of_the_whole(self, first: bytes, second: bytes) -> None:
        assert crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)

    def test_of_long_ones(self) -> None:
        first, second = pattern(MIB + 7), pattern(3 * MIB + 1)
        assert crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@pytest.mark.bytes
class TestWrite:
    @pytest.mark.parametrize(
        ("size", "chunk", "small"),
        [
            (1, 1, True),
            (100_000, 64 * 1024, True),
            (PART_BYTES, 64 * 1024, True),
            (PART_BYTES + 1, 64 * 1024, False),
            (PART_BYTES + 1, PART_BYTES + 1, False),
            (3 * PART_BYTES, 1_000_003, False),
            (3 * PART_BYTES + 5, 20 * MIB, False),
        ],
    )
    async def test_what_is_written_is_what_is_there(
        self, storage: Storage, key: str, size: int, chunk: int, small: bool
    ) -> None:
        content = pattern(size)
        writer = ObjectWriter(storage, key, nowhere)
        await write(writer, content, chunk)
        assert writer.is_small is small
        await writer.finish()
        assert (writer.size, writer.sha256) == (size, hashlib.sha256(content).digest())
        assert writer.crc32 == zlib.crc32(content)
        assert await read(storage, key) == content
        assert await storage.open_uploads(key) == []

    async def test_the_upload_is_named_before_its_first_part(self, storage: Storage, key: str) -> None:
        """Whoever dies later, the row tells which upload was left open."""
        named: list[tuple[str, list[str]]] = []

        async def name(upload_id: str) -> None:
            named.append((upload_id, await storage.open_uploads(key)))

        writer = ObjectWriter(storage, key, name)
        await write(writer, pattern(PART_BYTES + 1), MIB)
        assert [upload for upload, _ in named] == named[0][1]
        await writer.finish()

    async def test_at_most_two_parts_are_on_their_way(self, storage: Storage, key: str) -> None:
        """The memory of one upload: two parts in flight and one that fills."""
        writer = ObjectWriter(storage, key, nowhere)
        for _ in range(12):
            await writer.write(pattern(4 * MIB))
            assert len(writer._flying) <= IN_FLIGHT
            assert writer._buffered <= PART_BYTES
        await writer.finish()

    @pytest.mark.parametrize("size", [10, PART_BYTES + 1, 3 * PART_BYTES])
    async def test_abandoned_and_deleted_nothing_is_left(self, storage: Storage, key: str, size: int) -> None:
        ids: list[str] = []

        async def name(upload_id: str) -> None:
            ids.append(upload_id)

        writer = ObjectWriter(storage, key, name)
        await write(writer, pattern(size), MIB)
        await writer.abandon()
        await storage.delete(key, *ids)
        assert await storage.size_of(key) is None
        assert await storage.open_uploads(key) == []

    async def test_stopped_while_it_waits_for_a_part(self, storage: Storage, key: str) -> None:
        """A thread can not be stopped: what it still sends must have ended before the delete."""
        writer = ObjectWriter(storage, key, nowhere)
        task = asyncio.create_task(write(writer, pattern(5 * PART_BYTES), PART_BYTES))
        while not writer._flying:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await writer.abandon()
        assert all(part.done() for part in writer._flying)
        await storage.delete(key)
        assert await storage.open_uploads(key) == []


async def test_discard_hashes_and_sends_nothing(storage: Storage) -> None:
    """A request that was answered before is compared, not stored again."""
    content = pattern(2 * PART_BYTES + 3)
    writer = Discard(storage)
    await write(writer, content, MIB)
    await writer.finish()
    assert (writer.size, writer.sha256) == (len(content), hashlib.sha256(content).digest())
    assert writer.crc32 == zlib.crc32(content)
