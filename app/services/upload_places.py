"""How many uploads run at once in this process, and what is still cleaned up behind them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from app.access import Actor
from app.db import Database
from app.errors import Problem, TooMany, Unavailable
from app.services.uploads import Upload
from app.settings import Settings
from app.storage import Storage

CLEAN_UP_SECONDS = 5
AGAIN_SECONDS = 5
IN_LINE = 8  # waiting for each place; they hold up to 256 KiB each


class Places:
    """So many at once. More wait in line for a while, but not without end: each holds what came of its body so far."""

    def __init__(self, count: int, wait_seconds: float) -> None:
        self._free = asyncio.Semaphore(count)
        self._room = IN_LINE * count
        self._waiting = 0
        self._wait_seconds = wait_seconds

    async def take(self, problem: Problem) -> None:
        if self._waiting >= self._room:
            raise problem
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise problem from None
        finally:
            self._waiting -= 1

    def release(self) -> None:
        self._free.release()


class Uploads:
    """The uploads of one process: a cap on how many run at once, and what is still being cleaned up."""

    def __init__(self, db: Database, storage: Storage, settings: Settings) -> None:
        self.db = db
        self.storage = storage
        self.settings = settings
        self._places = Places(settings.uploads_at_once, settings.upload_wait_seconds)
        self._senders: WeakValueDictionary[UUID, Places] = WeakValueDictionary()
        self._cleaning: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def begin(self, actor: Actor, *, files: bool = True) -> AsyncIterator["Upload"]:
        """A place among the running uploads; what the upload did not commit is cleaned up after the answer."""
        upload = Upload(self, actor)
        if not files:
            yield upload
            return
        sender = await self._take_place(actor)
        heartbeat = asyncio.create_task(upload.keep_alive())
        try:
            yield upload
        finally:
            heartbeat.cancel()
            self._later(self._leave(upload, sender))

    async def _take_place(self, actor: Actor) -> Places:
        """No sender takes all places: whoever sends slowly from many connections holds up himself only.

        Who comes too early waits, with his body unread; a script that sends a hundred at once need not know of it.
        """
        allowed = self.settings.uploads_at_once_per_sender
        sender = self._senders.setdefault(actor.id, Places(allowed, self.settings.upload_wait_seconds))
        detail = f"At most {allowed} uploads at once; wait until one is done."
        await sender.take(TooMany(detail, "uploads_at_once", allowed, AGAIN_SECONDS))
        try:
            detail = "Many uploads are running; try again in a moment."
            await self._places.take(Unavailable(detail, code="uploads_busy", retry_after=AGAIN_SECONDS))
        except BaseException:
            sender.release()
            raise
        return sender

    async def _leave(self, upload: "Upload", sender: Places) -> None:
        """The place is free when the memory is: not before what is in flight has landed."""
        try:
            await upload.settle()
        finally:
            self._places.release()
            sender.release()
        await upload.clean_up()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)

    async def close(self) -> None:
        if self._cleaning:
            await asyncio.wait(self._cleaning, timeout=CLEAN_UP_SECONDS)
