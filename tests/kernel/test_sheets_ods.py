"""OpenDocument spreadsheets, as LibreOffice and others write them."""

from datetime import date
from pathlib import Path

import pytest

from app.sheets.reading import Broken
from tests.factories.sheets import ods, ods_row, read

HEADINGS = ("Relatienummer", "Naam", "Plaats")


def row(*cells: str) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def cell(kind: str, text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}" {more}><text:p>{text}</text:p></table:table-cell>'


def test_dates_errors_and_what_is_repeated(tmp_path: Path) -> None:
    cells = (
        '<table:table-cell office:value-type="float" office:value="5"/><table:table-cell office:value-type="date" '
        'office:date-value="2024-02-29"/><table:table-cell table:formula="of:=1/0" office:value-type="string" '
        'office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    blank = '<table:table-cell table:number-columns-repeated="16384"/>'
    empty = '<table:table-row table:number-rows-repeated="{}">' + blank + "</table:table-row>"
    rows = empty.format(2) + ods_row(*HEADINGS) + empty.format(3) + f"<table:table-row>{cells}</table:table-row>"
    sheet = read(ods(tmp_path / "a.ods", rows + empty.format(1048570)))
    assert [(row.number, row.cells) for row in sheet.rows] == [(7, [5, date(2024, 2, 29), Broken("#DIV/0!")])]


def test_signs_inside_a_text_stay(tmp_path: Path) -> None:
    """As XLSX has them: a name does not become another one."""
    texts = ("1", "Jan<text:tab/>Piet", 'a<text:line-break/>b<text:s text:c="2"/>c')
    sheet = read(ods(tmp_path / "a.ods", ods_row(*HEADINGS) + ods_row(*texts)))
    assert sheet.cells == [["1", "Jan\tPiet", "a\nb  c"]]


def test_a_formula_without_a_value_is_broken(tmp_path: Path) -> None:
    """Nothing would be taken for an empty cell, which may clear what is there."""
    cells = (
        '<table:table-cell table:formula="of:=[.A1]&amp;1"/>',
        cell("string", "x", 'table:formula="of:=1"'),
        cell("float", "5", 'office:value="5" table:formula="of:=2+3"'),
    )
    sheet = read(ods(tmp_path / "a.ods", ods_row(*HEADINGS) + row(*cells)))
    assert sheet.cells == [[Broken("=[.A1]&1"), "x", 5]]


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#DIV/0!", "#NAAM?"])
def test_an_error_that_is_called_a_number(tmp_path: Path, text: str) -> None:
    cells = (
        cell("float", text, 'office:value="0"'),
        cell("float", "0", 'office:value="0"'),
        cell("float", "#1", 'office:value="1"'),
    )
    sheet = read(ods(tmp_path / "a.ods", ods_row(*HEADINGS) + row(*cells)))
    assert sheet.cells == [[Broken(text), 0, 1]]
