"""The columns of import files: which there are, what their headings mean, what a row gives, what is said of it."""

from typing import Any

import pytest
from pydantic import BaseModel

from app.schemas.contact_links import ContactLinkPut
from app.schemas.contacts import ContactCreate, NotificationsGiven
from app.schemas.import_columns import Catalogue, match, read_row
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS, RESOLVED
from app.schemas.relation_details import Address, Addresses, Wwft
from app.schemas.relations import RelationCreate
from app.sheets.reading import Broken, Value, heading_key
from tests.factories.imports import read

BOTH = pytest.mark.parametrize("catalogue", [RELATIONS, CONTACTS], ids=lambda each: each.sheet)


BSN = "111222333"


@BOTH
def test_each_heading_means_one_column(catalogue: Catalogue) -> None:
    columns = (*catalogue.columns, *catalogue.also)
    keys = [{heading_key(heading) for heading in column.headings} for column in columns]
    assert sum(len(each) for each in keys) == len(set.union(*keys)) == len(catalogue.known)
    assert "" not in catalogue.known


@BOTH
def test_each_column_is_explained(catalogue: Catalogue) -> None:
    for column in catalogue.columns:
        assert column.explanation.endswith("."), column.field
        value, notes = column.kind.read(column.example)
        assert value is not None, column.field
        assert not notes, column.field


def fields_of(model: type[BaseModel], within: str = "") -> set[str]:
    return {f"{within}{name}" for name in model.model_fields}


def test_a_file_can_say_all_that_a_relation_is_made_of() -> None:
    whole = fields_of(RelationCreate) - {"addresses", "wwft"} | fields_of(Wwft, "wwft.")
    whole |= {field for kind in Addresses.model_fields for field in fields_of(Address, f"addresses.{kind}.")}
    assert {RESOLVED.get(column.field, column.field) for column in RELATIONS.columns} == whole


def test_a_file_can_say_all_that_a_contact_is_made_of() -> None:
    links = {column.field for column in CONTACTS.columns if column.field.startswith("links.")}
    whole = fields_of(ContactCreate) - {"notifications"} | fields_of(NotificationsGiven, "notifications.")
    assert {column.field for column in CONTACTS.columns} == whole | links
    assert links - {"links.relation_number"} <= fields_of(ContactLinkPut, "links.")


@pytest.mark.parametrize(
    ("catalogue", "heading", "field"),
    [
        (RELATIONS, "Relatienummer", "number"),
        (RELATIONS, " RELATIENR. ", "number"),
        (RELATIONS, "Klantnummer", "number"),
        (RELATIONS, "debiteur-nummer", "number"),
        (RELATIONS, "Naam bedrijf", "name"),
        (RELATIONS, "Relation number", "number"),
        (RELATIONS, "legal_form", "legal_form"),
        (RELATIONS, "Legal form", "legal_form"),
        (RELATIONS, "BTW-nummer", "vat_id"),
        (RELATIONS, "Omzetbelastingnummer", "ob_number"),
        (RELATIONS, "Woonplaats", "addresses.visiting.city"),
        (RELATIONS, "Postadres postcode", "addresses.postal.postcode"),
        (RELATIONS, "Correspondentieadres plaats", "addresses.postal.city"),
        (RELATIONS, "addresses.invoice.house_number", "addresses.invoice.house_number"),
        (RELATIONS, "Geidentificeerd op", "wwft.identified_on"),
        (RELATIONS, "Filing period BTW", "btw_filing_period"),
        (RELATIONS, "Postcode (bezoekadres)", "addresses.visiting.postcode"),
        (RELATIONS, "Nr.", None),
        (CONTACTS, "Relatienummer", "links.relation_number"),
        (CONTACTS, "Contactnr", "number"),
        (CONTACTS, "E-mailadres", "email"),
        (CONTACTS, "Mobile phone", "mobile"),
    ],
)
def test_headings(catalogue: Catalogue, heading: str, field: str | None) -> None:
    assert [column.field for column in match(catalogue, [heading]).columns] == ([field] if field else [])


def test_unknown_headings_are_told_and_kept_out() -> None:
    headings = match(RELATIONS, ["Kleur", "", "Naam", " ", "Relatienummer"])
    assert headings.unknown == ("Kleur",)
    assert read_row(RELATIONS, headings, ["rood", "x", "De Vries", "y", "100"])[0] == {
        "name": "De Vries",
        "number": "100",
    }


def test_of_doubled_headings_none_is_read() -> None:
    headings = match(RELATIONS, ["Klantnummer", "Naam", "Relatienummer", "naam"])
    assert headings.doubled == (("Klantnummer", "Relatienummer"), ("Naam", "naam"))
    assert headings.columns == ()


