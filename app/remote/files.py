"""Files of the one who types: what is read from them, and what is written beside them."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from app.remote import UNUSABLE, Failed
from app.remote.screen import Step

MIB = 1024 * 1024
MEDIA = {".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def name_of(path: Path) -> str:
    """In letters that can be sent and shown, whatever bytes the name is of."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def check_readable(path: Path) -> None:
    if path.exists() and not path.is_file():
        detail = "is no file but a folder, a pipe or a device: give a file, which can be read again"
        raise Failed(f"{path}: this {detail}.", UNUSABLE)
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: can not be read ({getattr(error, 'strerror', error)}).", UNUSABLE) from None


def check_writable(path: Path, other_than: Path) -> None:
    """Of rejected rows."""
    if path.suffix.lower() not in MEDIA:
        raise Failed(f"--rejected {path}: the name must end in .xlsx or .csv.", UNUSABLE)
    try:
        if path.exists() and path.samefile(other_than):
            raise Failed("--rejected must not be the file itself.", UNUSABLE)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        with _beside(path):
            pass
    except OSError as error:
        raise Failed(f"--rejected {path}: no file can be made there ({error.strerror}).", UNUSABLE) from None


class Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, step: Step) -> None:
        self._file, self._step = file, step
        self.size = os.fstat(file.fileno()).st_size

    def read(self, size: int = -1) -> bytes:
        left = self.size - self._file.tell()  # of a file that grows meanwhile, what it had
        piece = self._file.read(left if size < 0 else min(size, left))
        done = self._file.tell()
        if not piece and done < self.size:
            raise OSError("The file became shorter while it was sent.")
        self._step(done, self.size, f"{done / MIB:.1f} of {self.size / MIB:.1f} MB")
        return piece

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()

    @property
    def is_read(self) -> bool:
        return self._file.tell() >= self.size


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """Whole or not at all: what a first try left must not be taken for the rows of today."""
    with _beside(path) as file:
        yield file
        file.flush()
        Path(file.name).replace(path.resolve())


@contextmanager
def _beside(path: Path) -> Iterator[IO[bytes]]:
    """A new file where that one will lie, readable by nobody else; it is gone in the end, unless it moved there."""
    with tempfile.NamedTemporaryFile(dir=path.resolve().parent, prefix=".ordner-", delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)
