"""What must be known of an XLSX before calamine reads it, found in one quick pass over its XML.

Calamine lays a sheet out as a rectangle, so one far cell would cost all memory there is; and it makes nothing of
error cells and of formulas without a value, which must not be taken for empty ones.
"""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

from app.sheets.container import Container, bomb
from app.sheets.formats import refused
from app.sheets.rows import BROKEN_CHARS, Limits, SheetRefused, column_letters, cut

Marks = dict[int, dict[int, str]]  # row (1 is the first), column (0 is the first): what is broken there

_BLOCK = 32 * 1024 * 1024  # of XML in which no row begins: nobody writes that
_TAIL = 64
ROOM = 1_000  # rows that are no rows of the list: titles above it, empty ones between
# No pattern goes back over what it has read (``*+``), or a file of a few kilobytes would hold a worker for minutes.
_PREFIX = rb"(?:[^\s<>/:]++:)?"
_IS = rb"""\s*+=\s*+"""
_ATTRIBUTE = rb"""\s++[^\s=<>"'/]++%s(?:"[^"<]*+"|'[^'<]*+')""" % _IS
_MORE = rb"(?:%s)*+\s*+" % _ATTRIBUTE


def _tag(name: bytes) -> bytes:
    return rb"<%s%s(?=[\s/>])" % (_PREFIX, name)


def _up_to(attribute: bytes) -> bytes:
    return rb"""(?:(?!\s++%s\s*=)%s)*+\s++%s%s["']""" % (attribute, _ATTRIBUTE, attribute, _IS)


_OTHERS = rb"(?:[^<]++|<(?!/?%s[cv][\s/>]))*+" % _PREFIX  # elements of a cell before its value
_ERROR = re.compile(
    rb"""%s(%se["']%s)>%s%s%s>([^<]*+)<""" % (_tag(b"c"), _up_to(b"t"), _MORE, _OTHERS, _tag(b"v"), _MORE)
)
_UNCALCULATED = re.compile(
    rb"""%s(%s)>\s*+%s%s(?:/>|>([^<]*+)</%sf>)\s*+""" % (_tag(b"c"), _MORE, _tag(b"f"), _MORE, _PREFIX)
    + rb"""(?:%s%s(?:/>|>\s*+</%sv>))?+\s*+</%sc>""" % (_tag(b"v"), _MORE, _PREFIX, _PREFIX)
)
_MAY_BE_ERROR = re.compile(rb"""\bt\s*+=\s*+["']e["']""")
_FORMULA_TAG = re.compile(rb"<%sf\b" % _PREFIX)
_TEXT_TYPE = re.compile(rb"""\bt\s*+=\s*+["']str["']""")
_REFERENCE = re.compile(rb"""\br\s*+=\s*+["']([A-Z]{1,3})([0-9]{1,7})["']""")
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_STRICT_RELATIONS = "{http://purl.oclc.org/ooxml/officeDocument/relationships}"


def check_xml(container: Container, name: str) -> Iterator[bytes]:
    """The pieces of an XML member, while they hold nothing that a workbook never holds."""
    tail = b""
    for piece in container.pieces(name):
        if not tail and piece.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
            raise refused("damaged")  # not UTF-8: what we search for would not be seen
        if b"<!DOCTYPE" in tail + piece[:_TAIL] or b"<!DOCTYPE" in piece:
            raise SheetRefused(
                "dtd", "The workbook holds a document type definition, which no spreadsheet program writes."
            )
        tail = piece[-_TAIL:]
        yield piece


def survey(container: Container, limits: Limits) -> list[Marks]:
    """For each sheet, in order, what is broken in it; refuses what calamine must not see."""
    paths = _sheet_paths(container)
    marks = {path: _survey_sheet(container, path, limits) for path in dict.fromkeys(paths)}
    for name in container.members:
        if name not in marks:
            drain(container, name)
    return [marks[path] for path in paths]


def drain(container: Container, name: str) -> None:
    is_xml = name.endswith((".xml", ".rels"))
    for _ in check_xml(container, name) if is_xml else container.pieces(name):
        pass