def test_a_row_gives_the_body_of_the_api() -> None:
    given, findings = read(
        RELATIONS, number="100", type="organisatie", name="De Vries Fietsen VOF", legal_form="V.O.F.", rsin=123456782,
        street="Kerkstraat", city="Amsterdam", risk="laag", employees=7.0, memo="", external_ids="afas:1",
    )  # fmt: skip
    assert given == {
        "number": "100",
        "type": "organisation",
        "name": "De Vries Fietsen VOF",
        "legal_form": "vof",
        "rsin": "123456782",
        "addresses": {"visiting": {"street": "Kerkstraat", "city": "Amsterdam"}},
        "wwft": {"risk": "low"},
        "employees": 7,
        "external_ids": {"afas": "1"},
    }
    assert RelationCreate.model_validate(given).given() == given
    assert [(each.column.field, each.code, each.is_error) for each in findings] == [("rsin", "number_in_cell", False)]


@pytest.mark.parametrize(
    ("cells", "given"),
    [
        ({"type": "persoon"}, {"bsn": BSN}),
        ({"type": "organisatie", "legal_form": "eenmanszaak"}, {"bsn": BSN}),
        ({"type": "organisatie", "legal_form": "bv"}, {"rsin": BSN}),
        ({"type": "organisatie", "legal_form": "bv", "rsin": BSN}, {"rsin": BSN}),
    ],
)
def test_one_column_for_bsn_and_rsin(cells: dict[str, Value], given: dict[str, Any]) -> None:
    found, findings = read(RELATIONS, bsn_or_rsin=BSN, **cells)
    assert {field: found.get(field) for field in ("bsn", "rsin")} == {"bsn": None, "rsin": None} | given
    assert "bsn_or_rsin" not in found
    assert not findings


@pytest.mark.parametrize(
    ("cells", "code"), [({}, "type_needed"), ({"type": "organisatie", "rsin": "123456782"}, "two_numbers")]
)
def test_a_number_that_may_be_either(cells: dict[str, Value], code: str) -> None:
    found, findings = read(RELATIONS, bsn_or_rsin=BSN, **cells)
    assert "bsn" not in found
    assert [(each.column.field, each.code, each.is_error, each.value) for each in findings] == [
        ("bsn_or_rsin", code, True, "******333")
    ]


def test_a_name_beside_the_parts_of_a_persons_name() -> None:
    given, findings = read(RELATIONS, type="persoon", name="Henk de Vries", surname="Vries")
    assert given == {"type": "person", "surname": "Vries"}
    assert [(each.column.field, each.code, each.is_error) for each in findings] == [("name", "name_of_person", False)]
    given, findings = read(RELATIONS, type="persoon", name="Henk de Vries")
    assert (given, findings) == ({"type": "person", "name": "Henk de Vries"}, [])


def test_of_a_person_the_legal_form_says_nothing_new() -> None:
    given, findings = read(RELATIONS, type="persoon", legal_form="Natuurlijk persoon", surname="Vries")
    assert (given, findings) == ({"type": "person", "surname": "Vries"}, [])
    assert read(RELATIONS, type="organisatie", legal_form="Particulier")[0]["legal_form"] == "natural_person"


def test_a_short_row_ends_early() -> None:
    headings = match(RELATIONS, ["Relatienummer", "Naam"])
    assert read_row(RELATIONS, headings, ["100"]) == ({"number": "100"}, [])


def test_what_can_not_be_read_is_told_and_not_given() -> None:
    given, findings = read(RELATIONS, number="100", postcode="1012 AB", review_on="ooit", kvk_number=Broken("#N/A"))
    assert given == {"number": "100", "addresses": {"visiting": {"postcode": "1012 AB"}}}
    assert [(each.column.field, each.code, each.is_error, each.value) for each in findings] == [
        ("wwft.review_on", "date_format", True, "ooit"),
        ("kvk_number", "cell_error", True, "#N/A"),
    ]


@pytest.mark.parametrize(
    ("cells", "links"),
    [
        ({"relation_number": "100; 100.1"}, [{"relation_number": "100"}, {"relation_number": "100.1"}]),
        (
            {"relation_number": "100; 100.1", "function": "vennoot", "portal_access": "ja; nee"},
            [
                {"relation_number": "100", "function": "vennoot", "portal_access": True},
                {"relation_number": "100.1", "function": "vennoot", "portal_access": False},
            ],
        ),
        ({}, None),
    ],
)
def test_links(cells: dict[str, Value], links: Any) -> None:
    given, findings = read(CONTACTS, surname="Vries", **cells)
    assert given.get("links") == links
    assert not findings


@pytest.mark.parametrize(
    ("cells", "name", "code"),
    [
        ({"relation_number": "100; 100.1; 3", "function": "a; b"}, "links.function", "link_counts_differ"),
        ({"relation_number": "A1; a1"}, "links.relation_number", "duplicate_in_cell"),
        ({"function": "vennoot"}, "links.function", "link_without_relation"),
        ({"portal_access": "ja; nee"}, "links.portal_access", "link_without_relation"),
    ],
)
def test_links_that_do_not_fit(cells: dict[str, Value], name: str, code: str) -> None:
    given, findings = read(CONTACTS, surname="Vries", **cells)
    assert given == {"surname": "Vries"}
    assert [(each.column.field, each.code, each.is_error) for each in findings] == [(name, code, True)]
