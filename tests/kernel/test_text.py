"""What may be stored as text, and the keys by which names and numbers are compared (IN-01, FI-06, F29, F39)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text import MAX_FILE_NAME, clean_line, clean_text, file_name, fold, natural, number_key

BIDI = "\u202e\u2066\u200f\u061c"


class TestFileName:
    @pytest.mark.parametrize(
        ("raw", "kept"),
        [
            ("stuk.pdf", "stuk.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\Henk\\bon.pdf", "bon.pdf"),
            ("map/bon.pdf", "bon.pdf"),
            ("map/", "map"),
            ("  bon.pdf ", "bon.pdf"),
            ("cafe\u0301.pdf", "café.pdf"),
            (f"a{BIDI}fdp.exe", "afdp.exe"),
            ("a\x00b\r\nc\x7f\u2028.pdf", "abc.pdf"),
            ("a\ud800b.pdf", "ab.pdf"),
            ('een "naam" <1>.pdf', 'een "naam" <1>.pdf'),
            (".env", ".env"),
            ("100% zeker.pdf", "100% zeker.pdf"),
            ("😀.pdf", "😀.pdf"),
        ],
    )
    def test_kept(self, raw: str, kept: str) -> None:
        assert file_name(raw) == kept

    @pytest.mark.parametrize("raw", ["", " ", ".", "..", "../..", "/", "\\", "\x00", BIDI, "a/..", " . "])
    def test_nothing_left(self, raw: str) -> None:
        with pytest.raises(ValueError):
            file_name(raw)

    def test_long_names_keep_their_extension(self) -> None:
        assert file_name("é" * 300 + ".pdf") == "é" * 251 + ".pdf"
        assert file_name("x" * 300) == "x" * 255
        assert file_name("x." + "y" * 300) == ("x." + "y" * 300)[:255]

    @given(st.text(max_size=400))
    def test_of_anything(self, raw: str) -> None:
        try:
            name = file_name(raw)
        except ValueError:
            return
        assert 1 <= len(name) <= MAX_FILE_NAME
        assert file_name(name) == name
        assert unicodedata.is_normalized("NFC", name)
        assert not set(name) & set("/\\\r\n\x00\u202e\u2028")
        name.encode("utf-8")


class TestText:
    @pytest.mark.parametrize("bad", ["a\x00b", "a\nb", "a\u202eb", "a\ud800", "a\u2028b", "\ufeffa", "\x9f"])
    def test_a_line_refuses_what_nobody_can_read(self, bad: str) -> None:
        with pytest.raises(ValueError):
            clean_line(bad)

    @pytest.mark.parametrize("bad", ["a\x00b", "a\u202eb", "a\udfff", "\x1b[31m"])
    def test_a_text_too(self, bad: str) -> None:
        with pytest.raises(ValueError):
            clean_text(bad)

    def test_a_text_has_one_kind_of_line_end(self) -> None:
        assert clean_text("a\r\nb\rc\td\n") == "a\nb\nc\td"

    def test_composed(self) -> None:
        assert clean_line(" cafe\u0301 ") == "café"


class TestKeys:
    def test_fold(self) -> None:
        assert fold("Čapek") == fold("CAPEK") == "capek"
        assert fold("Straße") == "strasse"
        assert fold("cafe\u0301") == fold("CAFÉ")

    def test_natural_order(self) -> None:
        numbers = ["9", "100", "100.1", "100.2", "100.10", "A2", "A10"]
        shuffled = numbers[::-1]
        assert sorted(shuffled, key=natural) == numbers

    def test_numbers_without_regard_to_case_and_width(self) -> None:
        assert number_key("ａ１") == number_key(" A1 ") == "a1"

    @given(st.integers(0, 10**30), st.integers(0, 10**30))
    def test_natural_order_of_numbers(self, a: int, b: int) -> None:
        assert (natural(str(a)) < natural(str(b))) == (a < b)
