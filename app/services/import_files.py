"""The file of an import, while it is read."""

import os
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from anyio import CancelScope, to_thread

from app.models import Blob, Import
from app.sheets.reading import Reading, reading
from app.storage import Storage

SPOOL = "ordner-import-"
GONE = "The file of this import was removed; upload it again."
DELIMITERS = {"tab": "\t"}


def opened(of: Import, path: Path, known: Collection[str]) -> AbstractAsyncContextManager[Reading]:
    """As its uploader says that it is to be read."""
    delimiter = of.delimiter and DELIMITERS.get(of.delimiter, of.delimiter)
    return reading(path, known, encoding=of.encoding, delimiter=delimiter)


def said(delimiter: str) -> str:
    """What an uploader says for it."""
    return {sign: name for name, sign in DELIMITERS.items()}.get(delimiter, delimiter)


def sweep() -> None:
    """Remove what workers that were killed left on this machine; a worker does it before its first job."""
    for path in Path(tempfile.gettempdir()).glob(f"{SPOOL}*"):
        with suppress(OSError, ValueError):
            pid = int(path.name.removeprefix(SPOOL).partition("-")[0])
            if pid == os.getpid() or not _is_there(pid):
                path.unlink()


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@asynccontextmanager
async def spooled(storage: Storage, blob: Blob) -> AsyncIterator[Path]:
    """On this machine's disk, for as long as it is read, readable by nobody else."""
    descriptor, name = tempfile.mkstemp(prefix=f"{SPOOL}{os.getpid()}-")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for piece in await storage.open(blob.object_key):
                await to_thread.run_sync(file.write, piece)
        yield path
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(lambda: path.unlink(missing_ok=True))
