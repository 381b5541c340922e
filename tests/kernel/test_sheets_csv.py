"""CSV from every program there is: read rightly, or refused with the line; never as other letters (IM-05)."""

import csv
from pathlib import Path
from typing import get_args

import pytest

from app.sheets.rows import ROW_CHARS, Encoding, Limits, SheetRefused
from tests.factories.sheets import Sheet, read, refusal

HEAD = "Relatienummer;Naam\r\n"


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


class TestEncoding:
    @pytest.mark.parametrize(
        ("encoding", "named"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("utf-16", "utf-16"),
            ("windows-1252", "windows-1252"),
        ],
    )
    def test_is_found(self, file: Path, encoding: str, named: str) -> None:
        sheet = read(write(file, HEAD + "1;Café Müller’s € zoë\r\n", encoding))
        assert (sheet.about.encoding, sheet.cells) == (named, [["1", "Café Müller’s € zoë"]])
        assert sheet.about.headings == ["Relatienummer", "Naam"]

    def test_utf_16_of_the_other_order(self, file: Path) -> None:
        sheet = read(write(file, b"\xfe\xff" + (HEAD + "1;é\r\n").encode("utf-16-be")))
        assert sheet.cells == [["1", "é"]]

    @pytest.mark.parametrize(
        "content",
        [
            HEAD.encode() + b"1;\x81\x8d\r\n",  # means nothing in windows-1252
            HEAD.encode() + "1;café\r\n".encode() + b"2;caf\xe9\r\n",  # two programs wrote it
            HEAD.encode() + "1;Buiting coöperatie\r\n".encode("cp850"),
            HEAD.encode() + "1;Buiting coöperatie financiën\r\n".encode("mac-roman"),
            b"\xef\xbb\xbf" + HEAD.encode() + b"1;caf\xe9\r\n",  # says that it is UTF-8
            b"\xff\xfe" + HEAD.encode("utf-16-le") + b"1",  # half a character
            b"\xff\xfe" + HEAD.encode("utf-16-le") + b"\x00\xd8;\x00",  # half a pair
        ],
    )
    def test_what_is_unsure_is_refused(self, file: Path, content: bytes) -> None:
        assert refusal(write(file, content)).code == "encoding"

    def test_the_line_is_named(self, file: Path) -> None:
        refused = refusal(write(file, HEAD.encode() + b"1;a\r\n" * 300_000 + b"2;\x81\r\n"))
        assert "Line 300002 " in refused.detail

    @pytest.mark.parametrize("encoding", get_args(Encoding))
    def test_the_user_knows_better(self, file: Path, encoding: str) -> None:
        write(file, HEAD + "1;coöperatie\r\n", encoding)
        found = read(file, encoding=encoding)
        assert (found.cells, found.about.encoding) == ([["1", "coöperatie"]], encoding)

    def test_the_user_may_be_wrong(self, file: Path) -> None:
        write(file, HEAD.encode() + b"1;caf\xe9\r\n")
        assert refusal(file, encoding="utf-8").code == "encoding"

    def test_nul_is_refused(self, file: Path) -> None:
        assert refusal(write(file, HEAD + "1;a\0b\r\n")).code == "nul"
        assert refusal(write(file, HEAD, "utf-16-le")).code == "nul"


class TestDelimiter:
    @pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
    def test_is_found_by_the_headings(self, file: Path, delimiter: str) -> None:
        text = 'Relatienummer;Naam\n1;"a, b|c\td"\n'.replace(";", delimiter)
        sheet = read(write(file, text))
        assert (sheet.about.delimiter, sheet.cells) == (delimiter, [["1", "a, b|c\td"]])

    def test_of_one_column_none_is_needed(self, file: Path) -> None:
        assert read(write(file, "Naam\nJansen, A.\nPietersen, B.\n")).cells == [["Jansen, A."], ["Pietersen, B."]]

    @pytest.mark.parametrize("first", ["sep=|\r\n", '"sep=|"\r\n', "SEP=|\n"])
    def test_may_be_said_on_the_first_line(self, file: Path, first: str) -> None:
        sheet = read(write(file, first + "Naam|Plaats;Land\r\na|b\r\n", "utf-8-sig"))
        assert (sheet.about.headings, sheet.about.heading_row) == (["Naam", "Plaats;Land"], 2)
        assert [(row.number, row.cells) for row in sheet.rows] == [(3, ["a", "b"])]

    def test_the_user_knows_better(self, file: Path) -> None:
        sheet = read(write(file, "Naam,x;Plaats;Relatienummer\na;b,c\n"), delimiter=",")
        assert sheet.about.headings == ["Naam", "x;Plaats;Relatienummer"]

    @pytest.mark.parametrize("delimiter", ["", ";;", "a", '"', "\n", " "])
    def test_the_user_may_be_wrong(self, file: Path, delimiter: str) -> None:
        with pytest.raises(SheetRefused) as refused:
            read(write(file, HEAD), delimiter=delimiter)
        assert refused.value.code == "delimiter"

    def test_titles_above_the_headings_do_not_decide(self, file: Path) -> None:
        sheet = read(write(file, "Export, gemaakt, door, X\n\nRelatienummer;Naam\n1;a\n"))
        assert (sheet.about.delimiter, sheet.about.heading_row) == (";", 3)