def _sheet_paths(container: Container) -> list[str]:
    """The members that hold the sheets, in the workbook's order."""
    try:
        book = ET.fromstring(_small_xml(container, "xl/workbook.xml"))  # noqa: S314 - there is no DTD
        relations = ET.fromstring(_small_xml(container, "xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (ET.ParseError, KeyError) as error:
        raise refused("damaged") from error
    targets = {one.get("Id", ""): one.get("Target", "") for one in relations}
    sheets = [sheet for sheet in book.iter() if sheet.tag.endswith("}sheet")]
    ids = [sheet.get(f"{_RELATIONS}id") or sheet.get(f"{_STRICT_RELATIONS}id") or "" for sheet in sheets]
    paths = [_absolute(targets.get(one, "")) for one in ids]
    if not paths or not set(paths) <= container.members.keys():
        raise refused("damaged")
    return paths


def _small_xml(container: Container, name: str) -> bytes:
    for _ in check_xml(container, name):
        pass
    return container.read(name)


def _absolute(target: str) -> str:
    return target[1:] if target.startswith("/") else str(PurePosixPath("xl") / target)


def _survey_sheet(container: Container, path: str, limits: Limits) -> Marks:
    far = _Far(limits)
    marks: Marks = {}
    for block in _blocks(check_xml(container, path)):
        if place := far.search(block):
            raise _far_cell(place, limits)
        if _MAY_BE_ERROR.search(block):
            for cell in _ERROR.finditer(block):
                _mark(marks, cell[1], unescape(cell[2].decode("utf-8", "replace")))
        if _FORMULA_TAG.search(block):
            for cell in _UNCALCULATED.finditer(block):
                if not _TEXT_TYPE.search(cell[1]):  # a formula may well give the empty text
                    formula = unescape((cell[2] or b"").decode("utf-8", "replace"))
                    _mark(marks, cell[1], f"={formula}")
    return marks


def _mark(marks: Marks, attributes: bytes, text: str) -> None:
    place = _REFERENCE.search(attributes)
    if place is None:
        raise SheetRefused(
            "broken_cell",
            f"A cell holds {cut(text, 100)}, and the file does not say which. Open it in a spreadsheet program, "
            "correct the cell and save it.",
        )
    marks.setdefault(int(place[2]), {})[_column(place[1]) - 1] = text[:BROKEN_CHARS]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut between rows."""
    kept = b""
    for piece in pieces:
        kept += piece
        start = max(kept.rfind(b"<row"), kept.rfind(b":row"))
        if start > 0:
            start = kept.rfind(b"<", 0, start + 1)
            yield kept[:start]
            kept = kept[start:]
        elif len(kept) > _BLOCK:
            raise bomb()
    yield kept


class _Far:
    """Finds a cell outside of the limits that holds something, or such a row whose cells do not say where they are."""

    def __init__(self, limits: Limits) -> None:
        row = _more_than(limits.rows + ROOM)
        column = _letters_beyond(limits.columns)
        holds = rb"""["']%s>\s*+<(?!/)""" % _MORE
        self._any = re.compile(rb"""r\s*+=\s*+["'](?:(?:%s)[0-9]|[A-Z]{0,3}(?:%s)["'])""" % (column, row))
        self._cell = re.compile(
            rb"""%s%s((?:%s)[0-9]+|[A-Z]{1,3}(?:%s))%s""" % (_tag(b"c"), _up_to(b"r"), column, row, holds)
        )
        self._row = re.compile(
            rb"""%s%s(%s)["']%s>\s*+%s(?:(?!\s++r\s*=)%s)*+\s*+>\s*+<(?!/)"""
            % (_tag(b"row"), _up_to(b"r"), row, _MORE, _tag(b"c"), _ATTRIBUTE)
        )

    def search(self, block: bytes) -> str | None:
        if not self._any.search(block):  # an order of magnitude quicker than the other two
            return None
        found = self._cell.search(block) or self._row.search(block)
        return found[1].decode() if found else None


def _more_than(number: int) -> bytes:
    """A pattern of the decimal numbers above this one."""
    digits = str(number)
    longer = [rb"[1-9][0-9]{%d,}" % len(digits)]
    higher = [
        b"%s[%d-9][0-9]{%d}" % (digits[:place].encode(), int(digit) + 1, len(digits) - place - 1)
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return b"|".join(longer + higher)


def _letters_beyond(columns: int) -> bytes:
    """A pattern of the columns to the right of this one."""
    last = column_letters(columns).encode()
    longer = [rb"[A-Z]{%d,}" % (len(last) + 1)]
    higher = [
        b"%s[%c-Z][A-Z]{%d}" % (last[:place], letter + 1, len(last) - place - 1)
        for place, letter in enumerate(last)
        if letter != ord("Z")
    ]
    return b"|".join(longer + higher)


def _far_cell(place: str, limits: Limits) -> SheetRefused:
    where = f"Row {place[:20]}" if place.isdigit() else f"Cell {place[:20]}"
    return SheetRefused(
        "far_cell",
        f"{where} holds something; a list has at most {limits.rows:,} rows and {limits.columns} columns. "
        "Delete the rows and columns outside of the list, or copy the list into a new workbook.",
    )
