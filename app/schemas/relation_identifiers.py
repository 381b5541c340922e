"""The numbers of a relation in the API's words: typed in any usual form, read masked where they hold a BSN."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app import identifiers
from app.schemas.base import Id, Input, Line, Output, identifier
from app.schemas.examples import RELATION, example

Bsn: TypeAlias = identifier(identifiers.bsn, description="burgerservicenummer; of persons and sole traders only")  # type: ignore[valid-type]
Rsin: TypeAlias = identifier(identifiers.rsin, description="RSIN; of all but persons and sole traders")  # type: ignore[valid-type]
ObNumber: TypeAlias = identifier(identifiers.ob_number, description="omzetbelastingnummer")  # type: ignore[valid-type]
VatId: TypeAlias = identifier(identifiers.vat_id, description="btw-identificatienummer")  # type: ignore[valid-type]
LhNumber: TypeAlias = identifier(identifiers.lh_number, description="loonheffingennummer")  # type: ignore[valid-type]
KvkNumber: TypeAlias = identifier(identifiers.kvk_number, description="KvK-nummer")  # type: ignore[valid-type]
Iban: TypeAlias = identifier(identifiers.iban, description="IBAN")  # type: ignore[valid-type]
BranchNumber: TypeAlias = identifier(identifiers.branch_number, description="vestigingsnummer")  # type: ignore[valid-type]


class NumbersGiven(BaseModel):
    """Fields of a relation that is made or changed; absent keeps, null clears."""

    bsn: Bsn | None = None
    rsin: Rsin | None = None
    ob_number: ObNumber | None = None
    vat_id: VatId | None = None
    lh_numbers: Annotated[list[LhNumber] | None, Field(max_length=20, description="loonheffingennummers")] = None
    kvk_number: KvkNumber | None = None
    branch_numbers: Annotated[list[BranchNumber] | None, Field(max_length=200, description="vestigingsnummers")] = None
    bank_accounts: Annotated[list[Iban] | None, Field(max_length=50, description="bankrekeningen")] = None


class NumbersRead(Output):
    """Masked where they hold a BSN: its last three digits on one relation, none in a list."""

    model_config = example(
        bsn=None,
        rsin="123456782",
        ob_number="123456782B01",
        vat_id="NL123456782B01",
        lh_numbers=["123456782L01"],
        kvk_number="69599084",
        branch_numbers=[],
        bank_accounts=["NL91ABNA0417164300"],
    )

    bsn: str | None
    rsin: str | None
    ob_number: str | None
    vat_id: str | None
    lh_numbers: list[str]
    kvk_number: str | None
    branch_numbers: list[str]
    bank_accounts: list[str]


class FieldWarning(Output):
    """Something odd about a field that stops nothing."""

    model_config = example(
        pointer="/kvk_number", code="kvk_number_zeros", detail="KvK numbers that begin with 00 are not accepted ..."
    )

    pointer: str
    code: str
    detail: str


def _no_numbers(value: str) -> str:
    if re.search(r"\d([\s.\-]?\d){7}", value):
        raise ValueError("Say why in words; a reason is kept in the history and holds no numbers of people.")
    return value


class Reveal(Input):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Aangifte inkomstenbelasting 2025"}]})

    reason: Annotated[Line, AfterValidator(_no_numbers), Field(description="kept in the history; without numbers")]


class Revealed(Output):
    """The numbers that are, or hold, a BSN, in full."""

    model_config = example(bsn="999990019", ob_number="999990019B01", vat_id="NL000099998B57", lh_numbers=[])

    bsn: str | None
    ob_number: str | None
    vat_id: str | None
    lh_numbers: list[str]


FilingType = Annotated[
    Literal[
        "income_tax", "corporation_tax", "vat", "vat_correction", "eu_sales_list", "payroll_tax",
        "provisional_assessment", "allowances", "extension", "annual_accounts", "credit_report",
    ],
    Field(
        description="soort aangifte: IB, VPB, BTW, suppletie, ICP, LH, voorlopige aanslag, toeslagen, uitstel, "
        "jaarrekening, kredietrapportage"
    ),
]  # fmt: skip


class MatchQuery(Input):
    """Which relation does a return of this type with this number belong to?"""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"filing_type": "vat", "identifier": "123456782B01"}]},
    )

    filing_type: FilingType
    identifier: Annotated[Line, Field(max_length=50, description="BSN, RSIN, OB, LH or KvK number, as the type asks")]


class NumberQuery(Input):
    """Any number that a relation may have; in a body, since a BSN never stands in an address (AZ-07)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"identifier": "999990019"}]})

    identifier: Annotated[Line, Field(max_length=50, description="BSN, RSIN, OB, VAT, LH, KvK, branch number or IBAN")]


class Match(Output):
    """Exactly one relation, or none and the reason: then a human decides."""

    model_config = example(relation_id=RELATION, matched_by="ob_number", reason=None, candidates=[])

    relation_id: Id | None
    matched_by: Annotated[str | None, Field(description="the kind of number that was compared")]
    reason: Annotated[
        Literal["none", "several", "not_for_this_type"] | None, Field(description="why there is no single relation")
    ]
    candidates: Annotated[list[Id], Field(description="with `several`: which; with `not_for_this_type`: whose number")]
