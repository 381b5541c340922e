"""What a spreadsheet is to the rest of the program, and how it travels from the child that reads it."""

import json
import re
import traceback
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

# What an uploader may say of a CSV file.
Encoding = Literal[
    "utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15", "cp850", "cp437", "mac-roman",
]  # fmt: skip
Delimiter = Literal[";", ",", "tab", "|"]
CELL_CHARS = 32_767  # what a cell of Excel holds
EXACT = 10**15  # Excel keeps 15 digits: an integral number from here on may have lost some
ROW_CHARS = 1_000_000
BATCH_ROWS = 1_000
MAX_KEY = 1_000  # characters
BROKEN_CHARS = 200  # more than is shown of any: who shows it must see where to cut


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell without a value: an error (``#N/A``), or a formula that no program has calculated (``=A1+1``)."""

    text: str


Value = None | str | bool | int | float | date | datetime | Broken
Cells = list[Value]


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not empty. It may have more cells than there are headings, never fewer."""

    number: int  # as the user's program shows it; of a CSV record of several lines, the first
    cells: Cells


@dataclass(frozen=True)
class About:
    """What was found in the file, before its rows."""

    format: str  # xlsx, xls, ods or csv
    headings: list[str]  # one a column, from column A; "" where a column has none
    heading_row: int
    rows: int  # not empty, below the headings
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    other_sheets: list[str] = field(default_factory=list)  # visible, and not read


class SheetRefused(Exception):
    """The file can not be read: ``detail`` says why, and what to do. ``cause`` is for the log: where it was seen."""

    def __init__(self, code: str, detail: str, cause: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.cause = cause


def place_of(error: BaseException) -> str:
    """What was raised and where, without its words: they may hold what is in the file."""
    frames = traceback.extract_tb(error.__traceback__)
    return type(error).__name__ + "".join(f" at {Path(each.filename).name}:{each.lineno}" for each in frames[-1:])


@dataclass(frozen=True)
class Limits:
    file_bytes: int = 50 * 1024 * 1024
    rows: int = 200_000
    columns: int = 200
    members: int = 5_000  # files inside a workbook
    unpacked_bytes: int = 2 * 1024**3
    ratio: int = 300  # unpacked to packed; what unpacks to less than 16 MiB may have any
    memory_bytes: int = 2 * 1024**3
    cpu_seconds: int = 60
    seconds: float = 120  # that the reader waits for the child, in all
    output_bytes: int = 2 * 1024**3


@dataclass(frozen=True)
class Request:
    """What the child is asked."""

    path: str
    known: list[str]  # keys of headings
    limits: Limits
    encoding: str | None = None
    delimiter: str | None = None
    parent: int = 0  # its process id

    def dump(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def load(cls, text: bytes) -> "Request":
        fields = json.loads(text)
        return cls(**{**fields, "limits": Limits(**fields["limits"])})


def heading_key(text: str) -> str:
    """How headings are compared: without case, accents, blanks and signs (``KvK-nummer`` is ``kvknummer``).

    Of what is longer than any, its beginning: to normalise a long row of accents takes the square of its length.
    """
    text = unicodedata.normalize("NFKD", text[:MAX_KEY])
    return "".join(char for char in text.casefold() if char.isalnum())


_NUMBER_AT_END = re.compile(r"(?:[\d\W_]|(?<=\d)[BL])+$", re.IGNORECASE)  # also of one for taxes: 123456782B01


def cut(text: str, most: int) -> str:
    """Its beginning, without a part of a number at the end: of nine digits eight tell the ninth."""
    return text if len(text) <= most else _NUMBER_AT_END.sub("", text[: most - 1]) + "…"


def column_letters(column: int) -> str:
    """A for 1, XFD for 16,384."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def count(rows: Iterable[object], limits: Limits) -> int:
    found = sum(1 for _ in islice(rows, limits.rows + 1))
    if found > limits.rows:
        raise too_many_rows(limits)
    return found


def too_many_rows(limits: Limits) -> SheetRefused:
    return SheetRefused("too_many_rows", f"The list has more than {limits.rows:,} rows. Split it and upload the parts.")


def too_long(number: int) -> SheetRefused:
    return SheetRefused("too_long", f"Row {number} has more than {ROW_CHARS:,} characters. Shorten it.")


def is_empty(cells: Sequence[Value]) -> bool:
    return cells.count(None) == len(cells) or all(
        cell is None or (type(cell) is str and not cell.strip()) for cell in cells
    )


def dump(message: Any) -> bytes:
    return json.dumps(message, default=_pack, ensure_ascii=False, separators=(",", ":")).encode()


def load_rows(line: bytes) -> list[Row]:
    rows = [Row(number, cells) for number, cells in json.loads(line, object_hook=_unpack)]
    if b"\\u0000" in line:
        rows = [Row(row.number, [_without_nul(cell) for cell in row.cells]) for row in rows]
    return rows


def load_about(line: bytes) -> "About":
    """A NUL is no character of a text, though a workbook can spell one (``_x0000_``): it is left out, as in cells."""
    return About(**json.loads(line.replace(b"\\\\", b"\\u005c").replace(b"\\u0000", b"")))


def _without_nul(cell: Value) -> Value:
    return cell.replace("\0", "") if isinstance(cell, str) else cell


def _pack(value: object) -> dict[str, str]:
    if isinstance(value, Broken):
        return {"broken": value.text}
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"on": value.isoformat()}
    raise TypeError(type(value).__name__)


def _unpack(packed: dict[str, str]) -> Value:
    [(kind, text)] = packed.items()
    match kind:
        case "broken":
            return Broken(text)
        case "at":
            return datetime.fromisoformat(text)
        case "on":
            return date.fromisoformat(text)
    raise ValueError(kind)
