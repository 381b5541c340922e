"""Cells as Excel and people leave them (domain.md 5.1, 5.2; IM-02): what each is read as, and what is said of it."""

from contextlib import suppress
from datetime import date, datetime
from time import process_time
from typing import Any

import pytest

from app.schemas.import_cells import Masked, Unreadable
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS
from app.sheets.reading import Broken, Value

TRUE: tuple[Value, ...] = ("ja", "X", "waar", "TRUE", "1", 1, 1.0, True, "Yes", "J")
FALSE: tuple[Value, ...] = ("nee", "N", "onwaar", "false", 0, 0.0, False, "0")
READ: list[tuple[str, Value, Any, tuple[str, ...]]] = [
    # Nothing there.
    ("name", None, None, ()),
    ("name", "", None, ()),
    ("name", " \u00a0\u200b", None, ("invisible_characters",)),
    ("bsn", "  ", None, ()),
    ("kvk_number", "n.v.t.", None, ("no_value",)),
    ("email", "onbekend", None, ("no_value",)),
    ("born_on", "-", None, ("no_value",)),
    ("born_on", "00-00-0000", None, ("no_value",)),
    # Text.
    ("name", "\u00a0De Vries \t", "De Vries", ()),
    ("name", "De\u200b Vries\ufeff", "De Vries", ("invisible_characters",)),
    ("name", "\u202aDe Vries\u202c", "De Vries", ("invisible_characters",)),
    ("name", "De Vries\nFietsen", "De Vries Fietsen", ("line_break",)),
    ("name", "'t Hoen", "'t Hoen", ()),
    ("name", "'=Som", "=Som", ()),
    ("name", "''=Som", "'=Som", ()),
    ("name", "=Som", "=Som", ()),
    ("name", "Cafe\u0301", "Café", ()),
    ("name", 1921, "1921", ()),
    ("name", 1921.0, "1921", ()),
    ("name", "x" * 200, "x" * 200, ()),
    ("memo", "een\r\ntwee\u200b", "een\ntwee\u200b", ()),
    ("addresses.visiting.house_number", 12.0, "12", ()),
    ("addresses.visiting.postcode", "1012\u00a0ab", "1012\u00a0ab", ()),
    # Numbers of relations are text.
    ("number", "100.10", "100.10", ()),
    ("number", "007", "007", ()),
    ("number", 100, "100", ()),
    ("number", 100.0, "100", ()),
    ("number", 100.1, "100.1", ("number_in_cell",)),
    ("number", "100,1", "100.1", ("decimal_comma",)),
    ("number", "100.0", "100.0", ("decimals",)),
    ("number", "'100", "100", ("apostrophe",)),
    ("number", "'100,1", "100,1", ()),
    ("number", "'-100", "-100", ()),
    ("number", "\u00a0100\u200b ", "100", ("invisible_characters",)),
    # Identifiers.
    ("bsn", "1112.22.333", "111222333", ()),
    ("bsn", "111222333.0", "111222333", ("decimals",)),
    ("bsn", "111222333,0", "111222333", ("decimals",)),
    ("bsn", 111222333.0, "111222333", ("number_in_cell",)),
    ("bsn", 10000008, "010000008", ("zeros_restored",)),
    ("bsn", "10000008", "010000008", ("zeros_restored",)),
    ("bsn", "'111222333", "111222333", ("apostrophe",)),
    ("bsn", "\u202d111222333\u202c", "111222333", ("invisible_characters",)),
    ("bsn", "******333", Masked("******333"), ()),
    ("bsn", "*********", Masked("*********"), ()),
    ("ob_number", "******333B01", Masked("******333B01"), ()),
    ("vat_id", "NL******333B01", Masked("NL******333B01"), ()),
    ("vat_id", "123456782 b 01", "NL123456782B01", ()),
    ("lh_numbers", "123456782L01; ******333L02", ["123456782L01", Masked("******333L02")], ()),
    ("rsin", "123456782", "123456782", ()),
    ("rsin", "10000008", "010000008", ("zeros_restored",)),
    ("kvk_number", 9599084.0, "09599084", ("zeros_restored",)),
    ("kvk_number", "9599084", "09599084", ("zeros_restored",)),
    ("kvk_number", "69 59 90 84", "69599084", ()),
    ("branch_numbers", 37178598.0, ["000037178598"], ("zeros_restored",)),
    ("branch_numbers", "37178598, 000037178599", ["000037178598", "000037178599"], ("zeros_restored",)),
    ("bank_accounts", "NL91 ABNA 0417 1643 00", ["NL91ABNA0417164300"], ()),
    ("bank_accounts", "NL91ABNA0417164300\nBE68 5390 0754 7034", ["NL91ABNA0417164300", "BE68539007547034"], ()),
    # Phones.
    ("phone", "020 555 01 00", "020 555 01 00", ()),
    ("phone", 612345678.0, "0612345678", ("zeros_restored",)),
    ("phone", "612345678", "0612345678", ("zeros_restored",)),
    ("phone", "612345678.0", "0612345678", ("decimals", "zeros_restored")),
    ("phone", 31612345678, "+31612345678", ("country_code",)),
    ("phone", "'+31 6 12345678", "+31 6 12345678", ()),
    ("phone", "\u202a+31 6 12345678\u202c", "+31 6 12345678", ("invisible_characters",)),
    ("phone", "vraag naar Bea", "vraag naar Bea", ()),
    # E-mail addresses.
    ("email", " Henk@Example.NL ", "Henk@example.nl", ()),
    ("email", "mailto:henk@x.nl", "henk@x.nl", ("mail_link",)),
    ("email", "Henk de Vries <henk@x.nl>", "henk@x.nl", ("mail_link",)),
    # Dates.
    ("born_on", date(1980, 12, 31), date(1980, 12, 31), ()),
    ("born_on", datetime.fromisoformat("1980-12-31"), date(1980, 12, 31), ()),
    ("born_on", datetime.fromisoformat("1980-12-31T08:30"), date(1980, 12, 31), ("time_of_day",)),
    ("born_on", "31-12-1980", date(1980, 12, 31), ()),
    ("born_on", "31/12/1980", date(1980, 12, 31), ()),
    ("born_on", "1-2-1980", date(1980, 2, 1), ()),
    ("born_on", "31.12.1980", date(1980, 12, 31), ()),
    ("born_on", "1980-12-31", date(1980, 12, 31), ()),
    ("born_on", "1980-12-31 00:00:00", date(1980, 12, 31), ()),
    ("born_on", "1980-12-31T08:30:00Z", date(1980, 12, 31), ("time_of_day",)),
    ("born_on", "31 december 1980", date(1980, 12, 31), ()),
    ("born_on", "31-dec-1980", date(1980, 12, 31), ()),
    ("born_on", "5 mrt. 1980", date(1980, 3, 5), ()),
    ("born_on", "5 May 1980", date(1980, 5, 5), ()),
    ("born_on", 29586, date(1980, 12, 31), ("date_serial",)),
    ("born_on", 29586.0, date(1980, 12, 31), ("date_serial",)),
    ("born_on", "29586", date(1980, 12, 31), ("date_serial",)),
    ("born_on", 19801231, date(1980, 12, 31), ("date_digits",)),
    ("born_on", "31121980", date(1980, 12, 31), ("date_digits",)),
    ("born_on", "31-12-80", date(1980, 12, 31), ("century_added",)),
    ("born_on", "31 dec 80", date(1980, 12, 31), ("century_added",)),
    ("fiscal_year_end", "31 december", "12-31", ()),
    ("fiscal_year_end", "31-12", "12-31", ()),
    ("fiscal_year_end", date(2026, 12, 31), "12-31", ("date_in_cell",)),
    ("fiscal_year_end", "31-12-2025", "12-31", ("date_in_cell",)),
    # Words of lists.
    ("legal_form", "B.V.", "bv", ()),
    ("legal_form", "bv", "bv", ()),
    ("legal_form", "Besloten Vennootschap", "bv", ()),
    ("legal_form", "V.O.F.", "vof", ()),
    ("legal_form", "Besloten vennootschap (BV)", "bv", ()),
    ("legal_form", "VvE", "owners_association", ()),
    ("legal_form", "Cooperatie", "cooperative", ()),
    ("legal_form", "sole_trader", "sole_trader", ()),
    ("legal_form", "Eenmanszaak ", "sole_trader", ()),
    ("type", "Natuurlijk persoon", "person", ()),
    ("status", "Actief", "active", ()),
    ("lh_filing_period", "4 weken", "four_weeks", ()),
    ("btw_filing_period", "n.v.t.", "none", ()),
    ("addresses.visiting.country", "nl", "NL", ()),
    ("addresses.visiting.country", "Belgie", "BE", ()),
    # Yes and no.
    *(("/notifications.messages", each, True, ()) for each in TRUE),
    *(("/notifications.messages", each, False, ()) for each in FALSE),
    # Counts.
    ("employees", 7.0, 7, ()),
    ("employees", "7", 7, ()),
    ("employees", "7,0", 7, ("decimals",)),
    ("employees", "1.250", 1250, ("thousands",)),
    # Several in one cell.
    ("labels", "Horeca; VIP\n\nNieuw;", ["Horeca", "VIP", "Nieuw"], ()),
    ("labels", '"Hotel; bar"; 27" scherm', ["Hotel; bar", '27" scherm'], ()),
    ("labels", 2026.0, ["2026"], ()),
    ("/links.relation_number", "100; 100.1", ["100", "100.1"], ()),
    ("/links.relation_number", "100, 100.1", ["100", "100.1"], ()),
    ("/links.relation_number", "100\n100.1", ["100", "100.1"], ()),
    ("/links.relation_number", 100.1, ["100.1"], ("number_in_cell",)),
    ("products", "Btw", [{"name": "Btw", "starts_on": None, "ends_on": None}], ()),
    (
        "products",
        "Btw (1-1-2024 t/m 31-12-2024); Btw (vanaf 2025-07-01); Loon (oud)",
        [
            {"name": "Btw", "starts_on": date(2024, 1, 1), "ends_on": date(2024, 12, 31)},
            {"name": "Btw", "starts_on": date(2025, 7, 1), "ends_on": None},
            {"name": "Loon (oud)", "starts_on": None, "ends_on": None},
        ],
        (),
    ),
    ("external_ids", "AFAS: 10023; exact:77", {"afas": "10023", "exact": "77"}, ()),
    (
        "extension_schemes",
        "IB 2024 (1-2-2025); vennootschapsbelasting 2023",
        [
            {"tax": "income_tax", "year": 2024, "granted_on": date(2025, 2, 1)},
            {"tax": "corporation_tax", "year": 2023, "granted_on": None},
        ],
        (),
    ),
]
REFUSED: list[tuple[str, Value, str]] = [
    *((field, Broken("#N/A"), "cell_error") for field in ("name", "bsn", "born_on", "type", "employees", "labels")),
    *(("name", each, "cell_error") for each in ("#N/A", "#N/B", "#VERW!", "#waarde!", "########")),
    ("number", "#REF!", "cell_error"),
    ("name", "x" * 201, "string_too_long"),
    ("name", "a\x1bb", "value_error"),
    ("name", True, "truth_in_cell"),
    ("number", date(2026, 2, 1), "date_in_cell"),
    ("addresses.visiting.house_number", datetime.fromisoformat("2026-02-01"), "date_in_cell"),
    ("bsn", date(2026, 2, 1), "date_in_cell"),
    ("number", "1,23457E+11", "digits_lost"),
    ("number", 1.23456789012e15, "digits_lost"),
    ("branch_numbers", "3,71786E+11", "digits_lost"),
    ("bank_accounts", 1e20, "digits_lost"),
    ("phone", "3,16123E+10", "digits_lost"),
    ("phone", float("nan"), "digits_lost"),
    ("bsn", "1,11222E+08", "digits_lost"),
    ("bsn", "111222334", "bsn_check"),
    ("bsn", 10000009, "bsn_check"),
    ("bsn", "1234567", "bsn_format"),
    ("bsn", "000000000", "bsn_format"),
    ("bsn", "***", "bsn_format"),
    ("rsin", "******333", "rsin_format"),
    ("kvk_number", "959908", "kvk_number_format"),
    ("kvk_number", 0, "kvk_number_format"),
    ("bank_accounts", "NL91ABNA0417164301", "iban_check"),
    ("email", "a@x.nl; b@x.nl", "several_addresses"),
    ("email", "henk", "value_error"),
    ("born_on", "12/31/1980", "date_order"),
    ("born_on", "31-02-1980", "date_unknown"),
    ("born_on", "31-12-12", "two_digit_year"),
    ("wwft.identified_on", "31-12-80", "two_digit_year"),
    ("born_on", 1980, "year_alone"),
    ("born_on", 12, "date_format"),
    ("born_on", "10121010", "date_format"),
    ("born_on", "vorig jaar", "date_format"),
    ("born_on", "31 foo 1980", "date_format"),
    ("born_on", "31-12-1780", "date_range"),
    ("born_on", True, "truth_in_cell"),
    ("fiscal_year_end", "05-06", "date_order"),
    ("fiscal_year_end", "31-11", "value_error"),
    ("legal_form", "ZZP", "unknown_choice"),
    ("legal_form", "B", "unknown_choice"),
    ("legal_form", "NV (BV)", "unknown_choice"),
    ("addresses.visiting.country", "Verweggistan", "country_unknown"),
    ("addresses.visiting.country", "N1", "value_error"),
    ("/notifications.messages", "misschien", "no_yes_or_no"),
    ("/notifications.messages", 2, "no_yes_or_no"),
    ("employees", "7,5", "no_count"),
    ("employees", 7.5, "no_count"),
    ("employees", "een paar", "no_count"),
    ("employees", -1, "greater_than_equal"),
    ("products", "Btw (31-12-2024 t/m 1-1-2024)", "order"),
    ("products", "Btw (31-31-2024 t/m 1-1-2025)", "date_unknown"),
    ("external_ids", "10023", "external_id_format"),
    ("external_ids", "afas:1; AFAS:2", "duplicate_in_cell"),
    ("extension_schemes", "IB", "extension_scheme_format"),
    ("extension_schemes", "IB 1950", "extension_scheme_format"),
    ("extension_schemes", "OZB 2024", "unknown_choice"),
    ("extension_schemes", "IB 2024; ib 2024 (1-1-2025)", "duplicate_in_cell"),
]


