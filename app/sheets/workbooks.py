"""XLSX, XLS and ODS: which sheet, and its rows as plain values.

Calamine reads; what it would lose is found beside it.
"""

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.sheets import headings, ods, xls
from app.sheets.container import Container
from app.sheets.formats import ODS, XLS, XLSX, refused, workbook_format
from app.sheets.headings import Headings
from app.sheets.rows import EXACT, About, Broken, Cells, Limits, Request, Value, count, is_empty
from app.sheets.survey import Marks, survey

_OTHERS_NAMED = 20


class Workbook:
    """The one sheet of a workbook that holds the list."""

    def __init__(self, file: BinaryIO, kind: str, request: Request) -> None:
        self._known = set(request.known)
        kind, marks, rewritten = _survey(file, kind, request.limits)
        try:
            self._choose(_open(rewritten or file), marks)
        except PasswordError as error:
            raise refused("password") from error
        except CalamineError as error:
            raise refused("damaged") from error
        headings.require(self._headings, request.limits)
        self.about = About(
            format=kind,
            headings=self._headings.texts,
            heading_row=self._headings.row,
            rows=count(self._filled(), request.limits),
            sheet=self._name,
            other_sheets=[name for name in self._names if name != self._name][:_OTHERS_NAMED],
        )

    def _choose(self, book: CalamineWorkbook, marks: list[Marks]) -> None:
        """The first of the visible sheets with most known headings."""
        chosen = _visible(book.sheets_metadata)
        self._names = [one.name for _, one in chosen]
        self._headings, self._name = Headings(), ""
        for index, one in chosen:
            sheet = book.get_sheet_by_index(index)
            in_sheet = marks[index] if index < len(marks) else {}
            found = headings.find(_first_rows(sheet, in_sheet), self._known)
            if not self._name or found.rank > self._headings.rank:
                self._headings, self._name, self._sheet, self._marks = found, one.name, sheet, in_sheet

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Those below the headings that are not empty."""
        return (_values(self._sheet, self._marks, number, raw) for number, raw in self._filled())

    def _filled(self) -> Iterator[tuple[int, list[Any]]]:
        for number, raw in _raw_rows(self._sheet, self._marks):
            if number > self._headings.row and (number in self._marks or not is_empty(raw)):
                yield number, raw


def _survey(file: BinaryIO, kind: str, limits: Limits) -> tuple[str, list[Marks], BinaryIO | None]:
    """What it is, what is broken in it, and what is read in its place."""
    if kind == XLS:
        file.seek(0)
        return kind, xls.broken_cells(file.read()), None
    container = Container(file, limits)
    mimetype = container.read("mimetype") if "mimetype" in container.members else b""
    kind = workbook_format(set(container.members), mimetype)
    assert kind in (XLSX, ODS)
    if kind == XLSX:
        return kind, survey(container, limits), None
    marks, has_signs = ods.survey(container)
    return kind, marks, ods.with_signs(container) if has_signs else None


def _open(file: BinaryIO) -> CalamineWorkbook:
    """By its descriptor: a name, whatever it ends in, must not decide what it is."""
    if isinstance(file, BytesIO):
        return CalamineWorkbook.from_filelike(file)
    return CalamineWorkbook.from_path(f"/dev/fd/{file.fileno()}")


def _visible(sheets: list[SheetMetadata]) -> list[tuple[int, SheetMetadata]]:
    """With their places in the workbook; the hidden ones where there is no other."""
    tables = [(index, one) for index, one in enumerate(sheets) if one.typ == SheetTypeEnum.WorkSheet]
    return [(index, one) for index, one in tables if one.visible == SheetVisibleEnum.Visible] or tables


def _first_rows(sheet: CalamineSheet, marks: Marks) -> list[tuple[int, Cells]]:
    rows = islice(_raw_rows(sheet, marks), headings.FIRST_ROWS)
    return [_values(sheet, marks, number, raw) for number, raw in rows]


def _raw_rows(sheet: CalamineSheet, marks: Marks) -> Iterator[tuple[int, list[Any]]]:
    """All rows from the first, as calamine gives them; then those below in which all is broken."""
    number = 0
    for number, raw in enumerate(sheet.iter_rows(), 1):
        yield number, raw
    yield from ((below, []) for below in sorted(marks) if below > number)


def _values(sheet: CalamineSheet, marks: Marks, number: int, raw: list[Any]) -> tuple[int, Cells]:
    """All cells from column A: calamine begins where the sheet does."""
    before = [None] * (sheet.start[1] if sheet.start else 0)
    cells: Cells = [*before, *[_VALUES[type(cell)](cell) for cell in raw]]
    return number, _marked(cells, marks[number]) if number in marks else cells


def _marked(cells: Cells, marks: dict[int, str]) -> Cells:
    for column, text in marks.items():
        cells.extend([None] * (column + 1 - len(cells)))
        if not cells[column]:  # nothing, or 0
            cells[column] = Broken(text)
    return cells


def _number(number: float) -> Value:
    if number.is_integer():
        return int(number) if abs(number) < EXACT else number
    return number if math.isfinite(number) else Broken(str(number))


def _clock(moment: time) -> str:
    return moment.isoformat("minutes" if not moment.second and not moment.microsecond else "seconds")


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _moment(moment: datetime) -> Value:
    """To the second: Excel counts in parts of a day, so that ten o'clock may be 9:59:59.999 to it."""
    if moment.year < date.max.year:
        moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return moment if moment.time() != time() else moment.date()


_VALUES: dict[type, Callable[[Any], Value]] = {
    str: lambda text: text or None,
    float: _number,
    int: lambda number: number,
    bool: lambda truth: truth,
    date: lambda day: day,
    datetime: _moment,
    time: _clock,
    timedelta: _duration,
}
