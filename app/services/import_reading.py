"""Cells become values: of a large file in a process of its own, so that two processors are at it.

The other one decides meanwhile what becomes of the rows before. Only pure functions go there and back.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from typing import Any, Protocol

from app import phones
from app.background import collect_rarely
from app.schemas.import_columns import Given, Headings, match, read_row
from app.schemas.import_templates import TEMPLATES
from app.services.import_findings import Found, first, of_cell
from app.sheets.confine import end_with
from app.sheets.reading import Row

LARGE = 5_000  # rows; below that the process would cost more than it brings


@dataclass
class RowRead:
    """A row of the file as its cells were read, in the API's words; phone numbers also as they are called."""

    number: int
    given: Given
    findings: list[Found]


class Read(Protocol):
    async def __call__(self, rows: Sequence[Row]) -> list[RowRead]: ...


@asynccontextmanager
async def reader(kind: str, headings: list[str], count: int, *, clears: bool) -> AsyncIterator[Read]:
    """Reads rows of a file with ``count`` of them. ``clears``: an empty cell says that there is nothing."""
    if count < LARGE:

        async def here(rows: Sequence[Row]) -> list[RowRead]:
            return read(kind, tuple(headings), rows, clears)

        yield here
        return
    pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin, initargs=(os.getpid(),))

    async def there(rows: Sequence[Row]) -> list[RowRead]:
        return await asyncio.get_running_loop().run_in_executor(pool, read, kind, tuple(headings), rows, clears)

    try:
        yield there
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(parent: int) -> None:
    end_with(parent)
    collect_rarely()


def read(kind: str, headings: tuple[str, ...], rows: Sequence[Row], clears: bool) -> list[RowRead]:
    catalogue, matched = TEMPLATES[kind].catalogue, _matched(kind, headings)
    found = []
    for row in rows:
        given, findings = read_row(catalogue, matched, row.cells)
        if clears:
            wrong = {each.column.field for each in findings if each.is_error}
            _clear(given, matched, {*catalogue.never_cleared, *wrong})
        given |= phones.called(given)
        found.append(RowRead(row.number, given, first([of_cell(each) for each in findings])))
    return found


@lru_cache(maxsize=4)
def _matched(kind: str, headings: tuple[str, ...]) -> Headings:
    return match(TEMPLATES[kind].catalogue, headings)


def _clear(given: dict[str, Any], headings: Headings, never: set[str]) -> None:
    """What was read as nothing is nothing: also blanks, and the words that people write for it."""
    for place in headings.places:
        if place.column.field not in never:
            inner = given
            for name in place.path[:-1]:
                inner = inner.setdefault(name, {})
            inner.setdefault(place.path[-1], None)
