"""OpenDocument spreadsheets: what calamine does not tell, which cells are broken; and what it would drop."""

import re
import zipfile
from io import BytesIO
from typing import BinaryIO
from xml.parsers import expat

from app.sheets.container import Container
from app.sheets.formats import refused
from app.sheets.rows import BROKEN_CHARS
from app.sheets.survey import Marks, check_xml, drain

_REPEATED = 1_000  # marks of one cell that stands for many
_SEAM = 64
_CONTENT, _MANIFEST, _MIMETYPE = "content.xml", "META-INF/manifest.xml", "mimetype"
# Without one of these in the file no cell of it is broken: an error, a formula, and a text that begins with #.
_SUSPECT = re.compile(rb'value-type="error"|table:formula=|>\s*#')
_IS_ERROR = re.compile(r"#[A-Z][A-Z0-9/]*[!?]?")
_SIGNS = {b"tab": b"&#9;", b"line-break": b"&#10;"}
_SIGN = re.compile(rb"<text:(tab|line-break)\b[^<>]*/>")


def survey(container: Container) -> tuple[list[Marks], bool]:
    """For each sheet, in order, what is broken in it; and whether texts have signs that calamine would drop.

    The whole file has been unpacked and counted after it.
    """
    if _MANIFEST in container.members and b"encryption-data" in container.read(_MANIFEST):
        raise refused("password")
    is_suspect, has_signs, seam = False, False, b""
    for piece in check_xml(container, _CONTENT):
        seen = seam + piece
        is_suspect = is_suspect or _SUSPECT.search(seen) is not None
        has_signs = has_signs or _SIGN.search(seen) is not None
        seam = piece[-_SEAM:]
    for name in container.members:
        if name != _CONTENT:
            drain(container, name)
    return _Broken().read(container) if is_suspect else [], has_signs


def with_signs(container: Container) -> BinaryIO:
    """The same workbook with its tabs and line breaks as signs, which calamine keeps."""
    content = b"".join(container.pieces(_CONTENT))
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in (_MIMETYPE, _MANIFEST):
            if name in container.members:
                archive.writestr(name, container.read(name))
        archive.writestr(_CONTENT, _SIGN.sub(lambda found: _SIGNS[found[1]], content))
    made.seek(0)
    return made


class _Broken:
    """Follows rows and columns with what is repeated, as the format writes empty room."""

    def __init__(self) -> None:
        self._sheets: list[Marks] = []
        self._row = self._rows = self._column = self._columns = 0
        self._text: str | None = None  # of the cell that is open, where it may be broken
        self._formula: str | None = None  # of one without a value
        self._is_error = False

    def read(self, container: Container) -> list[Marks]:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            for piece in container.pieces("content.xml"):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError) as error:
            raise refused("damaged") from error
        return self._sheets

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "table":
                self._sheets.append({})
                self._row, self._rows = 0, 1
            case "table-row":
                self._row += self._rows
                self._rows = int(attributes.get("table:number-rows-repeated", 1))
                self._column, self._columns = 0, 0
            case "table-cell" | "covered-table-cell":
                self._column += self._columns
                self._columns = int(attributes.get("table:number-columns-repeated", 1))
                kind = attributes.get("office:value-type")
                self._is_error = attributes.get("calcext:value-type") == "error"
                self._formula = attributes.get("table:formula", "") if kind is None else None
                self._text = "" if self._is_error or self._formula or kind == "float" else None

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text = (self._text + text)[:BROKEN_CHARS]

    def _end(self, name: str) -> None:
        if self._text is None or name.rpartition(":")[2] != "table-cell":
            return
        text, self._text = self._text, None
        if self._is_error or _IS_ERROR.fullmatch(text):  # other programs call an error a number, 0
            self._mark(text or "#ERROR!")
        elif self._formula:
            self._mark(f"={self._formula.partition('=')[2]}"[:BROKEN_CHARS])

    def _mark(self, text: str) -> None:
        for row in range(self._row, self._row + min(self._rows, _REPEATED)):
            for column in range(self._column, self._column + min(self._columns, _REPEATED)):
                self._sheets[-1].setdefault(row, {})[column] = text
