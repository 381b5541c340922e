"""What is shown of a cell: short, never a citizen number or enough of one, whatever it cost to write it so."""

import itertools
import re
import time

import pytest

from app.schemas.import_columns import match, read_row
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS
from app.sheets.reading import Broken, Value
from tests.factories.imports import read

BSN = "111222333"
NUMBERS = ("100005", "10010", "2024", "12", "69599084")


SECRET = ("bsn", "rsin", "ob_number", "vat_id", "lh_numbers")


@pytest.mark.parametrize("field", SECRET)
@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (BSN, "******333"),
        (f"'{BSN}B01", "'******333B01"),
        (f"{BSN}.0", "******333.0"),
        (111222333.0, "******333"),
        (10000008, "*****008"),
        (f"Jan {BSN} x", "*** ******333 *"),
        ("1112.22.333", "****.**.333"),
        ("12", "**"),
        (None, ""),
        (Broken("#N/A"), "#*/*"),
    ],
)
def test_a_citizen_number_is_shown_by_its_last_three_digits(field: str, cell: Value, shown: str) -> None:
    column = RELATIONS.by_field[field]
    assert column.kind.is_secret
    assert column.shown(cell) == shown


@pytest.mark.parametrize("field", [column.field for column in RELATIONS.columns if column.field not in SECRET])
def test_nor_is_one_shown_that_stands_in_the_wrong_column(field: str) -> None:
    column = RELATIONS.by_field[field]
    assert not column.kind.is_secret
    for cell in (BSN, int(BSN), float(BSN), f"x{BSN}y", "1112.22.333", "111 222 333", f"{BSN}B01"):
        assert BSN not in re.sub(r"[^0-9]", "", column.shown(cell))


def test_nor_is_a_part_of_one_shown_where_the_cell_is_cut() -> None:
    """Masking makes text shorter, and so brings into sight what stands behind."""
    name = RELATIONS.by_field["name"]
    for spaces in range(120):
        shown = name.shown("1 1 1 2 2 2 3 3 3 " * 3 + "y" * spaces + f" {BSN} " + "x" * 200)
        assert "1112223" not in shown
        assert len(shown) <= 100
        assert shown.endswith("…")
        assert "24816350" not in name.shown("x" * spaces + "248163504" + "x" * 200)


@pytest.mark.parametrize(
    "between",
    [
        "  ",
        " - ",
        "\u2013",
        "\u2011",
        "_",
        ",",
        "'",
        ":",
        "+",
        "\u200b",
        "\u200d",
        "\u00ad",
        "\r\n",
        ") ",
        "    ",
        "\n      ",
    ],
)
def test_nor_one_with_other_signs_between(between: str) -> None:
    for digits in (["248", "163", "504"], list("248163504")):
        assert "163" not in RELATIONS.by_field["name"].shown("Jan " + between.join(digits)).replace(between, "")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("100005 111 222 333", "100005 *** *** 333"),  # nine digits of these two pass the eleven-test too
        ("Klant 10010, 1112 22 333", "Klant 10010, **** ** 333"),
        ("0111222333", "0******333"),
        ("\u00b9\u00b9\u00b9222333", "******333"),
        ("\u2460\u2460\u2460 222 333", "*** *** 333"),
        ("x 10000008B01", "x *****008B01"),
        ("10000008 b01", "*****008 b01"),
        ("12.345.672B01", "**.***.672B01"),
        ("x" * 88 + "12345672B01" + "y" * 20, "x" * 88 + "…"),
        ("111222333444", "111222333444"),
        ("111;222;333", "111;222;333"),
        ("1a11222333", "1a11222333"),
    ],
)
def test_nor_one_among_other_digits(cell: str, shown: str) -> None:
    found = RELATIONS.by_field["name"].shown(cell)
    assert found == shown or (shown.startswith(("1000", "Klant")) and BSN[:-3] not in re.sub(r"[^0-9]", "", found))


@pytest.mark.parametrize("numbers", list(itertools.product(NUMBERS, repeat=2)))
def test_no_digits_before_one_bring_it_into_sight(numbers: tuple[str, str]) -> None:
    for written in ("111 222 333", "1112 22 333", "1 1 1 2 2 2 3 3 3", BSN):
        found = RELATIONS.by_field["name"].shown(f"{' '.join(numbers)} {written}")
        assert not re.search(r"1\W*1\W*1\W*2\W*2\W*2", found), found


def test_what_is_hostile_to_read_costs_little() -> None:
    """Cells of any length that were thought out to take the square or the cube of it."""
    blanks, accents = " " * 950, "a" + "\u0301\u0327" * 150_000
    cells = ["; ".join([f"a 2024 ({blanks}x"] * 50), f"{blanks}2024 (", accents, " ".join("1" * 100_000)]
    cells += [sign * 240_000 for sign in ('"', "; ", "\n", "1;", "a:", '"a":', ", ")] + ["1" * 900_000, " 1" * 450_000]
    longest = "; ".join(str(number) for number in range(5000))

    def cost(cell: str) -> float:
        began = time.process_time()
        for catalogue in (RELATIONS, CONTACTS):
            for column in catalogue.columns:
                read_row(catalogue, match(catalogue, [column.dutch]), [cell])
        return time.process_time() - began

    harmless = cost(longest)
    assert [cell[:20] for cell in cells if cost(cell) > 20 * harmless] == []


def test_what_is_shown_is_short() -> None:
    assert len(RELATIONS.by_field["name"].shown("x" * 30_000)) == 100
    assert RELATIONS.by_field["kvk_number"].shown(69599084.0) == "69599084"
    assert RELATIONS.by_field["phone"].shown("0612345678") == "0612345678"


def test_no_finding_holds_what_it_is_about() -> None:
    _, findings = read(RELATIONS, bsn="111222334", rsin=BSN, kvk_number=BSN, memo=int(BSN), number=float(BSN))
    assert findings
    assert BSN[:-1] not in repr([each[1:] for each in findings])
