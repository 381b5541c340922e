"""What the office keeps of a relation beside its name and numbers (domain.md 3.1)."""

import re
from contextlib import suppress
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.errors import invalid
from app.schemas.base import Date, Id, Input, Int, Line, OptionalLine, Output
from app.schemas.examples import LABEL, PRODUCT, example, shown_of

LhPeriod = Literal["month", "four_weeks", "half_year", "year", "none"]
BtwPeriod = Literal["month", "quarter", "year", "none"]
IcpPeriod = Literal["month", "quarter", "year", "none"]
BsnPurpose = Annotated[
    Literal["tax_returns", "payroll", "allowances"],
    Field(description="doel: for which task of the law the BSN is kept (UAVG 46); `tax_returns` unless said"),
]


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value, re.ASCII):
        raise ValueError("Give the country's two letters (ISO 3166-1), such as NL.")
    return value.upper()


def _day_of_year(value: str) -> str:
    with suppress(ValueError):
        if re.fullmatch(r"\d\d-\d\d", value, re.ASCII) and date.fromisoformat(f"2000-{value}"):
            return value
    raise ValueError("Give month and day as MM-DD, such as 12-31.")


def _website(value: str) -> str:
    found = value if "://" in value else f"https://{value}"
    if not re.fullmatch(r"https?://[^\s/?#@:]+\.[^\s/?#@:]+(:\d{1,5})?([/?#]\S*)?", found, re.ASCII | re.IGNORECASE):
        raise ValueError("Give a web address such as https://www.devriesfietsen.example.")
    return found


Country = Annotated[
    str, Field(description="land: ISO 3166-1, two letters; null: NL", max_length=10), AfterValidator(_country)
]
FiscalYearEnd = Annotated[
    str,
    Field(max_length=5, description="einde boekjaar: its last day as MM-DD; 02-29: the last of February"),
    AfterValidator(_day_of_year),
]
Website = Annotated[Line, AfterValidator(_website)]
System = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,49}$", description="the other package, such as `afas`")]
ExternalId = Annotated[Line, Field(description="what that package calls this relation")]


class Address(Input):
    """An address (adres). A Dutch postcode is brought into its form; one that is none is warned of."""

    model_config = example(street="Kerkstraat", house_number="12", addition="a", postcode="1012 AB", city="Amsterdam")

    street: Annotated[OptionalLine | None, Field(description="straat, or a post-office box")] = None
    house_number: Annotated[OptionalLine | None, Field(description="huisnummer", max_length=20)] = None
    addition: Annotated[OptionalLine | None, Field(description="toevoeging", max_length=20)] = None
    postcode: Annotated[OptionalLine | None, Field(description="postcode", max_length=20)] = None
    city: Annotated[OptionalLine | None, Field(description="plaats")] = None
    country: Country | None = "NL"


class Addresses(Input):
    """Merge patch: absent keeps, null clears, in each address too."""

    model_config = example(visiting=shown_of(Address))

    visiting: Annotated[Address | None, Field(description="bezoekadres")] = None
    postal: Annotated[Address | None, Field(description="postadres")] = None
    invoice: Annotated[Address | None, Field(description="factuuradres")] = None


class ExtensionScheme(Input):
    """This tax and year is in the adviser's extension scheme (uitstelregeling)."""

    model_config = example(tax="income_tax", year=2025, granted_on="2026-03-02")

    tax: Literal["income_tax", "corporation_tax"]
    year: Annotated[Int, Field(ge=1990, le=2200)]
    granted_on: Date | None = None


class Wwft(Input):
    """The client due diligence (Wwft) in short. Never shown to clients. UBOs stand with the links of contacts."""

    model_config = example(identified_on="2026-01-12", risk="normal", review_on="2029-01-12")

    identified_on: Annotated[Date | None, Field(description="geïdentificeerd op")] = None
    risk: Annotated[Literal["low", "normal", "high"] | None, Field(description="risico")] = None
    review_on: Annotated[Date | None, Field(description="to be looked at again before the end of this day")] = None


class TakenProduct(Input):
    """A product that the relation takes; the same one again only after it ended."""

    model_config = example(product_id=PRODUCT, starts_on="2026-01-01", ends_on=None) | {"from_attributes": True}

    product_id: Id
    starts_on: Annotated[Date | None, Field(description="the first day; null: from the beginning")] = None
    ends_on: Annotated[Date | None, Field(description="the last day; null: no end")] = None


def _each_once(schemes: list[ExtensionScheme] | None) -> list[ExtensionScheme] | None:
    seen: set[tuple[str, int]] = set()
    for place, scheme in enumerate(schemes or []):
        if (scheme.tax, scheme.year) in seen:
            raise invalid(f"/extension_schemes/{place}", "duplicate", "Give each tax and year once.")
        seen.add((scheme.tax, scheme.year))
    return schemes


class DetailsGiven(BaseModel):
    """Fields of a relation that is made or changed; absent keeps, null clears."""

    website: Website | None = None
    addresses: Annotated[Addresses | None, Field(description="adressen")] = None
    lh_filing_period: Annotated[LhPeriod | None, Field(description="aangiftetijdvak loonheffingen")] = None
    btw_filing_period: Annotated[BtwPeriod | None, Field(description="aangiftetijdvak btw")] = None
    icp_filing_period: Annotated[IcpPeriod | None, Field(description="tijdvak opgaaf ICP")] = None
    extension_schemes: Annotated[
        list[ExtensionScheme] | None,
        Field(max_length=50, description="uitstelregelingen; each tax and year once"),
        AfterValidator(_each_once),
    ] = None
    bsn_purpose: BsnPurpose | None = None
    wwft: Wwft | None = None
    kind_id: Annotated[Id | None, Field(description="relatiesoort")] = None
    group_id: Annotated[Id | None, Field(description="relatiegroep")] = None
    label_ids: Annotated[list[Id] | None, Field(max_length=100, description="labels")] = None
    products: Annotated[list[TakenProduct] | None, Field(max_length=200, description="producten")] = None
    external_ids: Annotated[
        dict[System, ExternalId | None] | None,
        Field(max_length=50, description="koppelingen: what other packages call it, by package"),
    ] = None


class DetailsRead(Output):
    model_config = example(
        website="https://www.devriesfietsen.example",
        addresses=shown_of(Addresses),
        lh_filing_period="month",
        btw_filing_period="quarter",
        icp_filing_period="none",
        extension_schemes=[],
        bsn_purpose=None,
        wwft=shown_of(Wwft),
        kind_id=None,
        group_id=None,
        label_ids=[LABEL],
        products=[shown_of(TakenProduct)],
        external_ids={"afas": "10023"},
    )

    website: str | None
    addresses: Addresses
    lh_filing_period: LhPeriod | None
    btw_filing_period: BtwPeriod | None
    icp_filing_period: IcpPeriod | None
    extension_schemes: list[ExtensionScheme]
    bsn_purpose: BsnPurpose | None
    wwft: Wwft
    kind_id: Id | None
    group_id: Id | None
    label_ids: list[Id]
    products: list[TakenProduct]
    external_ids: dict[str, str]
