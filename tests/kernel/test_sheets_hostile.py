"""Files made to break the reader: each becomes one refusal with a sentence, and nothing is left (IM-01, F36, F37)."""

import random
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from app.sheets.reading import Limits, SheetRefused
from tests.factories.sheets import (
    HEADINGS_XML,
    archive,
    children,
    ods,
    ods_row,
    raw_xlsx,
    read,
    read_in_child,
    refusal,
    refusal_in_child,
    row_xml,
    xls,
    xlsx_members,
)

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.xlsx"


def with_member(name: str, content: bytes) -> list[tuple[str, str | bytes]]:
    return [*xlsx_members(HEADINGS_XML + row_xml(2, "1", "a")), (name, content)]


def quoted_overlap(count: int, size: int) -> bytes:
    """Each member's data quotes the next one's header and goes on into its data, so that all share one kernel."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = deflate.compress(bytes(size)) + deflate.flush()
    tail, plain, directory = kernel, bytes(size), []
    for number in reversed(range(count)):
        name = b"xl/media/%04d.bin" % number
        fields = (20, 0, 8, 0, 33, zlib.crc32(plain), len(tail), len(plain), len(name))
        local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields, 0) + name
        directory.append((name, fields, len(tail) + len(local)))
        whole = local + tail
        tail = b"\x00" + struct.pack("<HH", len(local), len(local) ^ 0xFFFF) + whole
        plain = local + plain
    entries = b""
    for name, fields, from_end in directory:
        start = len(whole) - from_end if from_end <= len(whole) else 0
        entries += b"PK\x01\x02" + struct.pack("<H", 20) + struct.pack("<HHHHHIIIHH", *fields, 0)
        entries += struct.pack("<HHHII", 0, 0, 0, 0, start) + name
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(entries), len(whole), 0)
    return whole + entries + b"PK\x05\x06" + end


class TestBombs:
    def test_by_ratio(self, file: Path) -> None:
        archive(file, with_member("xl/media/a.bin", bytes(64 * MIB)))
        assert file.stat().st_size < MIB
        assert refusal(file).code == "bomb"

    def test_by_sum(self, file: Path) -> None:
        members = [(f"xl/media/{number}.bin", bytes(8 * MIB)) for number in range(8)]
        archive(file, [*xlsx_members(HEADINGS_XML), *members])
        assert refusal(file, Limits(unpacked_bytes=32 * MIB)).code == "bomb"

    def test_by_members(self, file: Path) -> None:
        archive(file, [*xlsx_members(HEADINGS_XML), *((f"{number}.xml", b"") for number in range(6_000))])
        assert refusal(file).code == "bomb"

    def test_by_overlap(self, file: Path) -> None:
        file.write_bytes(quoted_overlap(100, 2 * MIB))
        with zipfile.ZipFile(file) as bomb:  # what Python 3.11 makes of it: 200 MB out of some kB, and no complaint
            assert file.stat().st_size < 40_000
            assert sum(info.file_size for info in bomb.infolist()) > 200 * MIB
        assert refusal(file).code == "damaged"

    async def test_by_shared_strings(self, file: Path) -> None:
        cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 20_000))
        raw_xlsx(file, HEADINGS_XML + cells, shared=f"<si><t>{'x' * 32_000}</t></si>")
        assert (await refusal_in_child(file, Limits(memory_bytes=256 * MIB))).code == "memory"

    async def test_by_repetition(self, file: Path) -> None:
        cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
        row = f'<table:table-row table:number-rows-repeated="1048000">{cell}</table:table-row>'
        ods(file, ods_row("Relatienummer", "Naam") + row)
        assert (await refusal_in_child(file, Limits(memory_bytes=256 * MIB))).code in ("memory", "time", "damaged")

    def test_by_entities(self, file: Path) -> None:
        members = dict(xlsx_members(HEADINGS_XML))
        text = str(members["xl/worksheets/sheet1.xml"])
        for spaces in (0, 16_370, 16_380):  # also where two pieces meet
            evil = f'{" " * spaces}<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>{text}'
            archive(file, list((members | {"xl/worksheets/sheet1.xml": evil}).items()), zipfile.ZIP_STORED)
            assert refusal(file).code == "dtd"


class TestFarCells:
    @pytest.mark.parametrize("place", ["XFD1048576", "A201001", "GS2", "AAA1", "A1048576"])
    def test_are_refused_by_name(self, file: Path, place: str) -> None:
        row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        raw_xlsx(file, HEADINGS_XML + f'<row r="{row}"><c r="{place}"><v>1</v></c></row>')
        found = refusal(file)
        assert (found.code, place in found.detail) == ("far_cell", True)

    def test_also_when_only_the_row_says_so(self, file: Path) -> None:
        raw_xlsx(file, HEADINGS_XML + '<row r="1048576"><c><v>1</v></c></row>')
        assert refusal(file).code == "far_cell"

    async def test_what_the_dimension_says_does_not_count(self, file: Path) -> None:
        members = dict(xlsx_members(HEADINGS_XML + row_xml(2, "1", "a")))
        sheet = str(members["xl/worksheets/sheet1.xml"]).replace(
            "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
        )
        archive(file, list((members | {"xl/worksheets/sheet1.xml": sheet}).items()))
        assert (await read_in_child(file)).cells == [["1", "a"]]

    def test_a_broken_cell_that_does_not_say_where_it_is(self, file: Path) -> None:
        """It would pass for an empty one."""
        for cell in ('<c t="e"><v>#REF!</v></c>', "<c><f>1+1</f></c>"):
            raw_xlsx(file, HEADINGS_XML + f"<row>{cell}</row>")
            assert refusal(file).code == "broken_cell"

    def test_what_is_told_is_short(self, file: Path) -> None:
        for cell in (
            f'<c t="e"><v>{"A" * 100_000}</v></c>',
            f'<c r="{"A" * 100_000}1"><v>1</v></c>',
            f'<c r="A{"1" * 100_000}"><v>1</v></c>',
        ):
            raw_xlsx(file, HEADINGS_XML + f"<row>{cell}</row>")
            assert len(refusal(file).detail) < 400

    def test_with_a_prefix(self, file: Path) -> None:
        members = dict(xlsx_members(""))
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        cell = '<x:row r="1"><x:c r="XFD1"><x:v>1</x:v></x:c></x:row>'
        sheet = f'<x:worksheet xmlns:x="{main}"><x:sheetData>{cell}</x:sheetData></x:worksheet>'
        archive(file, list((members | {"xl/worksheets/sheet1.xml": sheet}).items()))
        assert refusal(file).code == "far_cell"


HOSTILE_XML = {
    "cells that never end": '<c t="e">' * 20_000,
    "a tag that never ends": "<c " * 20_000 + ' t="e"',
    "one tag, many types": "<c " + 't="e" ' * 20_000 + "/>",
    "one tag, many places": "<c " + 'r="XFD1048576" ' * 20_000 + "/>",
    "far cells that never end": '<c r="XFD1048576" ' * 20_000,
    "far rows that never end": '<row r="9999999">' * 20_000,
    "errors without a value": '<c t="e"><v>' * 20_000,
    "blanks behind a formula": "<c><f/>" + " " * 200_000,
    "quotes in quotes": "<c a=\"'<c a='\" " * 20_000 + 't="e"<f>r="XFD1048576"',
}


@pytest.mark.parametrize("what", HOSTILE_XML)
def test_what_is_thought_out_to_be_gone_over_again_and_again_costs_little(file: Path, what: str) -> None:
    def cost(rows: str) -> float:
        raw_xlsx(file, HEADINGS_XML + rows)
        began = time.process_time()
        with suppress(SheetRefused):
            read(file)
        return time.process_time() - began

    assert cost(HOSTILE_XML[what]) < 20 * cost("".join(row_xml(number, "1", "a") for number in range(2, 5_000)))


class TestLimits:
    def test_limits_are_those_of_a_list(self, file: Path) -> None:
        raw_xlsx(file, HEADINGS_XML + "".join(row_xml(n, "1") for n in range(2, 14)))
        assert refusal(file, Limits(rows=10)).code == "too_many_rows"
        assert read(file, limits=Limits(rows=12)).about.rows == 12

    def test_a_list_that_is_too_wide(self, file: Path) -> None:
        cells = "".join(f'<c r="{letter}2"><v>1</v></c>' for letter in "ABCDEF")
        raw_xlsx(file, HEADINGS_XML + f'<row r="2">{cells}</row>')
        assert refusal(file, Limits(columns=5)).code == "far_cell"
        rows: list[list[str | float | bytes]] = [["Naam", *["x"] * 205], ["Naam", "x", *[1.0] * 205]]
        assert refusal(xls(file, *rows)).code == "too_many_columns"
        assert refusal(xls(file, ["Naam"], rows[1])).code == "too_many_columns"

    def test_a_row_that_is_too_long(self, file: Path) -> None:
        raw_xlsx(file, HEADINGS_XML + row_xml(2, "1", "x" * 1_000_001))
        assert refusal(file).code == "too_long"


class TestDamage:
    def test_cut_off_anywhere(self, file: Path) -> None:
        whole = raw_xlsx(file, HEADINGS_XML).read_bytes()
        for end in range(4, len(whole), len(whole) // 10):
            file.write_bytes(whole[:end])
            assert refusal(file).code == "damaged"

    def test_the_other_slash_is_no_damage(self, file: Path) -> None:
        members = [(name.replace("/", "\\"), content) for name, content in xlsx_members(HEADINGS_XML + row_xml(2, "1"))]
        assert read(archive(file, members)).cells == [["1", None]]

    def test_a_wrong_checksum(self, file: Path) -> None:
        archive(file, xlsx_members(HEADINGS_XML + row_xml(2, "1", "aaaa")), zipfile.ZIP_STORED)
        file.write_bytes(file.read_bytes().replace(b">aaaa<", b">aaab<"))
        assert refusal(file).code == "damaged"

    def test_a_name_twice(self, file: Path) -> None:
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive(file, with_member("xl/workbook.xml", b"<x/>"))
        assert refusal(file).code == "damaged"

    def test_a_name_twice_to_whom_case_and_slashes_are_nothing(self, file: Path) -> None:
        for name in ("XL/workbook.xml", "xl\\workbook.xml"):
            assert refusal(archive(file, with_member(name, b"<x/>"))).code == "damaged"

    def test_a_directory_that_lies(self, file: Path) -> None:
        content = archive(file, with_member("xl/media/a.bin", b"a" * 1000)).read_bytes()
        place = content.rindex(b"PK\x01\x02")
        file.write_bytes(content[: place + 24] + struct.pack("<I", 10) + content[place + 28 :])
        assert refusal(file).code in ("damaged", "bomb")

    def test_sheets_that_are_not_there(self, file: Path) -> None:
        members = dict(xlsx_members(HEADINGS_XML))
        del members["xl/worksheets/sheet1.xml"]
        assert refusal(archive(file, list(members.items()))).code == "damaged"
        members["xl/worksheets/sheet1.xml"] = b"\xff\xfe" + "<worksheet/>".encode("utf-16-le")
        assert refusal(archive(file, list(members.items()))).code == "damaged"
        members["xl/workbook.xml"] = "<workbook"
        assert refusal(archive(file, list(members.items()))).code == "damaged"

    @pytest.mark.parametrize("kind", ["xlsx", "inside", "ods", "xls", "csv"])
    async def test_any_bytes_changed(self, file: Path, kind: str) -> None:
        chance = random.Random(kind)
        make = MAKERS[kind]
        for _ in range(15):
            make(file, lambda content: damaged(content, chance))
            with suppress(SheetRefused):
                await read_in_child(file, limits=Limits(memory_bytes=512 * MIB, seconds=20))
        assert not children()


def damaged(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 3, 30])):
        place = chance.randrange(len(changed) or 1)
        match chance.randrange(3):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[place : place + chance.randrange(1, 40)]
            case _:
                changed[place:place] = bytes(chance.choices(b"<>/\"'&;\x00\xff09rcv=", k=chance.randrange(1, 9)))
    return bytes(changed) or b"x"


def _outside(made: Path, change: Callable[[bytes], bytes]) -> None:
    made.write_bytes(change(made.read_bytes()))


def _inside(path: Path, change: Callable[[bytes], bytes]) -> None:
    members = dict(xlsx_members(HEADINGS_XML + "".join(row_xml(n, str(n), "a", "b") for n in range(2, 30))))
    members["xl/worksheets/sheet1.xml"] = change(str(members["xl/worksheets/sheet1.xml"]).encode())
    archive(path, list(members.items()))


def _csv(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change('Naam;Plaats\n"a";é\n'.encode() * 50))


def _xls(path: Path, change: Callable[[bytes], bytes]) -> None:
    rows: list[list[str | float | bytes]] = [["1", 2.0, b"\x2a"]] * 20
    _outside(xls(path, ["Relatienummer", "Naam"], *rows), change)


MAKERS: dict[str, Callable[[Path, Callable[[bytes], bytes]], None]] = {
    "xlsx": lambda path, change: _outside(raw_xlsx(path, HEADINGS_XML + row_xml(2, "1", "a")), change),
    "inside": _inside,
    "ods": lambda path, change: _outside(ods(path, ods_row("Relatienummer", "Naam") + ods_row("1", "a")), change),
    "xls": _xls,
    "csv": _csv,
}
