"""An upload request from its first byte to the transaction that shows its files (storage.md, write protocol)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid4

import anyio
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app import idempotency
from app.access import Actor
from app.db import Database
from app.errors import Invalid, Problem, TooLarge, Unavailable
from app.file_types import misfit
from app.models import Blob
from app.multipart import Chunk
from app.services import blobs
from app.settings import MIB, Settings
from app.storage import Storage
from app.text import file_name
from app.writer import Discard, ObjectWriter

log = structlog.get_logger()

SMALL_IN_FLIGHT = 8
CLEAN_UP_SECONDS = 5


@dataclass
class Received:
    """One file of the request: stored under ``blob_id``, or refused with ``problem``."""

    index: int
    name: str
    blob_id: UUID | None = None
    problem: Problem | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> list[Any]:
        """What makes two files the same for an idempotency key."""
        refused = self.problem and self.problem.code
        return [self.name, self.facts.get("size"), str(self.facts.get("sha256", b"").hex()), refused]


class Incoming(Protocol):
    """What an upload takes in: a part of a form, or anything with a name and bytes."""

    filename: str | None
    media_type: str

    def chunks(self) -> AsyncIterator[Chunk]: ...


class Uploads:
    """The uploads of one process: a cap on how many run at once, and what is still being cleaned up."""

    def __init__(self, db: Database, storage: Storage, settings: Settings) -> None:
        self.db = db
        self.storage = storage
        self.settings = settings
        self._slots = asyncio.Semaphore(settings.uploads_at_once)
        self._cleaning: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def begin(self, actor: Actor, claim: idempotency.Claim | None) -> AsyncIterator["Upload"]:
        """A place among the running uploads; what the upload did not commit is cleaned up after the answer."""
        try:
            async with asyncio.timeout(self.settings.database_pool_timeout_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable(
                "Many uploads are running; try again in a moment.", code="uploads_busy", retry_after=5
            ) from None
        upload = Upload(self, actor, claim)
        heartbeat = asyncio.create_task(upload.keep_alive())
        try:
            yield upload
        finally:
            heartbeat.cancel()
            self._slots.release()
            self._later(upload.clean_up())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)

    async def close(self) -> None:
        if self._cleaning:
            await asyncio.wait(self._cleaning, timeout=CLEAN_UP_SECONDS)


class Upload:
    """One request's files. No database connection is held while bytes flow."""

    def __init__(self, uploads: Uploads, actor: Actor, claim: idempotency.Claim | None) -> None:
        self.db = uploads.db
        self.storage = uploads.storage
        self.settings = uploads.settings
        self.actor = actor
        self.claim = claim
        self.is_replay = bool(claim and claim.answer)
        self.owner = uuid4()
        self.files: list[Received] = []
        self._spare: list[Blob] = []
        self._reserve_next = 1
        self._open: set[ObjectWriter] = set()
        self._small: set[asyncio.Task[None]] = set()
        self._reserved = False

    @property
    def stored(self) -> list[Received]:
        return [received for received in self.files if received.problem is None]

    async def receive(self, part: Incoming) -> Received:
        """Take one file in. A file that is refused is read to its end, so that the next one can follow."""
        received = Received(len(self.files), part.filename or "")
        self.files.append(received)
        try:
            received.name = file_name(part.filename or "")
        except ValueError as error:
            received.problem = Invalid(str(error), code="file_name")
        else:
            await self._take_in(part, received)
        async for _ in part.chunks():
            pass
        return received

    async def _take_in(self, part: Incoming, received: Received) -> None:
        blob_id, writer = await self._writer()
        self._open.add(writer)
        received.problem = await self._stream(part, writer) or _content_problem(received.name, writer)
        if received.problem:
            await self._drop(writer)
            return
        received.blob_id = blob_id
        received.facts = {
            "size": writer.size,
            "sha256": writer.sha256,
            "crc32": writer.crc32,
            "media_type": writer.media_type,
            "declared_type": part.media_type[:200] or None,
        }
        if writer.is_small:
            await self._finish_aside(writer)
        else:
            await self._finish(writer)

    async def _stream(self, part: Incoming, writer: ObjectWriter) -> Problem | None:
        limit = self.settings.file_max_bytes
        async for chunk in part.chunks():
            if writer.size + len(chunk) > limit:
                detail = f"A file may have at most {limit} bytes ({limit / MIB:g} MiB)."
                return TooLarge(detail, code="file_too_large")
            await writer.write(chunk)
        return None

    async def _finish(self, writer: ObjectWriter) -> None:
        await writer.finish()
        self._open.discard(writer)

    async def _drop(self, writer: ObjectWriter) -> None:
        """A refused file: its memory is free now; what reached the store goes with the clean-up."""
        await writer.abandon()
        self._open.discard(writer)

    async def _finish_aside(self, writer: ObjectWriter) -> None:
        """Small files go out while the next are parsed, eight at a time; the first failure ends the request."""
        if len(self._small) >= SMALL_IN_FLIGHT:
            done, _ = await asyncio.wait(self._small, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # should it raise, the clean-up still finds all of them
            self._small -= done
        self._small.add(asyncio.create_task(self._finish(writer)))

    async def arrived(self) -> None:
        """The final boundary was seen: wait until the store has everything."""
        for task in list(self._small):
            await task
        self._small.clear()

    async def _writer(self) -> tuple[UUID | None, ObjectWriter]:
        if self.is_replay:
            return None, Discard(self.storage)
        blob = await self._blob()
        return blob.id, ObjectWriter(self.storage, blob.object_key, lambda upload_id: self._name(blob, upload_id))

    async def _blob(self) -> Blob:
        """The next reserved row; reserved ahead, more at a time the more files come."""
        if not self._spare:
            async with self.db.transaction(self.actor.office_id) as session:
                self._spare = blobs.reserve(
                    session, self.actor.office_id, self.owner, self._reserve_next, self.settings.lease_seconds
                )
            self._reserved = True
            self._reserve_next = min(2 * self._reserve_next, 32)
        return self._spare.pop()

    async def _name(self, blob: Blob, upload_id: str) -> None:
        async with self.db.transaction(self.actor.office_id) as session:
            await blobs.name_upload(session, self.actor.office_id, blob.id, upload_id)

    async def store(self, session: AsyncSession, received: Received) -> UUID:
        """In the transaction that shows the file: its blob is stored from here on."""
        assert received.blob_id is not None
        await blobs.store(session, self.actor.office_id, self.owner, received.blob_id, **received.facts)
        return received.blob_id

    def mark(self, *more: Any) -> bytes:
        return idempotency.fingerprint([*more, *(received.mark for received in self.files)])

    async def keep_alive(self) -> None:
        """Renew the leases while the request lives. A missed renewal is not the end: the commit will tell."""
        lease = self.settings.lease_seconds
        while True:
            await asyncio.sleep(lease / 4)
            with suppress(SQLAlchemyError, OSError):
                async with self.db.transaction(self.actor.office_id) as session:
                    await blobs.renew(session, self.actor.office_id, self.owner, lease)
                if self.claim:
                    await idempotency.renew(self.db, self.actor, self.claim, lease)

    async def clean_up(self) -> None:
        """After the answer: what was not committed goes. Should this fail, the reaper does the same later."""
        await asyncio.gather(*self._small, return_exceptions=True)
        for writer in self._open:
            await writer.abandon()
        if not self._reserved:
            return
        with anyio.CancelScope(shield=True), suppress(SQLAlchemyError, OSError, Problem):
            async with self.db.transaction(self.actor.office_id) as session:
                await blobs.give_up(session, self.actor.office_id, self.owner)
            await reap(self.db, self.storage, self.actor.office_id, owner=self.owner)


def _content_problem(name: str, writer: ObjectWriter) -> Problem | None:
    if writer.size == 0:
        return Invalid("The file is empty; check that it can be read where it comes from.", code="file_empty")
    found = misfit(name, writer.media_type)
    return Invalid(found.detail, code=found.code) if found else None


async def reap(db: Database, storage: Storage, office_id: UUID, *, owner: UUID | None = None, limit: int = 100) -> int:
    """Remove blobs whose lease is over: mark, delete in the store, forget the row; each step safe to repeat."""
    async with db.transaction(office_id) as session:
        taken = await blobs.take_expired(session, office_id, limit, owner)
    for blob in taken:
        await storage.delete(blob.object_key, blob.upload_id)
        async with db.transaction(office_id) as session:
            await blobs.forget(session, office_id, blob.id)
    return len(taken)