class TestRecords:
    def cells(self, file: Path, text: str) -> Sheet:
        return read(write(file, text))

    def test_line_breaks_inside_quotes(self, file: Path) -> None:
        sheet = read(write(file, HEAD + '1;"a\r\nb ""x"""\r\n\r\n2;c'))
        assert [(row.number, row.cells) for row in sheet.rows] == [(2, ["1", 'a\r\nb "x"']), (5, ["2", "c"])]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_any_line_end(self, file: Path, end: str) -> None:
        sheet = read(write(file, end.join(["Relatienummer;Naam", "1;a", "", "2;b"])))
        assert [(row.number, row.cells) for row in sheet.rows] == [(2, ["1", "a"]), (4, ["2", "b"])]

    def test_short_ones_are_filled_and_long_ones_kept(self, file: Path) -> None:
        assert read(write(file, HEAD + "1\r\n2;a;;x\r\n3;b;;\r\n")).cells == [
            ["1", None],
            ["2", "a", None, "x"],
            ["3", "b"],
        ]

    def test_everything_stays_text(self, file: Path) -> None:
        assert read(write(file, HEAD + "0012; 1,5 \r\n")).cells == [["0012", " 1,5 "]]

    def test_a_formula_made_harmless_is_itself_again(self, file: Path) -> None:
        text = HEAD + "'+31 6;'=1+1\r\n''=1;'s-Gravenhage\r\n"
        assert read(write(file, text)).cells == [["+31 6", "=1+1"], ["'=1", "'s-Gravenhage"]]

    def test_a_quote_that_is_never_closed(self, file: Path) -> None:
        refused = refusal(write(file, HEAD + '1;a\r\n2;"b\r\n3;c\r\n'))
        assert refused.code == "quotes"
        assert "line 3 " in refused.detail
        assert refusal(write(file, HEAD + '1;"a' + "\r\n2;b" * (ROW_CHARS // 4))).code == "quotes"

    def test_a_stray_quote_inside_a_cell_is_text(self, file: Path) -> None:
        assert read(write(file, HEAD + '1;Bar "De Kat"\r\n2;5" pijp\r\n')).cells == [
            ["1", 'Bar "De Kat"'],
            ["2", '5" pijp'],
        ]

    def test_limits(self, file: Path) -> None:
        assert refusal(write(file, HEAD + "1;a\r\n" * 11), Limits(rows=10)).code == "too_many_rows"
        assert read(write(file, HEAD + "1;a\r\n" * 10), limits=Limits(rows=10)).about.rows == 10
        assert refusal(write(file, HEAD + "1;" * 250 + "a\r\n")).code == "too_many_columns"
        assert refusal(write(file, HEAD + f"{'x' * 30_000};" * 50 + "\r\n")).code in ("too_long", "quotes")
        assert refusal(write(file, HEAD), Limits(file_bytes=5)).code == "too_large"

    def test_more_than_a_cell_of_excel_holds(self, file: Path) -> None:
        assert read(write(file, HEAD + f"1;{'x' * 900_000}\r\n2;a\r\n")).cells == [["1", "x" * 900_000], ["2", "a"]]
        assert refusal(write(file, HEAD + f"1;{'x' * 1_000_001}\r\n")).code == "quotes"
        assert refusal(write(file, HEAD + "x;" * 2_500_000 + "\r\n")).code == "too_long"

    def test_empty_lines_cost_little_and_not_for_ever(self, file: Path) -> None:
        assert read(write(file, HEAD + "1;a\r\n" + ";\r\n" * 20_000)).about.rows == 1
        assert refusal(write(file, HEAD + "\n" * 1_300_000)).code == "too_many_rows"

    def test_the_field_limit_is_left_as_the_reader_needs_it(self, file: Path) -> None:
        read(write(file, HEAD))
        assert csv.field_size_limit() == ROW_CHARS


def test_what_packages_write_to_keep_zeros(file: Path) -> None:
    rows = '="007";"=""0612345678"""\r\n=1+1;="a"b\r\n'
    assert read(write(file, HEAD + rows)).cells == [["007", "0612345678"], ["=1+1", '="a"b']]
