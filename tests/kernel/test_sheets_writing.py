"""Lists out: what is read back is what was written, and no program runs any of it (IN-06, F38)."""

import csv
import io
import tempfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.sheets.reading import Broken, Cells
from app.sheets.rows import is_empty
from app.sheets.unsafe import bare
from app.sheets.writing import Column, csv_head, csv_rows, harmless, workbook
from tests.factories.sheets import read

HEADINGS = ["Relatienummer", "Naam"]
COLUMNS = [Column(heading) for heading in HEADINGS]
DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠a",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "'=1",
    "''+1",
]
PIECES = st.sampled_from(
    ["=", "+", "-", "@", "\t", "\r", "\n", "'", '"', ";", ",", "0", "007", "a", " ", "\u00a0", "é", "😀", "＝", "<r>",
     "</r>", "<", "&", "_x000D_", "_x005F_", "\x01", "\ufeff", "sep=", "]]>", "\x0b", "\u2028", "\x85"]
)  # fmt: skip
TEXT = st.one_of(
    st.lists(PIECES, max_size=6).map("".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
DAYS = st.dates(date(1900, 3, 1), date(9999, 12, 30))
MOMENTS = st.datetimes(datetime.fromisoformat("1901-01-01"), datetime.fromisoformat("9998-12-31")).map(
    lambda moment: moment.replace(microsecond=0)
)


def written_csv(rows: list[Cells]) -> list[Cells]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(csv_head(HEADINGS) + csv_rows(rows))
        return read(path).cells


def written_xlsx(rows: list[Cells]) -> list[Cells]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        with workbook(path) as book:
            sheet = book.list("Relaties", COLUMNS)
            for row in rows:
                sheet.write(row)
        assert [one.name for one in Path(folder).iterdir()] == ["a.xlsx"]
        return read(path).cells


@pytest.mark.parametrize("day", [date(1850, 1, 1), date(1899, 12, 31), date(1900, 1, 1), date(1900, 2, 28)])
def test_days_that_excel_can_not_count_are_text(day: date) -> None:
    assert written_xlsx([[day, datetime.combine(day, time(12))]]) == [[f"{day:%d-%m-%Y}", f"{day:%d-%m-%Y} 12:00:00"]]


def as_read(rows: list[Cells]) -> list[Cells]:
    """Without what means nothing: empty rows, the difference between no text and the empty one."""
    return [[None if cell == "" else cell for cell in row] for row in rows if not is_empty(row)]


class TestHarmless:
    @pytest.mark.parametrize("text", DANGEROUS)
    def test_what_a_program_would_run(self, text: str) -> None:
        assert harmless(text) == f"'{text}"
        assert bare(harmless(text)) == text

    @pytest.mark.parametrize("text", ["", "a=1", "'s-Gravenhage", "’t", "1-2", "0012", "(=1)"])
    def test_all_else_stays(self, text: str) -> None:
        assert harmless(text) == text

    @given(TEXT)
    def test_is_undone_exactly(self, text: str) -> None:
        assert not text or bare(harmless(text)) == text


class TestCsv:
    @given(st.lists(st.tuples(TEXT, TEXT).map(list), max_size=4))
    @example([["'=1", "''"], ["\r\n", 'a"b'], ["007", "'s"]])
    def test_comes_back(self, rows: list[Cells]) -> None:
        assert written_csv(rows) == as_read(rows)

    @given(TEXT)
    def test_no_cell_runs(self, text: str) -> None:
        records = csv.reader(io.StringIO(csv_rows([[text]]).decode(), newline=""), delimiter=";")
        for cell in next(records, []):
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
            assert not cell.startswith(("\t", "\r"))

    def test_is_what_dutch_excel_opens(self) -> None:
        assert csv_head(["Naam", "Plaats;Land"]) == b'\xef\xbb\xbfNaam;"Plaats;Land"\r\n'
        row: Cells = [
            None,
            True,
            5,
            -1.5,
            date(2024, 2, 29),
            datetime.fromisoformat("2024-02-29T10:00:00"),
            Broken("=A1"),
        ]
        assert csv_rows([row]) == b";True;5;-1.5;29-02-2024;29-02-2024 10:00:00;'=A1\r\n"


class TestWorkbook:
    @settings(deadline=None)
    @given(st.lists(st.tuples(TEXT, TEXT).map(list), max_size=4))
    @example([["<r><t>x</t></r>", "<r></r>"], ["=1+1", "'=1"], ["http://a.example", "007"], ["\r\n", "\t x "]])
    def test_comes_back(self, rows: list[Cells]) -> None:
        assert written_xlsx(rows) == as_read(rows)

    @settings(deadline=None)
    @given(st.lists(st.one_of(st.booleans(), st.integers(-(10**14), 10**14), DAYS, MOMENTS), min_size=1, max_size=4))
    def test_other_values_come_back(self, values: list[bool | int | date | datetime]) -> None:
        expected = [one.date() if isinstance(one, datetime) and one.time() == one.min.time() else one for one in values]
        assert written_xlsx([[value, "a"] for value in values]) == [[value, "a"] for value in expected]

    def test_long_numbers_are_text(self) -> None:
        assert written_xlsx([[10**17 + 1, "a"]]) == [[str(10**17 + 1), "a"]]

    def test_text_that_does_not_fit_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError), workbook(tmp_path / "a.xlsx") as book:
            book.list("Blad", COLUMNS).write(["😀" * 20_000, None])
        assert not list(tmp_path.iterdir())

    def test_is_typed_and_explained(self, tmp_path: Path) -> None:
        long = [f"rechtsvorm nummer {number}" for number in range(40)]
        columns = [
            Column("Relatienummer", width=12, note="Uniek binnen het kantoor."),
            Column("Type", choices=["persoon", "organisatie"]),
            Column("Rechtsvorm", choices=long),
            Column("Bedrag", is_text=False),
        ]
        with workbook(tmp_path / "a.xlsx") as book:
            sheet = book.list("Relaties", columns)
            sheet.write(["007", "persoon", long[0], 5])
            book.page("Uitleg", [["Kolom", "Uitleg"], ["Relatienummer", "=Uniek"]], [20, 80])
        made = openpyxl.load_workbook(tmp_path / "a.xlsx")
        assert made.sheetnames == ["Relaties", "Uitleg", "Keuzelijsten"]
        assert made["Keuzelijsten"].sheet_state == "hidden"
        relations = made["Relaties"]
        assert relations["A2"].number_format == "@"
        assert (relations.freeze_panes, relations.auto_filter.ref) == ("A2", "A1:D2")
        rules = {str(rule.sqref).split(":")[0]: rule for rule in relations.data_validations.dataValidation}
        assert rules["B2"].formula1 == '"persoon,organisatie"'
        assert rules["C2"].formula1 == "Keuzelijsten!$A$1:$A$40"
        assert rules["A2"].prompt == "Uniek binnen het kantoor."
        assert made["Uitleg"]["B2"].value == "=Uniek"
        assert made["Uitleg"]["B2"].data_type in ("s", "inlineStr")
        assert read(tmp_path / "a.xlsx").about.sheet == "Relaties"
