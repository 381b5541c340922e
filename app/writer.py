"""One file on its way into the store: bounded memory, hashed as it passes, stoppable at any byte.

A file that ends within 8 MiB is one PUT; a longer one is a multipart upload with at most two parts in
flight, and waiting for the older of them is the back-pressure on the client. Worst case 24 MiB a file.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable

from isal import isal_zlib  # CRC-32 with the processor's own instructions: a twentieth of zlib's time

from app.file_types import SNIFF_BYTES, detect
from app.multipart import Chunk
from app.storage import Sent, Storage

PART_BYTES = 8 * 1024 * 1024
IN_FLIGHT = 2
SMALL_CHUNK = 4096
_POLYNOMIAL = 0xEDB88320


class ObjectWriter:
    """Feed it with ``write``, end it with ``finish``; or ``abandon`` it, from any state."""

    def __init__(self, storage: Storage, key: str, on_started: Callable[[str], Awaitable[None]]) -> None:
        self._storage = storage
        self._key = key
        self._on_started = on_started
        self._upload_id: str | None = None
        self._chunks: list[Chunk] = []
        self._buffered = 0
        self._part_crc = 0
        self._flying: deque[asyncio.Future[Sent]] = deque()
        self._sent: list[Sent] = []
        self._sha256 = hashlib.sha256()
        self._head = b""
        self._sent_crc = 0
        self.size = 0

    @property
    def crc32(self) -> int:
        """Of all that was written, as a ZIP archive wants it."""
        return crc32_combine(self._sent_crc, self._part_crc, self._buffered)

    @property
    def sha256(self) -> bytes:
        return self._sha256.digest()

    @property
    def media_type(self) -> str:
        return detect(self._head)

    @property
    def is_small(self) -> bool:
        """All of it is still here: it goes out as one PUT, which need not be waited for before the next file."""
        return self._upload_id is None

    async def write(self, chunk: Chunk) -> None:
        self._sha256.update(chunk)
        self.size += len(chunk)
        if len(self._head) < SNIFF_BYTES:
            self._head += bytes(chunk[: SNIFF_BYTES - len(self._head)])
        while self._buffered + len(chunk) > PART_BYTES:
            room = PART_BYTES - self._buffered
            self._keep(memoryview(chunk)[:room])
            chunk = memoryview(chunk)[room:]
            await self._send_part()
        if chunk:
            self._keep(chunk)

    def _keep(self, chunk: Chunk) -> None:
        self._part_crc = isal_zlib.crc32(chunk, self._part_crc)
        self._buffered += len(chunk)
        last = self._chunks[-1] if self._chunks else None
        if len(chunk) >= SMALL_CHUNK:
            self._chunks.append(chunk)
        elif isinstance(last, bytearray):
            last += chunk  # a body that comes byte by byte must not cost an object a byte
        else:
            self._chunks.append(bytearray(chunk))

    def _take(self) -> tuple[list[Chunk], int, int]:
        """What is buffered, with its length and checksum; the buffer is empty after it."""
        taken = self._chunks, self._buffered, self._part_crc
        self._sent_crc = self.crc32
        self._chunks, self._buffered, self._part_crc = [], 0, 0
        return taken

    async def _send_part(self) -> None:
        if self._upload_id is None:
            self._upload_id = await self._storage.start_upload(self._key)
            await self._on_started(self._upload_id)
        if len(self._flying) == IN_FLIGHT:
            await self._land()
        number = len(self._sent) + len(self._flying) + 1
        self._flying.append(self._storage.put_part(self._key, self._upload_id, number, *self._take()))

    async def finish(self) -> None:
        """The object is in the store, whole and compared with our checksums, when this returns."""
        if self._upload_id is None:
            self._flying.append(self._storage.put(self._key, *self._take()))
            await self._land()
            return
        await self._send_part()
        while self._flying:
            await self._land()
        await self._storage.complete_upload(self._key, self._upload_id, self._sent, self.size)

    async def _land(self) -> None:
        """Wait for the oldest part. Shielded: a thread can not be stopped, so ``abandon`` must still find it here."""
        self._sent.append(await asyncio.shield(self._flying[0]))
        self._flying.popleft()

    async def abandon(self) -> None:
        """Wait for what is in flight (bounded by the store's time limits), so that nothing arrives after a delete."""
        self._chunks = []
        await asyncio.gather(*self._flying, return_exceptions=True)


class Discard(ObjectWriter):
    """Hashes what passes and keeps nothing: a request that was answered before is only compared."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage, "", _never)

    async def _send_part(self) -> None:
        self._take()

    async def finish(self) -> None:
        self._take()


async def _never(_: str) -> None:
    raise AssertionError("nothing is sent")  # pragma: no cover


def crc32_combine(first: int, second: int, length: int) -> int:
    """CRC-32 of two strings joined, from the CRC of each and the second's length: no byte is read twice.

    Appending ``length`` bytes multiplies by x^(8 * length) modulo the CRC's polynomial (zlib's crc32_combine).
    """
    power = 0x00800000  # x^8
    factor = 0x80000000  # 1
    while length:
        if length & 1:
            factor = _multiply(power, factor)
        power = _multiply(power, power)
        length >>= 1
    return _multiply(factor, first) ^ second


def _multiply(a: int, b: int) -> int:
    product, bit = 0, 0x80000000
    while bit:
        if a & bit:
            product ^= b
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
        bit >>= 1
    return product
