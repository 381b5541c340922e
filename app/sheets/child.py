"""Reads one spreadsheet in a process of its own: ``python -m app.sheets.child``, started by ``app.sheets.reading``.

It is asked with one line of JSON and answers with frames: the length in decimal, a line end, then that many bytes of
JSON. First what the file is, then its rows in batches, then how many there were; or, at any point, why it is refused.
A file can do anything to this process; it has no secrets, no connection and nothing to write to.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from app.background import collect_rarely
from app.sheets.confine import NO_MEMORY, confine, end_with
from app.sheets.delimited import Delimited
from app.sheets.formats import CSV, detect, refused
from app.sheets.rows import (
    BATCH_ROWS,
    ROW_CHARS,
    Cells,
    Limits,
    Request,
    SheetRefused,
    dump,
    is_empty,
    place_of,
    too_long,
)
from app.sheets.workbooks import Workbook


def messages(request: Request) -> Iterator[bytes]:
    """What is known of the file, then its rows."""
    limits = request.limits
    with Path(request.path).open("rb") as file:
        if file.seek(0, 2) > limits.file_bytes:
            size = limits.file_bytes // (1024 * 1024)
            raise SheetRefused("too_large", f"The file is larger than {size} MB. Split it and upload the parts.")
        kind = detect(file, request.encoding)
        table = Delimited(file, request) if kind == CSV else Workbook(file, kind, request)
        yield dump(vars(table.about))
        for batch in _batches(table.rows(), len(table.about.headings), limits):
            yield dump(batch)
        yield dump({"rows": table.about.rows})


def _batches(rows: Iterator[tuple[int, Cells]], width: int, limits: Limits) -> Iterator[list[tuple[int, Cells]]]:
    batch: list[tuple[int, Cells]] = []
    chars = 0
    for number, cells in rows:
        fitted = _fit(cells, width)
        if len(fitted) > limits.columns:
            raise SheetRefused("too_many_columns", f"Row {number} has more than {limits.columns} cells.")
        batch.append((number, fitted))
        chars += _chars(number, fitted)
        if len(batch) == BATCH_ROWS or chars > ROW_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _fit(cells: Cells, width: int) -> Cells:
    """As many cells as there are headings; more only where they hold something."""
    while len(cells) > width and is_empty(cells[-1:]):
        cells.pop()
    return cells if len(cells) >= width else cells + [None] * (width - len(cells))


def _chars(number: int, cells: Cells) -> int:
    chars = sum([len(cell) for cell in cells if type(cell) is str])
    if chars > ROW_CHARS:
        raise too_long(number)
    return chars


def answer(request: Request) -> Iterator[bytes]:
    """The same, ending in a refusal where the file is none that can be read."""
    try:
        yield from messages(request)
    except SheetRefused as refusal:
        yield dump({"refused": [refusal.code, refusal.detail, place_of(refusal.__cause__ or refusal)]})
    except (MemoryError, GeneratorExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        damaged = refused("damaged")
        yield dump({"refused": [damaged.code, damaged.detail, place_of(error)]})


def main() -> None:  # pragma: no cover - runs in the child
    request = Request.load(sys.stdin.buffer.readline())
    end_with(request.parent)
    confine(request.limits)
    collect_rarely()
    out = sys.stdout.buffer
    try:
        for message in answer(request):
            out.write(b"%d\n%b\n" % (len(message), message))
            out.flush()
    except MemoryError:
        os._exit(NO_MEMORY)


if __name__ == "__main__":  # pragma: no cover
    main()
