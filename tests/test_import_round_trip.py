"""What an export writes into a cell is read as the same value again, whatever stands in it."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schemas.import_cells import Masked
from app.schemas.import_columns import Catalogue, Column, cells, match, read_row
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_contacts import in_words as contact_in_words
from app.schemas.import_relations import RELATIONS
from app.schemas.import_relations import in_words as relation_in_words
from app.schemas.import_words import BTW_PERIODS, COUNTRIES, DIGESTS, LANGUAGES, LEGAL_FORMS, LH_PERIODS, STATUSES
from app.text import clean_line, clean_text

COLUMNS = {each.field: each for each in RELATIONS.columns} | {f"/{each.field}": each for each in CONTACTS.columns}

# Signs that mean something to spreadsheets, to our lists, or to both.
ODD = st.sampled_from(
    [
        "'", "''", '"', '""', ";", ",", ", ", ":", "=", "+", "-", "@", "(", ")", "\uff1d", "#N/A", "#", "1", "00", ".0",
        "100,1", "1,2E+11", "612345678", "31612345678", " ", "\u00a0", "vanaf", " (2024-01-01 t/m 2024-12-31)", "nvt",
        "(vanaf 2024-01-01)", "x", "é", "\u200d", "*", "ja", "\u0301",
    ]
)  # fmt: skip
DATES = st.dates(date(1850, 1, 1), date(2200, 12, 31))


def is_readable(clean: Any, text: str) -> bool:
    try:
        return bool(text) and clean(text) == text
    except ValueError:
        return False


def lines(size: int = 50) -> st.SearchStrategy[str]:
    whole = st.lists(ODD | st.characters(codec="utf-8"), min_size=1, max_size=8).map("".join)
    return whole.filter(lambda text: len(text) <= size and is_readable(clean_line, text))


def long_texts() -> st.SearchStrategy[str]:
    whole = st.lists(
        ODD | st.sampled_from(["\n", "\t", "\u200b"]) | st.characters(codec="utf-8"), min_size=1, max_size=20
    )
    return whole.map("".join).filter(lambda text: is_readable(clean_text, text))


def takes() -> st.SearchStrategy[dict[str, Any]]:
    whole = st.fixed_dictionaries({"name": lines(), "starts_on": st.none() | DATES, "ends_on": st.none() | DATES})
    return whole.filter(_is_in_order)


def _is_in_order(taken: dict[str, Any]) -> bool:
    return not (taken["starts_on"] and taken["ends_on"]) or taken["starts_on"] <= taken["ends_on"]


SYSTEMS = st.from_regex(r"\A[a-z0-9][a-z0-9_.-]{0,20}\Z")
SCHEMES = st.lists(
    st.fixed_dictionaries(
        {
            "tax": st.sampled_from(["income_tax", "corporation_tax"]),
            "year": st.integers(1990, 2200),
            "granted_on": st.none() | DATES,
        }
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda each: (each["tax"], each["year"]),
)
MASKS = st.sampled_from([Masked("******333"), Masked("*********")])
OF_FIELD = {
    "number": lines(),
    "/number": lines(),
    "parent_number": lines(),
    "name": lines(),
    "addresses.visiting.street": lines(),
    "addresses.postal.postcode": lines(20),
    "/salutation": lines(),
    "memo": long_texts(),
    "phone": lines(),
    "/mobile": st.sampled_from(["0612345678", "+31612345678", "612345678", "31612345678", "'0612345678"]),
    "type": st.sampled_from(["organisation", "person", "internal", "supplier"]),
    "status": st.sampled_from(list(STATUSES)),
    "legal_form": st.sampled_from(list(LEGAL_FORMS)),
    "btw_filing_period": st.sampled_from(list(BTW_PERIODS)),
    "lh_filing_period": st.sampled_from(list(LH_PERIODS)),
    "/language": st.sampled_from(list(LANGUAGES)),
    "/notifications.digest": st.sampled_from(list(DIGESTS)),
    "/notifications.messages": st.booleans(),
    "addresses.visiting.country": st.sampled_from([*COUNTRIES, "JP", "ZA"]),
    "born_on": DATES,
    "wwft.review_on": DATES,
    "fiscal_year_end": st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: f"{day:%m-%d}"),
    "employees": st.integers(0, 10_000_000),
    "bsn": MASKS | st.sampled_from(["111222333", "010000008"]),
    "ob_number": st.sampled_from(["111222333B01", Masked("******333B01")]),
    "vat_id": st.sampled_from(["NL000099998B57", Masked("NL******333B01")]),
    "lh_numbers": st.lists(
        st.sampled_from(["111222333L01", Masked("******333L02"), Masked("*********")]), min_size=1, max_size=20
    ),
    "kvk_number": st.sampled_from(["69599084", "00123456"]),
    "branch_numbers": st.lists(st.sampled_from(["000037178598", "000000000012"]), min_size=1, max_size=20),
    "bank_accounts": st.lists(st.sampled_from(["NL91ABNA0417164300", "BE68539007547034"]), min_size=1, max_size=20),
    "kind": lines(),
    "labels": st.lists(lines(), min_size=1, max_size=20),
    "products": st.lists(takes(), min_size=1, max_size=20),
    "external_ids": st.dictionaries(SYSTEMS, lines(), min_size=1, max_size=20),
    "extension_schemes": SCHEMES,
    "email": st.sampled_from(["info@x.nl", "'x@y.nl", "=x@y.nl", "'=x@y.nl", "+x@y.nl", "müller@straße.de"]),
    "website": st.sampled_from(["https://www.x.nl", "http://x.nl:8080/a?b=;"]),
    "/links.relation_number": st.lists(lines(), min_size=1, max_size=20),
    "/links.function": st.lists(lines(), min_size=1, max_size=20),
    "/links.portal_access": st.lists(st.booleans(), min_size=1, max_size=20),
}


@pytest.mark.parametrize("name", OF_FIELD)
def test_written_and_read_it_is_the_same(name: str) -> None:
    kind = COLUMNS[name].kind

    @given(OF_FIELD[name])
    def same(value: Any) -> None:
        cell = kind.write(value)
        assert kind.read(cell) == (value, ())
        if isinstance(cell, str) and cell[:1] in "=+-@\uff1d\uff0b\uff0d\uff20":  # as a CSV is made harmless
            assert kind.read(f"'{cell}") == (value, ())

    same()


def test_each_kind_is_asked() -> None:
    asked = {COLUMNS[name].kind.words for name in OF_FIELD}
    assert asked == {column.kind.words for column in COLUMNS.values()}


def again(catalogue: Catalogue, values: dict[str, Any]) -> dict[str, Any]:
    headings = match(catalogue, [column.dutch for column in catalogue.columns])
    given, findings = read_row(catalogue, headings, cells(catalogue, catalogue.columns, values))
    assert not findings
    return given


LINK: dict[str, st.SearchStrategy[Any]] = {
    "relation_number": lines(),
    "function": lines(),
    "portal_access": st.booleans(),
    "is_preferred": st.booleans(),
    "is_ubo": st.booleans(),
}


@given(st.lists(st.fixed_dictionaries(LINK), max_size=4, unique_by=lambda link: link["relation_number"].casefold()[:1]))
def test_links_of_a_contact(links: list[dict[str, Any]]) -> None:
    given = again(CONTACTS, {"surname": "Vries", "links": links})
    assert given.get("links", []) == links


def test_a_relation_as_the_api_shows_it() -> None:
    ids = {word: f"id of {word}" for word in ("100", "cliënt", "Familie", "VIP", "Btw; los")}
    shown = {
        "number": "100.1",
        "type": "person",
        "name": "Henk de Vries",
        "first_names": "Henk",
        "prefix": "de",
        "surname": "Vries",
        "born_on": date(1980, 3, 12),
        "bsn": "******019",
        "rsin": None,
        "lh_numbers": [],
        "addresses": {"visiting": {"street": "Kade", "country": "NL"}, "postal": None},
        "parent_id": ids["100"],
        "kind_id": ids["cliënt"],
        "group_id": ids["Familie"],
        "label_ids": [ids["VIP"]],
        "products": [{"product_id": ids["Btw; los"], "starts_on": date(2024, 1, 1), "ends_on": None}],
        "external_ids": {"afas": "1;2"},
        "memo": "a\nb",
        "dossier_id": "x",
    }
    said = again(RELATIONS, relation_in_words(shown, {value: word for word, value in ids.items()}))
    assert said == {
        "number": "100.1",
        "type": "person",
        "first_names": "Henk",
        "prefix": "de",
        "surname": "Vries",
        "born_on": date(1980, 3, 12),
        "bsn": Masked("******019"),
        "addresses": {"visiting": {"street": "Kade", "country": "NL"}},
        "parent_number": "100",
        "kind": "cliënt",
        "group": "Familie",
        "labels": ["VIP"],
        "products": [{"name": "Btw; los", "starts_on": date(2024, 1, 1), "ends_on": None}],
        "external_ids": {"afas": "1;2"},
        "memo": "a\nb",
    }


def test_a_contact_as_the_api_shows_it() -> None:
    asked = {"messages": True, "document_requests": False, "reminders": True, "digest": "weekly"}
    contact = {
        "number": "1",
        "email": "a@x.nl",
        "surname": "Vries",
        "phone": None,
        "notifications": asked,
        "version": 3,
    }
    told = {"function": "vennoot", "portal_access": True, "is_preferred": False, "is_ubo": True, "may_approve": ["vat"]}
    links = [{"relation": {"number": number, "name": "x"}, **told} for number in ("100", "100.1")]
    said = again(CONTACTS, contact_in_words(contact, links))
    del told["may_approve"]
    assert said == {
        "number": "1",
        "email": "a@x.nl",
        "surname": "Vries",
        "notifications": asked,
        "links": [{"relation_number": number, **told} for number in ("100", "100.1")],
    }


def test_columns_are_written_in_any_order() -> None:
    wanted: list[Column] = [COLUMNS["name"], COLUMNS["number"]]
    assert cells(RELATIONS, wanted, {"number": "100", "name": "'t Hoen"}) == ["'t Hoen", "100"]
