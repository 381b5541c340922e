"""What the sample files of an import say: the worked example of domain rule 35, and how importing works, in Dutch.

The numbers are of nobody: of the ranges that are kept for tests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.filings import FILING_TYPES
from app.schemas.import_columns import Catalogue, Column
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS

Form = Literal["xlsx", "csv"]
MEDIA_TYPES: dict[Form, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
EXPLAINED = ("Kolom", "Wat erin staat", "Verplicht", "Voor wie", "Hoe het wordt ingevuld", "Keuzes", "Voorbeeld")
WIDTHS = (28, 48, 22, 28, 40, 60, 32)
MOST_NAMED = 100  # of the office's own names, in the explanation

HOW_TO = (
    "Zo werkt importeren",
    "Vul het blad {sheet} in, met één regel per {row}. De voorbeeldregels zijn verzonnen: verwijder ze.",
    "Kolommen mogen in elke volgorde staan en weggelaten worden, met Nederlandse of Engelse namen.",
    "Kolommen met een andere naam worden gemeld en overgeslagen.",
    "Na het uploaden ziet u per regel wat er zou gebeuren; er verandert pas iets als u dat bevestigt.",
    "Ook daarna is een import als geheel terug te draaien.",
    "Nummers zijn tekst: in een cel met de opmaak Tekst blijven nullen staan, en zijn 100.1 en 100.10 twee nummers.",
    "Waar meer dan één waarde mag staan, zet u er ; tussen. Een waarde met een ; erin zet u tussen aanhalingstekens.",
    "Sterretjes in een nummer (******333) betekenen: zoals het is.",
)

_ADDRESS = {"street": "Kerkstraat", "house_number": "12", "postcode": "1012 AB", "city": "Amsterdam", "country": "NL"}
_HOME = {"street": "Fietspad", "house_number": "3", "addition": "a", "postcode": "1013 AA", "city": "Amsterdam"}
# Products by the return that they lead to: what they are called, the office says.
_RELATION_ROWS: tuple[dict[str, Any], ...] = (
    {
        "number": "100",
        "type": "organisation",
        "name": "De Vries Fietsen VOF",
        "legal_form": "vof",
        "rsin": "999990044",
        "ob_number": "999990044B01",
        "vat_id": "NL999990044B01",
        "lh_numbers": ["999990044L01"],
        "kvk_number": "69599084",
        "branch_numbers": ["000037178598"],
        "bank_accounts": ["NL91ABNA0417164300"],
        "btw_filing_period": "quarter",
        "icp_filing_period": "none",
        "lh_filing_period": "month",
        "products": ["vat", "payroll_tax", "annual_accounts"],
        "fiscal_year_end": "12-31",
        "status": "active",
        "email": "info@devriesfietsen.example",
        "phone": "020 555 01 00",
        "website": "https://www.devriesfietsen.example",
        "addresses": {"visiting": _ADDRESS},
        "employees": 7,
        "external_ids": {"afas": "10023"},
        "wwft": {"identified_on": date(2026, 1, 12), "risk": "normal", "review_on": date(2029, 1, 12)},
    },
    {
        "number": "100.1",
        "type": "person",
        "first_names": "Henk",
        "initials": "H.",
        "prefix": "de",
        "surname": "Vries",
        "born_on": date(1980, 3, 12),
        "parent_number": "100",
        "bsn": "999990019",
        "products": ["income_tax"],
        "bsn_purpose": "tax_returns",
        "status": "active",
        "email": "henk@devriesfietsen.example",
        "phone": "06 12345678",
        "addresses": {"visiting": _HOME},
    },
    {
        "number": "100.2",
        "type": "person",
        "first_names": "Jan",
        "initials": "J.",
        "surname": "Lammers",
        "born_on": date(1975, 11, 30),
        "parent_number": "100",
        "bsn": "999990032",
        "products": ["income_tax"],
        "bsn_purpose": "tax_returns",
        "status": "active",
        "email": "jan@devriesfietsen.example",
    },
)
_CONTACT_ROWS: tuple[dict[str, Any], ...] = tuple(
    {
        "number": number,
        "email": email,
        **names,
        "salutation": salutation,
        "language": "nl",
        "links": [
            {"relation_number": "100", "function": "vennoot", "portal_access": True, "is_ubo": True},
            {"relation_number": number, "function": "gevolmachtigde", "portal_access": True, "is_ubo": False},
        ],
    }
    for number, email, salutation, names in (
        ("100.1", "henk@devriesfietsen.example", "Geachte heer De Vries",
         {"first_names": "Henk", "initials": "H.", "prefix": "de", "surname": "Vries", "mobile": "06 12345678"}),
        ("100.2", "jan@devriesfietsen.example", "Geachte heer Lammers",
         {"first_names": "Jan", "initials": "J.", "surname": "Lammers"}),
    )
)  # fmt: skip


@dataclass(frozen=True)
class ImportTemplate:
    """One of the two sample files; ``row``: what each of its rows is."""

    name: str
    row: str
    catalogue: Catalogue
    examples: tuple[dict[str, Any], ...]


TEMPLATES = {
    "relations": ImportTemplate("relaties", "relatie", RELATIONS, _RELATION_ROWS),
    "contacts": ImportTemplate("contacten", "contact", CONTACTS, _CONTACT_ROWS),
}
assert {each for row in _RELATION_ROWS for each in row["products"]} <= set(FILING_TYPES)


@dataclass(frozen=True)
class OfficeWords:
    """The office's own names: what each of its lists offers, and what it calls a product that leads to a return."""

    names: Mapping[str, Sequence[str]]
    products: Mapping[str, str]


def examples(template: ImportTemplate, words: OfficeWords) -> list[dict[str, Any]]:
    """The rows of the example, with products as far as the office has them."""
    products = words.products
    rows = []
    for row in template.examples:
        taken = [products[filing_type] for filing_type in row.get("products", ()) if filing_type in products]
        rows.append(row | {"products": [{"name": name, "starts_on": None, "ends_on": None} for name in taken]})
    return rows


def choices_of(column: Column, words: OfficeWords) -> Sequence[str]:
    """What may be chosen in a column: of a closed list, or of the office's own."""
    return words.names.get(column.kind.office_list or "", column.kind.choices)


def explanation(template: ImportTemplate, words: OfficeWords) -> Iterable[Sequence[str]]:
    """The lines of the explanation sheet: how importing works, then each column."""
    for line in HOW_TO:
        yield (line.format(sheet=template.catalogue.sheet, row=template.row),)
    yield ("",)
    yield EXPLAINED
    for column in template.catalogue.columns:
        choices = [*choices_of(column, words)]
        shown = "; ".join(choices[:MOST_NAMED]) + ("; …" if len(choices) > MOST_NAMED else "")
        kind = column.kind.words
        yield (column.dutch, column.explanation, column.needed, column.only, kind, shown[:30_000], column.example)
