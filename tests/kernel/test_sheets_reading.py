"""Workbooks as people have them: titles above, sheets beside, odd cells; what the reader makes of each (IM-02)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import numbers
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.sheets.reading import Broken, SheetRefused, heading_key, reading
from tests.factories.sheets import (
    HEADINGS_XML,
    archive,
    ods,
    ods_row,
    raw_xlsx,
    read,
    read_in_child,
    refusal,
    row_xml,
    xls,
)

HEADINGS = ["Relatienummer", "Naam"]


def book(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    made = openpyxl.Workbook()
    made.calculation = CalcProperties()
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del made["Sheet"]
    made.save(path)
    return path


def with_sheet(path: Path) -> tuple[openpyxl.Workbook, Worksheet]:
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.append(HEADINGS)
    return made, sheet


class TestCells:
    def test_are_what_the_user_sees(self, tmp_path: Path) -> None:
        row = [
            "001",
            123456782.0,
            0.25,
            True,
            date(2024, 2, 29),
            datetime.fromisoformat("2024-02-29T10:15:59"),
            time(9, 30),
            "a\nb",
        ]
        sheet = read(book(tmp_path / "a.xlsx", Blad=[HEADINGS, row]))
        assert sheet.cells == [
            [
                "001",
                123456782,
                0.25,
                True,
                date(2024, 2, 29),
                datetime.fromisoformat("2024-02-29T10:15:59"),
                "09:30",
                "a\nb",
            ]
        ]
        assert isinstance(sheet.cells[0][1], int)

    def test_a_long_number_has_lost_digits_and_stays_a_float(self, tmp_path: Path) -> None:
        [[_, number]] = read(book(tmp_path / "a.xlsx", Blad=[HEADINGS, ["1", 1234567890123456]])).cells
        assert isinstance(number, float)

    def test_durations_are_hours(self, tmp_path: Path) -> None:
        made, sheet = with_sheet(tmp_path)
        sheet.append([timedelta(hours=36, minutes=5), "a"])
        sheet["A2"].number_format = "[h]:mm:ss"
        made.save(tmp_path / "a.xlsx")
        assert read(tmp_path / "a.xlsx").cells == [["36:05", "a"]]

    def test_dates_of_both_date_systems(self, tmp_path: Path) -> None:
        for epoch in (WINDOWS_EPOCH, MAC_EPOCH):
            made, sheet = with_sheet(tmp_path)
            made.epoch = epoch
            sheet.append(["1", date(2026, 11, 24)])
            made.save(tmp_path / "a.xlsx")
            assert read(tmp_path / "a.xlsx").cells == [["1", date(2026, 11, 24)]]

    def test_ten_o_clock_is_not_a_thousandth_before(self, tmp_path: Path) -> None:
        made, sheet = with_sheet(tmp_path)
        sheet.append([45000.416666, 45000.99999999])
        for cell in ("A2", "B2"):
            sheet[cell].number_format = numbers.FORMAT_DATE_DATETIME
        made.save(tmp_path / "a.xlsx")
        assert read(tmp_path / "a.xlsx").cells == [[datetime.fromisoformat("2023-03-15T10:00:00"), date(2023, 3, 16)]]

    def test_an_error_is_broken(self, tmp_path: Path) -> None:
        cells = """<c r="A2" t="e"><v>#N/A</v></c><c r = 'B2' t = 'e' ><f>B1</f><v xml:space="preserve">#REF!</v></c>"""
        sheet = read(raw_xlsx(tmp_path / "a.xlsx", HEADINGS_XML + f'<row r="2">{cells}</row>'))
        assert sheet.cells == [[Broken("#N/A"), Broken("#REF!")]]

    def test_a_formula_is_its_value_and_broken_without_one(self, tmp_path: Path) -> None:
        cells = (
            '<c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>A2&amp;"x"</f><v>2x</v></c>'
            '<c r="C2"><f>A2&lt;3</f><v></v></c><c r="D2"><f>A2</f><v/></c><c r="E2"><f t="shared" si="0"/></c>'
            '<c r="F2" t="str"><f>""</f><v></v></c>'
        )
        sheet = read(raw_xlsx(tmp_path / "a.xlsx", HEADINGS_XML + f'<row r="2">{cells}</row>'))
        assert sheet.cells == [[2, "2x", Broken("=A2<3"), Broken("=A2"), Broken("=")]]

    def test_a_workbook_that_openpyxl_made_has_no_values_for_its_formulas(self, tmp_path: Path) -> None:
        sheet = read(book(tmp_path / "a.xlsx", Blad=[HEADINGS, ["=1+1", "a"], ["=A2", None]]))
        assert sheet.cells == [[Broken("=1+1"), "a"], [Broken("=A2"), None]]

    def test_what_is_escaped_comes_back(self, tmp_path: Path) -> None:
        path = raw_xlsx(tmp_path / "a.xlsx", HEADINGS_XML + row_xml(2, "a_x000D_b&amp;c", "_x005F_x000D_"))
        assert read(path).cells == [["a\rb&c", "_x000D_"]]

    def test_rich_text_is_its_text(self, tmp_path: Path) -> None:
        shared = (
            "<si><r><t xml:space='preserve'>Bakkerij </t></r><r><rPr><b/></rPr><t>Jansen</t></r>"
            "<rPh sb='0' eb='1'><t>x</t></rPh></si>"
        )
        rows = HEADINGS_XML + '<row r="2"><c r="B2" t="s"><v>0</v></c></row>'
        assert read(raw_xlsx(tmp_path / "a.xlsx", rows, shared=shared)).cells == [[None, "Bakkerij Jansen"]]

    def test_merged_cells_have_the_value_of_the_first(self, tmp_path: Path) -> None:
        made, sheet = with_sheet(tmp_path)
        sheet.append(["1", "a"])
        sheet.merge_cells("A2:B2")
        made.save(tmp_path / "a.xlsx")
        assert read(tmp_path / "a.xlsx").cells == [["1", None]]


