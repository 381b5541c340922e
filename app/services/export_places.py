"""Files that are made to be sent: so many at once in this process, and none of them stays on its disk."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO
from uuid import UUID
from weakref import WeakValueDictionary

from anyio import CancelScope, to_thread

from app.access import Actor
from app.errors import TooMany, Unavailable
from app.services.upload_places import AGAIN_SECONDS, Places
from app.settings import Settings

PIECE = 256 * 1024

Write = Callable[[Path], Awaitable[None]]


class Spooled:
    """A file that has no name any more: when it is closed, or this process ends, it is gone."""

    def __init__(self, file: BinaryIO, size: int, sender: Places) -> None:
        self.size = size
        self._file = file
        self._sender = sender

    async def pieces(self) -> AsyncIterator[bytes]:
        while piece := await to_thread.run_sync(self._file.read, PIECE):
            yield piece

    async def close(self) -> None:
        if not self._file.closed:
            self._file.close()
            self._sender.release()


class Exports:
    """The places of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._places = Places(settings.exports_at_once, settings.export_wait_seconds)
        self._senders: WeakValueDictionary[UUID, Places] = WeakValueDictionary()

    async def make(self, actor: Actor, write: Write) -> Spooled:
        """What ``write`` puts at the path that it is given. Whoever asks for it closes it.

        Making it takes a place of all; a place of his own the sender has until it is sent, so that who reads slowly
        fills neither the disk nor the others' places.
        """
        allowed = self.settings.exports_at_once_per_sender
        sender = self._senders.setdefault(actor.id, Places(allowed, self.settings.export_wait_seconds))
        detail = f"At most {allowed} exports at once; wait until one is done."
        await sender.take(TooMany(detail, "exports_at_once", allowed, AGAIN_SECONDS))
        try:
            busy = Unavailable("Many exports are being made; try again in a moment.", code="exports_busy")
            await self._places.take(busy)
            try:
                file, size = await _made(write)
            finally:
                self._places.release()
        except BaseException:
            sender.release()
            raise
        return Spooled(file, size, sender)


async def _made(write: Write) -> tuple[BinaryIO, int]:
    folder = Path(mkdtemp(prefix="ordner-export-"))  # readable by nobody else
    path = folder / "file"
    try:
        await write(path)
        return path.open("rb"), path.stat().st_size
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
