"""An upload request from its first byte to the transaction that shows its files (storage.md, write protocol)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
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
from app.errors import Invalid, Problem, TooLarge
from app.file_types import misfit
from app.models import Blob
from app.multipart import Chunk
from app.services import blobs
from app.services.reaper import reap
from app.settings import MIB, Settings
from app.storage import Storage
from app.text import file_name
from app.writer import IN_FLIGHT, PART_BYTES, Discard, ObjectWriter

log = structlog.get_logger()

SMALL_IN_FLIGHT = 8
ASIDE_BYTES = IN_FLIGHT * PART_BYTES
CLEAN_UP_PAUSES = (1, 4, 16)


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


class Shared(Protocol):
    """What all uploads of the process share."""

    db: Database
    storage: Storage
    settings: Settings


class Upload:
    """One request's files. No database connection is held while bytes flow."""

    claim: idempotency.Claim | None = None
    any_name = False  # what a file is called says nothing of what it must be

    def __init__(self, uploads: Shared, actor: Actor) -> None:
        self.db = uploads.db
        self.storage = uploads.storage
        self.settings = uploads.settings
        self.actor = actor
        self.owner = uuid4()
        self.files: list[Received] = []
        self._spare: list[Blob] = []
        self._reserve_next = 1
        self._open: set[ObjectWriter] = set()
        self._small: set[asyncio.Task[None]] = set()
        self._used: dict[UUID, Blob] = {}
        self._aside = 0
        self.is_committed = False

    @property
    def is_replay(self) -> bool:
        return bool(self.claim and self.claim.answer)

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
        chunks = aiter(part.chunks())
        first = await anext(chunks, None)
        if first is None:  # found out before a row is reserved for it
            detail = "The file is empty; check that it can be read where it comes from."
            received.problem = Invalid(detail, code="file_empty")
            return
        blob_id, writer = await self._writer()
        self._open.add(writer)
        received.problem = await self._stream(first, chunks, writer) or self._misfit(received.name, writer)
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

    def _misfit(self, name: str, writer: ObjectWriter) -> Problem | None:
        found = None if self.any_name else misfit(name, writer.media_type)
        return Invalid(found.detail, code=found.code) if found else None

    async def _stream(self, first: Chunk, rest: AsyncIterator[Chunk], writer: ObjectWriter) -> Problem | None:
        limit = self.settings.file_max_bytes
        chunk: Chunk | None = first
        while chunk is not None:
            if writer.size + len(chunk) > limit:
                detail = f"A file may have at most {limit} bytes ({limit / MIB:g} MiB)."
                return TooLarge(detail, code="file_too_large")
            await writer.write(chunk)
            chunk = await anext(rest, None)
        return None

    async def _finish(self, writer: ObjectWriter) -> None:
        await writer.finish()
        self._open.discard(writer)

    async def _drop(self, writer: ObjectWriter) -> None:
        """A refused file: its memory is free now; what reached the store goes with the clean-up."""
        await writer.abandon()
        self._open.discard(writer)

    async def _finish_aside(self, writer: ObjectWriter) -> None:
        """Small files go out while the next are parsed: eight at a time, and no more bytes than a large one has."""
        while self._small and (len(self._small) >= SMALL_IN_FLIGHT or self._aside + writer.size > ASIDE_BYTES):
            done, _ = await asyncio.wait(self._small, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # should it raise, the clean-up still finds all of them
            self._small -= done
        self._aside += writer.size
        self._small.add(asyncio.create_task(self._finish_small(writer)))

    async def _finish_small(self, writer: ObjectWriter) -> None:
        try:
            await self._finish(writer)
        finally:
            self._aside -= writer.size

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
            self._reserve_next = min(2 * self._reserve_next, 32)
        blob = self._spare.pop()
        self._used[blob.id] = blob
        return blob

    async def _name(self, blob: Blob, upload_id: str) -> None:
        async with self.db.transaction(self.actor.office_id) as session:
            await blobs.name_upload(session, self.actor.office_id, blob.id, upload_id)

    async def store(self, session: AsyncSession) -> list[tuple[Received, Blob]]:
        """In the transaction that shows the files: their bytes are stored from here on."""
        facts = {received.blob_id: received.facts for received in self.stored if received.blob_id}
        rows = await blobs.store(session, self.actor.office_id, self.owner, facts)
        return [(received, rows[received.blob_id]) for received in self.stored if received.blob_id]

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

    async def settle(self) -> None:
        """Wait for what is in flight to the store, so that nothing arrives there after it was deleted."""
        await asyncio.gather(*self._small, return_exceptions=True)
        for writer in self._open:
            await writer.abandon()

    async def clean_up(self) -> None:
        """After the answer: what was not committed goes. Should this fail, the reaper does the same later."""
        shown = {received.blob_id for received in self.stored} if self.is_committed else set()
        left = [blob for blob in self._used.values() if blob.id not in shown]
        if not (left or self._spare):
            return
        for pause in CLEAN_UP_PAUSES:  # the database may be busy with the very crowd that left
            try:
                with anyio.CancelScope(shield=True):
                    await self._remove(left)
            except (SQLAlchemyError, OSError, Problem) as error:
                log.warning("clean_up_failed", error=type(error).__name__)
                await asyncio.sleep(pause)
            else:
                return

    async def _remove(self, left: list[Blob]) -> None:
        async with self.db.transaction(self.actor.office_id) as session:
            await blobs.discard(session, self.actor.office_id, [blob.id for blob in self._spare])
            if not left:
                return  # only rows ahead of need: nothing of them is in the store
            await blobs.give_up(session, self.actor.office_id, self.owner)
        await reap(self.db, self.storage, self.actor.office_id, owner=self.owner)
        await self._remove_unknown(left)

    async def _remove_unknown(self, left: list[Blob]) -> None:
        """A reaper that took us for dead has forgotten rows whose bytes came after it: then they are ours to delete."""
        async with self.db.transaction(self.actor.office_id) as session:
            known = await blobs.known(session, self.actor.office_id, [blob.id for blob in left])
        for blob in left:
            if blob.id not in known:
                await self.storage.delete(blob.object_key)
