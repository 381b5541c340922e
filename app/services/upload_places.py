"""How many uploads run at once in this process, and what is still cleaned up behind them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from app import idempotency
from app.access import Actor
from app.db import Database
from app.errors import TooMany, Unavailable
from app.services.uploads import Upload
from app.settings import Settings
from app.storage import Storage

CLEAN_UP_SECONDS = 5


class Uploads:
    """The uploads of one process: a cap on how many run at once, and what is still being cleaned up."""

    def __init__(self, db: Database, storage: Storage, settings: Settings) -> None:
        self.db = db
        self.storage = storage
        self.settings = settings
        self._places = asyncio.Semaphore(settings.uploads_at_once)
        self._senders: Counter[UUID] = Counter()
        self._cleaning: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def begin(
        self, actor: Actor, claim: idempotency.Claim | None, *, files: bool = True
    ) -> AsyncIterator["Upload"]:
        """A place among the running uploads; what the upload did not commit is cleaned up after the answer."""
        upload = Upload(self, actor, claim)
        if not files:
            yield upload
            return
        await self._take_place(actor)
        heartbeat = asyncio.create_task(upload.keep_alive())
        try:
            yield upload
        finally:
            heartbeat.cancel()
            self._later(self._leave(upload))

    async def _take_place(self, actor: Actor) -> None:
        """No sender takes all places: whoever sends slowly from many connections holds up himself only."""
        if self._senders[actor.id] >= self.settings.uploads_at_once_per_sender:
            raise TooMany("You have many uploads running; wait until one is done.", retry_after=5)
        self._senders[actor.id] += 1
        try:
            async with asyncio.timeout(self.settings.database_pool_timeout_seconds):
                await self._places.acquire()
        except TimeoutError:
            self._forget_sender(actor)
            detail = "Many uploads are running; try again in a moment."
            raise Unavailable(detail, code="uploads_busy", retry_after=5) from None

    async def _leave(self, upload: "Upload") -> None:
        """The place is free when the memory is: not before what is in flight has landed."""
        try:
            await upload.settle()
        finally:
            self._places.release()
            self._forget_sender(upload.actor)
        await upload.clean_up()

    def _forget_sender(self, actor: Actor) -> None:
        self._senders[actor.id] -= 1
        if not self._senders[actor.id]:
            del self._senders[actor.id]

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)

    async def close(self) -> None:
        if self._cleaning:
            await asyncio.wait(self._cleaning, timeout=CLEAN_UP_SECONDS)
