"""Rows on their way into a file that somebody is sent: workbooks on this machine's disk, CSV there or at once.

Rows come in pages, and each page is written in a thread: nobody else waits for it, and memory holds one page.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TypeAlias

from anyio import from_thread, to_thread

from app.errors import Invalid
from app.schemas.import_columns import Column
from app.schemas.import_templates import Form
from app.sheets import writing
from app.sheets.rows import CELL_CHARS, Value

NUMBER = "number"  # the column by which a row is known
MOST_ROWS = 1_048_575  # of a sheet, below its headings

Page: TypeAlias = Iterable[Sequence[Value]]
Pages: TypeAlias = AsyncGenerator[Page, None]


def headings(columns: Sequence[Column]) -> list[str]:
    return [column.dutch for column in columns]


async def csv(columns: Sequence[Column], pages: Pages) -> AsyncGenerator[bytes, None]:
    """CSV for Dutch Excel, a page at a time."""
    async with aclosing(pages):
        yield writing.csv_head(headings(columns))
        async for page in pages:
            yield await to_thread.run_sync(writing.csv_rows, page)


async def write(form: Form, path: Path, sheet: str, columns: Sequence[Column], pages: Pages) -> None:
    """The whole file at ``path``; Invalid where a workbook can not hold it."""

    async def following() -> Page | None:
        return await anext(pages, None)

    def rows() -> Page:
        while (page := from_thread.run(following)) is not None:
            yield from page

    def write_workbook() -> None:
        with writing.workbook(path) as book:
            listed = book.list(sheet, [_column(column) for column in columns])
            for row in rows():
                _check(columns, row)
                listed.write(row)

    def write_csv() -> None:
        with path.open("wb") as file:
            file.write(writing.csv_head(headings(columns)))
            while (page := from_thread.run(following)) is not None:
                file.write(writing.csv_rows(page))

    async with aclosing(pages):
        await to_thread.run_sync(write_workbook if form == "xlsx" else write_csv)


def _column(column: Column) -> writing.Column:
    return writing.Column(column.dutch, width=max(14, len(column.dutch) + 2), is_text=column.kind.form == "text")


def _check(columns: Sequence[Column], row: Sequence[Value]) -> None:
    """Excel would cut off what is too long for its cells, and nobody would see it."""
    for column, cell in zip(columns, row, strict=True):
        if isinstance(cell, str) and len(cell) > CELL_CHARS // 2 and len(cell.encode("utf-16-le")) // 2 > CELL_CHARS:
            whose = next(
                (each.shown(known) for each, known in zip(columns, row, strict=True) if each.field == NUMBER), ""
            )
            detail = f"“{column.dutch}” of {whose} is longer than a cell of a workbook holds; take the CSV file."
            raise Invalid(detail, code="cell_too_long")
