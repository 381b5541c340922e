"""CSV: its encoding, its separator, its records. What is unsure is refused: nothing is ever read as other letters."""

import codecs
import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from itertools import islice
from typing import BinaryIO, get_args

from app.sheets import headings
from app.sheets.headings import Headings
from app.sheets.rows import (
    ROW_CHARS,
    About,
    Cells,
    Encoding,
    Request,
    SheetRefused,
    count,
    is_empty,
    too_long,
    too_many_rows,
)
from app.sheets.unsafe import bare

DELIMITERS = ";,\t|"
_NAMES = {codecs.lookup(name).name: name for name in get_args(Encoding)}
_KEPT = re.compile(r'="([^"]*)"')
_PIECE = 1024 * 1024
_LINE_CHARS = 4 * ROW_CHARS  # with all its quotation marks
_MOST_RECORDS = 1_048_576  # Excel writes all rows of a sheet that were ever formatted, empty as they are
_SEPARATOR = r'[^"\w \r\n\0]'
_SEP = re.compile(rf'"?sep=({_SEPARATOR})"?[\r\n]*', re.IGNORECASE)
# In windows-1252 these are opening quotes and capitals behind small letters, which nobody writes; they are the
# accented letters of DOS and Macintosh. And letters of UTF-8, of which another letter broke the file.
_OTHER_CODE_PAGE = re.compile(rb"[a-z](?:[\x82\x84\x88-\x8b\x8e]|[\x91\x94\x95\x9f][a-z])")
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ADVICE = "Save it as 'CSV UTF-8', or say with `encoding` what it is."


class Delimited:
    """One CSV file. Made, it has been looked through to its end."""

    def __init__(self, file: BinaryIO, request: Request) -> None:
        self._file = file
        self._limits = request.limits
        csv.field_size_limit(ROW_CHARS)  # more than a cell of Excel: of thousands of relations, say
        self._encoding = _encoding(file, request.encoding)
        if request.delimiter is not None and not re.fullmatch(_SEPARATOR, request.delimiter):
            raise SheetRefused(
                "delimiter", "Give as `delimiter` the one character that stands between two cells, as `;`."
            )
        said = self._separator_said()
        self._skip = 1 if said else 0
        known = set(request.known)
        choices = request.delimiter or said or DELIMITERS
        tried = [(self._headings(delimiter, known), delimiter) for delimiter in choices]
        self._found, self._delimiter = max(tried, key=lambda one: (one[0].rank, self._evenness(one[1], one[0])))
        headings.require(self._found, self._limits)
        self.about = About(
            format="csv",
            headings=self._found.texts,
            heading_row=self._found.row,
            rows=count(self.rows(), self._limits),
            encoding=_NAMES[self._encoding.removesuffix("-sig")],
            delimiter=self._delimiter,
        )

    def rows(self) -> Iterator[tuple[int, Cells]]:
        for number, cells in self._records(self._delimiter):
            if number > self._found.row and not is_empty(cells):
                yield number, cells

    def _headings(self, delimiter: str, known: set[str]) -> Headings:
        return headings.find(self._first(delimiter), known)

    def _evenness(self, delimiter: str, found: Headings) -> int:
        """How many of the first records have as many cells as there are headings."""
        return sum(len(cells) == len(found.texts) for _, cells in self._first(delimiter))

    def _first(self, delimiter: str) -> list[tuple[int, Cells]]:
        """The first records, if this is the separator: with a wrong one, quotes seem to stay open."""
        records: list[tuple[int, Cells]] = []
        with suppress(_OpenQuote):
            records.extend(islice(self._records(delimiter), headings.FIRST_ROWS))
        return records

    def _separator_said(self) -> str | None:
        """By a first line ``sep=;``, which Excel reads and does not show."""
        with _text(self._file, self._encoding) as text:
            said = _SEP.fullmatch(text.readline(16))
        return said[1] if said else None

    def _records(self, delimiter: str) -> Iterator[tuple[int, Cells]]:
        with _text(self._file, self._encoding) as text:
            lines = _Lines(text)
            for _ in range(self._skip):
                next(lines)
                lines.begin()
            reader = csv.reader(lines, delimiter=delimiter)
            try:
                for place, record in enumerate(reader):
                    if place > _MOST_RECORDS + self._limits.rows:
                        raise too_many_rows(self._limits)
                    yield lines.first, [_cell(cell) if cell else None for cell in record]
                    lines.begin()
            except csv.Error as error:
                raise _OpenQuote(lines.first) from error
            if _is_open(lines.last, delimiter):
                raise _OpenQuote(lines.last_first)