class TestPlaces:
    def test_titles_stand_above_the_headings(self, tmp_path: Path) -> None:
        rows: list[Sequence[object]] = [
            ["Relatie-export"],
            [],
            [None, "kantoor Jansen", "Naam"],
            [None, *HEADINGS],
            [None, "1", "a"],
        ]
        sheet = read(book(tmp_path / "a.xlsx", Blad=rows))
        assert (sheet.about.heading_row, sheet.about.headings, sheet.about.rows) == (4, ["", *HEADINGS], 1)
        assert [(row.number, row.cells) for row in sheet.rows] == [(5, [None, "1", "a"])]

    def test_numbers_are_those_of_the_user(self, tmp_path: Path) -> None:
        rows: list[Sequence[object]] = [HEADINGS, ["1", "a"], [], [" ", None], ["2", "b"], [], []]
        sheet = read(book(tmp_path / "a.xlsx", Blad=rows))
        assert [row.number for row in sheet.rows] == [2, 5]
        assert sheet.about.rows == 2

    def test_formatted_empty_rows_cost_nothing(self, tmp_path: Path) -> None:
        far = '<row r="1048576" s="1" customFormat="1"><c r="A1048576" s="1"/><c r="XFD1048576" s="1"/></row>'
        sheet = read(raw_xlsx(tmp_path / "a.xlsx", HEADINGS_XML + row_xml(2, "1", "a") + far))
        assert sheet.about.rows == 1

    def test_more_cells_than_headings_are_kept_when_they_hold_something(self, tmp_path: Path) -> None:
        rows: list[Sequence[object]] = [HEADINGS, ["1", "a", None, "x"], ["2", "b", " ", None], ["3"]]
        assert read(book(tmp_path / "a.xlsx", Blad=rows)).cells == [["1", "a", None, "x"], ["2", "b"], ["3", None]]

    def test_headings_are_compared_by_letters_and_digits(self) -> None:
        assert heading_key(" KvK-Nummer: ") == heading_key("kvk nummer") == "kvknummer"
        assert heading_key("Coördinaten\n(x)") == "coordinatenx"


class TestSheets:
    def test_the_one_with_most_known_headings(self, tmp_path: Path) -> None:
        path = book(tmp_path / "a.xlsx", Uitleg=[["Naam"]], Relaties=[HEADINGS, ["1", "a"]], Oud=[HEADINGS])
        about = read(path).about
        assert (about.sheet, about.other_sheets) == ("Relaties", ["Uitleg", "Oud"])

    def test_hidden_ones_only_where_there_is_no_other(self, tmp_path: Path) -> None:
        book(tmp_path / "a.xlsx", Lijst=[HEADINGS, ["1", "a"]], Klein=[["Naam"], ["b"]])
        made = openpyxl.load_workbook(tmp_path / "a.xlsx")
        made["Lijst"].sheet_state = "hidden"
        made.save(tmp_path / "b.xlsx")
        about = read(tmp_path / "b.xlsx").about
        assert (about.sheet, about.other_sheets) == ("Klein", [])
        hidden = (tmp_path / "c.ods", ods_row("x"), ods_row(*HEADINGS))
        shown = '<style:table-properties table:display="false"/>'
        style = f'<style:style style:name="s2" style:family="table">{shown}</style:style>'
        assert refusal(ods(*hidden, styles=style)).code == "no_headings"

    def test_none_is_known(self, tmp_path: Path) -> None:
        refused = refusal(book(tmp_path / "a.xlsx", Blad=[["Titel"], ["Debiteur", "Straat"], [1, 2, 3]]))
        assert refused.code == "no_headings"
        assert "found 'Debiteur', 'Straat'." in refused.detail

    def test_an_empty_workbook(self, tmp_path: Path) -> None:
        assert refusal(book(tmp_path / "a.xlsx", Blad=[])).code == "no_headings"


