"""Write a list: a workbook into a file, or CSV as Dutch Excel opens it. What is read back is what was written.

Memory stays the same however many rows there are. Text is written as text: nothing becomes a formula, a link or a
number on its own. (Kept exactly: text, truth, days and moments to the second from
March 1900 on, numbers of at most 15 digits.)
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.sheets.rows import CELL_CHARS, EXACT, Broken, Value, column_letters
from app.sheets.unsafe import harmless

__all__ = ["Book", "Column", "ListSheet", "as_text", "csv_head", "csv_rows", "harmless", "in_workbook", "workbook"]

_LAST_ROW = 1_048_575
_FIRST_DAY = date(1900, 3, 1)  # from which on Excel counts right; days before are text
_INLINE_CHOICES = 255
_CHOICES_SHEET = "Keuzelijsten"
_MESSAGE_TITLE, _MESSAGE = 32, 255


@dataclass(frozen=True)
class Column:
    heading: str
    width: float = 18
    is_text: bool = True  # what is typed stays as it is: leading zeros, long numbers
    choices: Sequence[str] = ()  # a drop-down
    note: str = ""  # shown at the cell that is being filled


class _Sheet(Worksheet):  # type: ignore[misc]
    """XlsxWriter takes text from ``<r>`` to ``</r>`` for markup of its own and writes it as it is. Ours is text."""

    def _xml_rich_inline_string(self, string: str, attributes: Sequence[tuple[str, object]] = ()) -> None:
        self._xml_inline_string(string, True, list(attributes))


class ListSheet:
    """One list: headings that stay in sight and filter, then rows."""

    def __init__(self, book: "Book", sheet: Worksheet, columns: Sequence[Column]) -> None:
        self._book = book
        self._sheet = sheet
        self._columns = columns
        self._row = 0
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, book.text if column.is_text else None)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, _fitting(column.heading), book.heading)

    def write(self, cells: Sequence[Value]) -> None:
        self._row += 1
        if self._row > _LAST_ROW:
            raise ValueError("a sheet is full")
        for place, cell in enumerate(cells):
            self._book.write(self._sheet, self._row, place, cell)

    def finish(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)
        for place, column in enumerate(self._columns):
            if rule := self._rule(column):
                self._sheet.data_validation(1, place, _LAST_ROW, place, rule)

    def _rule(self, column: Column) -> dict[str, Any]:
        message = {"input_title": column.heading[:_MESSAGE_TITLE], "input_message": column.note[:_MESSAGE]}
        rule: dict[str, Any] = message if column.note else {}
        if column.choices:
            return rule | {
                "validate": "list",
                "source": self._book.source(column.choices),
                "error_title": "Onbekende waarde",
                "error_message": "Kies een waarde uit de lijst.",
            }
        return rule | {"validate": "any"} if rule else {}


class Book:
    def __init__(self, path: Path, scratch: str) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": scratch,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self.heading = self._format(bold=True, bg_color="#DCE6F1", bottom=1, num_format="@", valign="top")
        self.text = self._format(num_format="@")
        self._wrapped = self._format(text_wrap=True, valign="top")
        self._day = self._format(num_format="dd-mm-yyyy")
        self._moment = self._format(num_format="dd-mm-yyyy hh:mm:ss")
        self._lists: list[ListSheet] = []
        self._choices: list[Sequence[str]] = []

    def _format(self, **properties: object) -> Format:
        return self._book.add_format(properties)

    def _sheet(self, name: str) -> Worksheet:
        return self._book.add_worksheet(name, worksheet_class=_Sheet)

    def list(self, name: str, columns: Sequence[Column]) -> ListSheet:
        """A sheet of rows. The first sheet is the one that is opened."""
        self._lists.append(ListSheet(self, self._sheet(name), columns))
        return self._lists[-1]

    def page(self, name: str, lines: Iterable[Sequence[str]], widths: Sequence[float]) -> None:
        """A sheet to be read: lines of one or more texts, the first of them the title."""
        sheet = self._sheet(name)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width, self._wrapped)
        for row, texts in enumerate(lines):
            for place, text in enumerate(texts):
                sheet.write_string(row, place, _fitting(text), self._wrapped if row else self.heading)

    def write(self, sheet: Worksheet, row: int, place: int, cell: Value) -> None:
        match in_workbook(cell):
            case None:
                return
            case bool(truth):
                sheet.write_boolean(row, place, truth)
            case datetime() as moment:
                sheet.write_datetime(row, place, moment, self._moment)
            case date() as day:
                sheet.write_datetime(row, place, day, self._day)
            case int() | float() as number:
                sheet.write_number(row, place, number)
            case text:
                sheet.write_string(row, place, _fitting(str(text)))

    def source(self, choices: Sequence[str]) -> Sequence[str] | str:
        """What a drop-down names: its values, or where they stand when they are too many to be named."""
        if len(",".join(choices)) <= _INLINE_CHOICES and not any("," in choice for choice in choices):
            return list(choices)
        if choices not in self._choices:
            self._choices.append(choices)
        letters = column_letters(self._choices.index(choices) + 1)
        return f"={_CHOICES_SHEET}!${letters}$1:${letters}${len(choices)}"

    def finish(self) -> None:
        for one in self._lists:
            one.finish()
        if self._choices:
            sheet = self._sheet(_CHOICES_SHEET)
            sheet.hide()
            for row in range(max(map(len, self._choices))):
                for place, choices in enumerate(self._choices):
                    if row < len(choices):
                        sheet.write_string(row, place, _fitting(choices[row]))
        self.close()

    def close(self) -> None:
        self._book.close()


@contextmanager
def workbook(path: Path) -> Iterator[Book]:
    """A workbook that is there when the block ends; when it fails, neither it nor anything else is left."""
    with TemporaryDirectory(dir=path.parent, prefix=".sheets-") as scratch:
        book = Book(path, scratch)
        try:
            yield book
            book.finish()
        except BaseException:
            with suppress(Exception):
                book.close()  # what it holds open
            path.unlink(missing_ok=True)
            raise


def csv_head(headings: Sequence[str]) -> bytes:
    """The first bytes of a CSV file: the mark by which Excel knows UTF-8, and the headings."""
    return codecs.BOM_UTF8 + csv_rows([list(headings)])


def csv_rows(rows: Iterable[Sequence[Value]]) -> bytes:
    """Rows as Dutch Excel opens them on a double click, and none as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_in_csv(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _in_csv(cell: Value) -> str:
    is_number = isinstance(cell, int | float)
    return str(cell) if is_number else harmless(as_text(cell))


def in_workbook(cell: Value) -> Value:
    """As a workbook holds it: text, where it has no other way."""
    match cell:
        case None | bool():
            return cell
        case datetime() if cell.date() >= _FIRST_DAY:
            return cell
        case date() if not isinstance(cell, datetime) and cell >= _FIRST_DAY:
            return cell
        case int() | float() if abs(cell) < EXACT:
            return cell
    return as_text(cell)


def as_text(cell: Value) -> str:
    """As CSV holds it."""
    match cell:
        case None:
            return ""
        case Broken():
            return cell.text
        case datetime():
            return cell.strftime("%d-%m-%Y %H:%M:%S")
        case date():
            return cell.strftime("%d-%m-%Y")
        case float():
            return format(cell, ".15g")  # as Excel shows it, and as it was read
    return str(cell)


def _fitting(text: str) -> str:
    """Excel cuts longer text off without a word."""
    if len(text.encode("utf-16-le")) // 2 > CELL_CHARS:
        raise ValueError("a cell holds at most 32,767 characters")
    return text
