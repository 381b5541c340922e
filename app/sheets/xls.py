"""The old Excel format (BIFF8 in an OLE container): only its error cells, of which calamine makes empty ones.

[MS-CFB] is the container: sectors, chained by a table. [MS-XLS] is what lies in it: records of a type and a length.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from app.sheets.formats import refused
from app.sheets.survey import Marks

_FORMULA, _END, _FILEPASS, _BOUNDSHEET, _BOOLERR = 0x06, 0x0A, 0x2F, 0x85, 0x205
_NAME_BYTES = 64
_MINI_SECTOR = 64
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def broken_cells(content: bytes) -> list[Marks]:
    """For each sheet, in order. Of a file that is damaged none: calamine decides whether it can be read."""
    with suppress(struct.error, IndexError, ValueError):
        book = _Ole(content).stream("Workbook")
        return [_sheet(book, offset) for offset in _sheets(book)]
    return []


class _Ole:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._sector = 1 << struct.unpack_from("<H", content, 30)[0]
        if self._sector not in (512, 4096):
            raise ValueError
        directory, self._cutoff, mini, extra = struct.unpack_from("<I4xII4xI", content, 48)
        self._table = self._unpack(b"".join(self._at(one) for one in self._table_sectors(extra)))
        self._mini_table = self._unpack(self._chain(mini))
        self._directory = self._chain(directory)

    @staticmethod
    def _unpack(table: bytes) -> list[int]:
        return [number for (number,) in struct.iter_unpack("<I", table)]

    def _at(self, sector: int) -> bytes:
        start = (sector + 1) * self._sector
        return self._content[start : start + self._sector]

    def _table_sectors(self, extra: int) -> Iterator[int]:
        listed = list(struct.unpack_from("<109I", self._content, 76))
        for _ in range(len(self._content) // self._sector):
            if extra >= 0xFFFFFFFA:
                break
            *more, extra = self._unpack(self._at(extra))
            listed += more
        return (one for one in listed if one < 0xFFFFFFFA)

    def _chain(self, sector: int) -> bytes:
        parts = []
        for _ in range(len(self._table) + 1):  # a ring has an end too
            if sector >= len(self._table):
                break
            parts.append(self._at(sector))
            sector = self._table[sector]
        return b"".join(parts)

    def stream(self, wanted: str) -> bytes:
        root = self._directory[:128]
        for start in range(0, len(self._directory), 128):
            entry = self._directory[start : start + 128]
            length = struct.unpack_from("<H", entry, _NAME_BYTES)[0]
            if entry[: max(0, length - 2)].decode("utf-16-le", "replace") == wanted:
                first, size = struct.unpack_from("<II", entry, 116)
                whole = self._chain(first) if size >= self._cutoff else self._small(first, root)
                return whole[:size]
        raise ValueError

    def _small(self, sector: int, root: bytes) -> bytes:
        minis = self._chain(struct.unpack_from("<I", root, 116)[0])
        parts = []
        for _ in self._mini_table:
            if sector >= len(self._mini_table):
                break
            parts.append(minis[sector * _MINI_SECTOR : (sector + 1) * _MINI_SECTOR])
            sector = self._mini_table[sector]
        return b"".join(parts)


def _records(book: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    while start + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, start)
        if kind == _END:
            return
        yield kind, book[start + 4 : start + 4 + length]
        start += 4 + length


def _sheets(book: bytes) -> list[int]:
    """Where each sheet begins."""
    offsets = []
    for kind, data in _records(book, 0):
        if kind == _FILEPASS:
            raise refused("password")
        if kind == _BOUNDSHEET:
            offsets.append(struct.unpack_from("<I", data)[0])
    return offsets


def _sheet(book: bytes, start: int) -> Marks:
    marks: Marks = {}
    for kind, data in islice(_records(book, start), len(book)):
        code = None
        if kind == _BOOLERR and len(data) >= 8 and data[7]:
            code = data[6]
        elif kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
            code = data[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", data)
            marks.setdefault(row + 1, {})[column] = _ERRORS.get(code, "#ERROR!")
    return marks