def _cell(text: str) -> str:
    """Without what keeps a program from running it, or from taking ``="007"`` for a number."""
    if text[0] == "=" and (kept := _KEPT.fullmatch(text)):
        return kept[1]
    return bare(text)


class _Lines:
    """Lines for the reader of records, which say where a record began and what its last one was."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._number = 0
        self._record: list[str] = []
        self.first = self.last_first = 1
        self.last: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LINE_CHARS)
        if not line:
            raise StopIteration
        if len(line) == _LINE_CHARS and line[-1] not in "\r\n":
            raise too_long(self._number + 1)
        if "\0" in line:
            raise SheetRefused(
                "nul",
                f"Line {self._number + 1} holds a NUL character: this is no CSV file, or one in UTF-16. {_ADVICE}",
            )
        self._number += 1
        if not self._record:
            self.first = self._number
        self._record.append(line)
        self.last, self.last_first = self._record, self.first
        return line

    def begin(self) -> None:
        """A record has ended."""
        self._record = []


def _is_open(lines: list[str], delimiter: str) -> bool:
    """Whether the file ended inside quotes."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


class _OpenQuote(SheetRefused):
    def __init__(self, line: int) -> None:
        super().__init__(
            "quotes",
            f"The record on line {line} has a cell of more than {ROW_CHARS:,} characters or a quotation mark "
            "that is never closed. Close it, or write it twice where it belongs to the text.",
        )


class _text:  # noqa: N801 - used as a function
    """The file as text from its beginning, left open after it; line ends are kept as they are."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        self._text = TextIOWrapper(file, encoding=encoding, errors="strict", newline="")

    def __enter__(self) -> TextIOWrapper:
        return self._text

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError):  # rows that nobody asked for any more, of a file that is closed
            self._text.detach()


def _encoding(file: BinaryIO, said: str | None) -> str:
    """As the user said; by its mark; UTF-8; or windows-1252, where nothing speaks against it."""
    if said is not None:
        return _said(file, said)
    file.seek(0)
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _require(file, "utf-16", "The file begins as UTF-16 and is not.")
    if (bad := _first_bad(file, "utf-8")) is None:
        return "utf-8-sig"
    if head.startswith(codecs.BOM_UTF8):
        raise _unsure(file, bad, "The file says that it is UTF-8 and is not.")
    for line, text in _lines(file):
        if _UTF_8.search(text) or _OTHER_CODE_PAGE.search(text):
            raise SheetRefused("encoding", f"It is not sure what the letters on line {line} are. {_ADVICE}")
    return _require(file, "cp1252", "The file is neither UTF-8 nor windows-1252.")


def _said(file: BinaryIO, said: str) -> str:
    encoding = "utf-8-sig" if said == "utf-8" else codecs.lookup(said).name
    return _require(file, encoding, f"The file is not {said}.")


def _require(file: BinaryIO, encoding: str, sentence: str) -> str:
    if (bad := _first_bad(file, encoding)) is not None:
        raise _unsure(file, bad, sentence)
    return encoding


def _unsure(file: BinaryIO, place: int, sentence: str) -> SheetRefused:
    file.seek(0)
    before = file.read(place)
    line = before.count(b"\n") + 1 if b"\n" in before else before.count(b"\r") + 1
    return SheetRefused("encoding", f"{sentence} Line {line} has a character that does not fit. {_ADVICE}")


def _first_bad(file: BinaryIO, encoding: str) -> int | None:
    """The place of the first byte that is no text in this encoding."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    place = 0
    while True:
        piece = file.read(_PIECE)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeError as error:
            return place - pending + getattr(error, "start", 0)
        if not piece:
            return None
        place += len(piece)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    return enumerate(iter(lambda: file.readline(_PIECE), b""), 1)