def kind_of(name: str) -> Any:
    return CONTACTS.by_field[name[1:]].kind if name[0] == "/" else RELATIONS.by_field[name].kind


@pytest.mark.parametrize(("name", "cell", "value", "codes"), READ)
def test_read_as(name: str, cell: Value, value: Any, codes: tuple[str, ...]) -> None:
    found, notes = kind_of(name).read(cell)
    assert (found, tuple(note.code for note in notes)) == (value, codes)
    assert type(found) is type(value)


@pytest.mark.parametrize(("name", "cell", "code"), REFUSED)
def test_refused(name: str, cell: Value, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        kind_of(name).read(cell)
    assert [note.code for note in error.value.notes] == [code]
    for note in error.value.notes:
        assert note.reason[-1] == "."
        assert note.advice[-1] == "."


def test_all_that_is_wrong_in_a_cell_is_told_at_once() -> None:
    with pytest.raises(Unreadable) as error:
        kind_of("bank_accounts").read("NL91ABNA0417164301; é; NL91ABNA0417164300")
    assert [note.code for note in error.value.notes] == ["iban_check", "iban_format"]


@pytest.mark.parametrize(
    "text",
    [
        "a" + " " * 32_000 + "b",
        "\u00a0b".join(["a" + " " * 16_000] * 2),
        "1" + " " * 32_000 + "x",
        "1." + "." * 32_000 + "x",
        "(" * 32_000,
        '"' * 32_000,
        '";' * 16_000,
        "@;" * 16_000,
        "9" * 32_000,
        "'" * 32_000,
        "#" * 32_000,
        "a; " * 10_000,
        "\n\t" * 16_000,
    ],
    ids=lambda text: text[:6],
)
def test_no_cell_costs_much(text: str) -> None:
    """What takes long in a cell takes hours in a file."""
    started = process_time()
    for column in (*RELATIONS.columns, *CONTACTS.columns):
        with suppress(Unreadable):
            column.kind.read(text)
        column.shown(text)
    assert process_time() - started < 2


@pytest.mark.parametrize(
    ("name", "item", "most"), [("lh_numbers", "123456782L01", 20), ("labels", "x", 100), ("external_ids", "a{}:x", 50)]
)
def test_no_more_than_the_api_takes(name: str, item: str, most: int) -> None:
    kind = kind_of(name)
    assert len(kind.read("; ".join(item.format(place) for place in range(most)))[0]) == most
    with pytest.raises(Unreadable) as error:
        kind.read("; ".join(item.format(place) for place in range(most + 1)))
    assert error.value.notes[0].code == "too_many"
