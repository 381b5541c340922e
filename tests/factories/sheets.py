"""Spreadsheet files as other programs write them, and as nobody should; and what our reader makes of them."""

import json
import struct
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

from app.sheets.child import answer
from app.sheets.reading import About, Cells, Limits, Row, SheetRefused, heading_key, reading
from app.sheets.rows import Request, load_rows

KNOWN = ("Relatienummer", "Naam", "KvK-nummer", "Plaats")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"


class Sheet(NamedTuple):
    about: About
    rows: list[Row]

    @property
    def cells(self) -> list[Cells]:
        return [row.cells for row in self.rows]


def read(
    path: Path,
    known: Collection[str] = KNOWN,
    limits: Limits | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Sheet:
    """What the child answers, asked in this process: quick, and seen by the measure of coverage."""
    keys = [heading_key(text) for text in known]
    lines = list(answer(Request(str(path), keys, limits or Limits(), encoding, delimiter)))
    if lines[-1].startswith(b'{"refused"'):
        raise SheetRefused(*json.loads(lines[-1])["refused"])
    return Sheet(About(**json.loads(lines[0])), [row for line in lines[1:-1] for row in load_rows(line)])


async def read_in_child(path: Path, known: Collection[str] = KNOWN, limits: Limits | None = None) -> Sheet:
    async with reading(path, known, limits=limits) as sheet:
        return Sheet(sheet.about, [row async for rows in sheet.batches() for row in rows])


def refusal(path: Path, limits: Limits | None = None, encoding: str | None = None) -> SheetRefused:
    try:
        read(path, limits=limits, encoding=encoding)
    except SheetRefused as refused:
        return refused
    raise AssertionError("it was read")


async def refusal_in_child(path: Path, limits: Limits | None = None) -> SheetRefused:
    try:
        await read_in_child(path, limits=limits)
    except SheetRefused as refused:
        assert not children()
        return refused
    raise AssertionError("it was read")


def children() -> list[psutil.Process]:
    """Those of ours that read."""
    return [one for one in psutil.Process().children() if "app.sheets.child" in one.cmdline()]


def archive(path: Path, members: Iterable[tuple[str, str | bytes]], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return path


def xlsx_members(*sheets: str, shared: str = "", is_1904: bool = False) -> list[tuple[str, str | bytes]]:
    """The least that a workbook is; each sheet as the XML of its rows."""
    book = "".join(
        f'<sheet name="Blad{number}" sheetId="{number}" r:id="rId{number}"/>' for number in range(1, len(sheets) + 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    relations += f'<Relationship Id="rIdS" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    date_system = '<workbookPr date1904="1"/>' if is_1904 else ""
    return [
        ("[Content_Types].xml", _TYPES),
        (
            "_rels/.rels",
            _relations(f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'),
        ),
        (
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{date_system}<sheets>{book}</sheets></workbook>',
        ),
        ("xl/_rels/workbook.xml.rels", _relations(relations)),
        ("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{shared}</sst>'),
        *[
            (
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
            )
            for number, rows in enumerate(sheets, 1)
        ],
    ]


def _relations(content: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{content}</Relationships>'


def raw_xlsx(path: Path, *sheets: str, shared: str = "", is_1904: bool = False) -> Path:
    return archive(path, xlsx_members(*sheets, shared=shared, is_1904=is_1904))


def row_xml(number: int, *texts: str, extra: str = "") -> str:
    cells = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for place, text in enumerate(texts)
    )
    return f'<row r="{number}">{cells}{extra}</row>'


HEADINGS_XML = row_xml(1, "Relatienummer", "Naam")


def ods(path: Path, *tables: str, styles: str = "", manifest: str = "") -> Path:
    """Each table as the XML of its rows; the second and later are named Blad2 and so on."""
    spaces = " ".join(f'xmlns:{name}="{_ODF}{name}:1.0"' for name in ("office", "style", "text", "table"))
    body = "".join(
        f'<table:table table:name="Blad{number}" table:style-name="s{number}">{rows}</table:table>'
        for number, rows in enumerate(tables, 1)
    )
    content = (
        f'<office:document-content {spaces} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:'
        f'calcext:1.0" office:version="1.3"><office:automatic-styles>{styles}</office:automatic-styles>'
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    whole = (
        f'<manifest:manifest xmlns:manifest="{_ODF}manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/>{manifest}</manifest:manifest>'
    )
    return archive(path, [("mimetype", kind), ("META-INF/manifest.xml", whole), ("content.xml", content)])


def ods_row(*texts: str, extra: str = "") -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>' for one in texts
    )
    return f"<table:table-row>{cells}{extra}</table:table-row>"


def xls(path: Path, *rows: list[str | float | bytes], is_small: bool = False, is_locked: bool = False) -> Path:
    """BIFF8: text, numbers, and error cells (bytes of one code). Small files lie in the container's small sectors."""
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 0x5, 0, 0, 0, 0))
    lock = _record(0x2F, bytes(54)) if is_locked else b""
    size = len(start) + len(lock) + 4 + 8 + 6 + 4
    sheet = _record(0x85, struct.pack("<IBBBB", size, 0, 0, 5, 0) + b"Blad1")
    size = len(start) + len(lock) + len(sheet) + 4
    sheet = _record(0x85, struct.pack("<IBBBB", size, 0, 0, 5, 0) + b"Blad1")
    cells = b"".join(_biff(row, column, cell) for row, line in enumerate(rows) for column, cell in enumerate(line))
    dimensions = _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    body = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + dimensions + cells + _record(0x0A, b"")
    path.write_bytes(_ole(start + lock + sheet + _record(0x0A, b"") + body, is_small))
    return path


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _biff(row: int, column: int, cell: str | float | bytes) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, str):
        return _record(0x204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    if isinstance(cell, bytes) and len(cell) == 1:
        return _record(0x205, place + cell + b"\x01")
    if isinstance(cell, bytes):  # the result of a formula, as it lies in the file
        return _record(0x06, place + cell + bytes(8))
    return _record(0x203, place + struct.pack("<d", cell))


def _ole(stream: bytes, is_small: bool) -> bytes:
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    padded = stream + bytes(
        -len(stream) % 512 if is_small else max(4096, len(stream) + -len(stream) % 512) - len(stream)
    )
    data = len(padded) // 512
    chain = [table, end, *[number + 1 for number in range(2, data + 1)], end]
    minis = len(padded) // 64
    mini_table = struct.pack(f"<{minis}I", *range(1, minis), end).ljust(512, b"\xff") if is_small else b""
    chain += [end] if is_small else []
    root = _entry("Root Entry", 5, 2 if is_small else end, len(padded) if is_small else 0, child=1)
    book = _entry("Workbook", 2, 0 if is_small else 2, len(stream) if is_small else len(padded))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    mini = (data + 2, 1) if is_small else (end, 0)
    header += struct.pack("<IIIIIIII", 1, 1, 0, 4096, *mini, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    return header + fat + (root + book).ljust(512, b"\0") + padded + mini_table


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    text = name.encode("utf-16-le")
    siblings = struct.pack("<BBIII", kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return (
        text.ljust(64, b"\0")
        + struct.pack("<H", len(text) + 2)
        + siblings
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
