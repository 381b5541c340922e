"""OpenDocument spreadsheets: only what calamine does not tell, which is where cells hold an error."""

from xml.parsers import expat

from app.sheets.container import Container
from app.sheets.formats import refused
from app.sheets.survey import Marks, check_xml, drain

_REPEATED = 1_000  # marks of one cell that stands for many
_TEXT = 100
_SEAM = 64


def survey(container: Container) -> list[Marks]:
    """For each sheet, in order, what is broken in it; the whole file has been unpacked and counted after it."""
    manifest = "META-INF/manifest.xml"
    if manifest in container.members and b"encryption-data" in container.read(manifest):
        raise refused("password")
    has_errors, seam = False, b""
    for piece in check_xml(container, "content.xml"):
        has_errors = has_errors or b'value-type="error"' in seam + piece
        seam = piece[-_SEAM:]
    for name in container.members:
        if name != "content.xml":
            drain(container, name)
    return _Errors().read(container) if has_errors else []


class _Errors:
    """Follows rows and columns with what is repeated, as the format writes empty room."""

    def __init__(self) -> None:
        self._sheets: list[Marks] = []
        self._row = self._rows = self._column = self._columns = 0
        self._text: str | None = None  # of the error cell that is open

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
                self._text = "" if attributes.get("calcext:value-type") == "error" else None

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text = (self._text + text)[:_TEXT]

    def _end(self, name: str) -> None:
        if self._text is None or name.rpartition(":")[2] != "table-cell":
            return
        for row in range(self._row, self._row + min(self._rows, _REPEATED)):
            for column in range(self._column, self._column + min(self._columns, _REPEATED)):
                self._sheets[-1].setdefault(row, {})[column] = self._text or "#ERROR!"
        self._text = None