class TestFormats:
    def test_the_content_counts_and_not_the_name(self, tmp_path: Path) -> None:
        assert read(raw_xlsx(tmp_path / "a.csv", HEADINGS_XML)).about.format == "xlsx"
        assert read(ods(tmp_path / "a.xls", ods_row(*HEADINGS))).about.format == "ods"
        assert read(xls(tmp_path / "a.xlsx", list(HEADINGS))).about.format == "xls"
        (tmp_path / "b.xlsx").write_text("Relatienummer;Naam\n1;a\n")
        assert read(tmp_path / "b.xlsx").about.format == "csv"

    @pytest.mark.parametrize("is_small", [False, True])
    def test_old_excel(self, tmp_path: Path, is_small: bool) -> None:
        formula = b"\x02\x00\x07\x00\x00\x00\xff\xff"
        sheet = read(
            xls(tmp_path / "a.xls", list(HEADINGS), ["001", "é€"], [b"\x2a", formula], [5.0], is_small=is_small)
        )
        assert sheet.cells == [["001", "é€"], [Broken("#N/A"), Broken("#DIV/0!")], [5, None]]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf \r\n", "empty"),
            (b"%PDF-1.7\n", "pdf"),
            (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image"),
            (b"\x1f\x8b\x08\x00", "archive"),
            (b"{\\rtf1 x}", "rtf"),
            (b"\n <HTML><table><tr><td>Naam</td></tr></table>", "html"),
            (b"\xff\xfe" + "<table><tr>".encode("utf-16-le"), "html"),
            (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "xml"),
            (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "html"),
            (b"\x7fELF\x02\x01\x01\x00", "unknown"),
            (b"\x09\x08\x10\x00\x00\x06\x05\x00", "old_xls"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(9), "password"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + bytes(600), "damaged"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Book".encode("utf-16-le") + bytes(9), "old_xls"),
        ],
    )
    def test_what_is_no_table_is_told_apart(self, tmp_path: Path, content: bytes, code: str) -> None:
        (tmp_path / "a.xls").write_bytes(content)
        assert refusal(tmp_path / "a.xls").code == code

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            (["xl/workbook.bin"], "xlsb"),
            (["Index/Document.iwa"], "numbers"),
            (["word/document.xml"], "document"),
            (["foto.jpg"], "archive"),
        ],
    )
    def test_what_is_another_zip(self, tmp_path: Path, members: list[str], code: str) -> None:
        assert refusal(archive(tmp_path / "a.xlsx", [(name, "x") for name in members])).code == code

    def test_passwords(self, tmp_path: Path) -> None:
        assert refusal(xls(tmp_path / "a.xls", list(HEADINGS), is_locked=True)).code == "password"
        assert refusal(ods(tmp_path / "a.ods", ods_row("x"), manifest="<manifest:encryption-data/>")).code == "password"


class TestInAChild:
    pytestmark = pytest.mark.anyio

    async def test_gives_the_same(self, tmp_path: Path) -> None:
        path = book(
            tmp_path / "a.xlsx",
            Blad=[HEADINGS, ["=1", date(2024, 2, 29)], ["é", datetime.fromisoformat("2024-02-29T01:00:00")]],
        )
        assert await read_in_child(path) == read(path)

    async def test_batches_of_at_most_a_thousand(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("Naam;Plaats\n" + "a;b\n" * 2_500)
        async with reading(tmp_path / "a.csv", ["Naam"]) as sheet:
            assert [len(rows) async for rows in sheet.batches()] == [1_000, 1_000, 500]

    async def test_refuses_before_the_first_row(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_bytes(b"Naam;Plaats\n" + b"a;b\n" * 2_500 + b"\x81;b\n")
        with pytest.raises(SheetRefused) as refused:
            async with reading(tmp_path / "a.csv", ["Naam"]):
                pass
        assert refused.value.code == "encoding"
