"""The numbers of a relation in the API's words: typed in any usual form, read masked where they hold a BSN."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

from app import identifiers
from app.schemas.base import Output, identifier
from app.schemas.examples import example

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
