"""Read a spreadsheet: XLSX, XLS, ODS or CSV, whatever its name, whoever made it.

A child process reads (``app.sheets.child``), bounded in memory and time and bare of secrets; it hands over a batch
when it is asked for one. Whatever becomes of it, its caller sees rows or a `SheetRefused`, and no process is left.

    async with reading(path, known) as sheet:
        sheet.about.headings
        async for rows in sheet.batches(): ...
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import app
from app.sheets.confine import NO_MEMORY
from app.sheets.formats import refused
from app.sheets.rows import (
    About,
    Broken,
    Cells,
    Limits,
    Request,
    Row,
    SheetRefused,
    Value,
    heading_key,
    load_about,
    load_rows,
)

__all__ = ["About", "Broken", "Cells", "Limits", "Reading", "Row", "SheetRefused", "Value", "heading_key", "reading"]

_FRAME_BYTES = 32 * 1024 * 1024  # a batch of the longest cells, each character escaped
_GRACE_SECONDS = 5
_ROOT = str(Path(app.__file__).parents[1])
_T = TypeVar("_T")


class Reading:
    """A file that is open: what it is, and its rows from first to last, once."""

    def __init__(self, about: About, child: "_Child") -> None:
        self.about = about
        self._child = child

    async def batches(self) -> AsyncIterator[list[Row]]:
        """Up to 1,000 rows at a time; the child goes on when the next are wanted."""
        count = 0
        while (line := await self._child.receive()).startswith(b"["):
            rows = _parsed(load_rows, line)
            count += len(rows)
            yield rows
        if count != self.about.rows:
            raise refused("damaged")


@asynccontextmanager
async def reading(
    path: Path | str,
    known: Collection[str],
    *,
    limits: Limits | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> AsyncIterator[Reading]:
    """Open the file and find its list: the sheet and the row of headings of which most are ``known``.

    `encoding` and `delimiter` are the user's word on a CSV, against what it looks like.
    """
    child = await _Child.start(_request(path, known, limits or Limits(), encoding, delimiter))
    try:
        about = _parsed(load_about, await child.receive())
        yield Reading(about, child)
    finally:
        await child.stop()


def _request(
    path: Path | str, known: Collection[str], limits: Limits, encoding: str | None, delimiter: str | None
) -> Request:
    Path(path).stat()  # a file that is gone is our mistake and not the user's
    keys = sorted({heading_key(text) for text in known})
    return Request(str(Path(path).absolute()), keys, limits, encoding, delimiter, os.getpid())


class _Child:
    """The near end of the pipe."""

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._seconds = 0.0
        self._is_over = False  # it has said its last word, or died
        self._bytes = 0

    @classmethod
    async def start(cls, request: Request) -> "_Child":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.sheets.child"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={"PYTHONPATH": _ROOT, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        )
        child = cls(process, request.limits)
        try:
            await child._ask(request)
        except BaseException:
            await child.stop()
            raise
        return child

    async def _ask(self, request: Request) -> None:
        assert self._process.stdin
        # It may have died already: what it should have answered is missing then. (uvloop says so by a RuntimeError.)
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(request.dump() + b"\n")
            await self._process.stdin.drain()
        self._process.stdin.close()

    async def receive(self) -> bytes:
        """The next frame. Only the time that the child takes counts, not that between two calls."""
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(max(0, self._limits.seconds - self._seconds)):
                line = await self._frame()
        except TimeoutError:
            raise _too_slow() from None
        except (asyncio.IncompleteReadError, ValueError):
            raise await self._death() from None
        self._seconds += clock() - started
        self._is_over = line.startswith((b'{"refused"', b'{"rows"'))
        if line.startswith(b'{"refused"'):
            raise SheetRefused(*json.loads(line)["refused"])
        return line

    async def _frame(self) -> bytes:
        assert self._process.stdout
        length = int(await self._process.stdout.readuntil(b"\n"))
        self._bytes += length
        if length > _FRAME_BYTES or self._bytes > self._limits.output_bytes:
            raise _too_much()
        return (await self._process.stdout.readexactly(length + 1))[:-1]

    async def _death(self) -> SheetRefused:
        """Why the child has ended in the middle of its answer."""
        self._is_over = True
        await self.stop()
        ended = self._process.returncode
        if ended == -signal.SIGXCPU:
            return _too_slow()
        # Aborted by a library that got no memory, or killed by the system for want of it.
        found = _too_much() if ended in (NO_MEMORY, -signal.SIGABRT, -signal.SIGKILL) else refused("damaged")
        found.cause = f"ended with {ended}"
        return found

    async def stop(self) -> None:
        """No process is left after this, also when the one who waits for it is cancelled again."""
        await asyncio.shield(asyncio.ensure_future(self._reap()))

    async def _reap(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS if self._is_over else 0):
                await self._end()  # a signal now could hide how it ended
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._end()

    async def _end(self) -> None:
        assert self._process.stdout
        while await self._process.stdout.read(65_536):  # a pipe that is not read out is not closed
            pass
        await self._process.wait()


def _parsed(parse: Callable[[bytes], _T], line: bytes) -> _T:
    try:
        return parse(line)
    except (ValueError, TypeError, AttributeError) as error:
        raise refused("damaged") from error


def _too_much() -> SheetRefused:
    return SheetRefused(
        "memory",
        "The file needs more memory than an import may use. Delete the sheets, rows and columns that do not belong "
        "to the list, or copy the list into a new workbook; split it where it is long.",
    )


def _too_slow() -> SheetRefused:
    return SheetRefused(
        "time",
        "Reading the file takes more time than an import may use. Copy the list into a new workbook, or split it.",
    )
