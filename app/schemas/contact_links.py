from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from app.errors import invalid
from app.filings import FILING_TYPES, in_order
from app.listing import ListQuery
from app.schemas.base import Bool, Date, Id, Input, Line, Moment, Output, absent
from app.schemas.examples import CONTACT, MADE_AND_CHANGED, RELATION, example, shown_of
from app.schemas.relation_identifiers import FilingType

Preferred = Annotated[
    Bool,
    Field(description="voorkeur contact: the default addressee of this relation; it has one, and who is it now is not"),
]
Ubo = Annotated[Bool, Field(description="UBO (uiteindelijk belanghebbende) of the relation")]


def _subjects(description: str) -> Any:
    limit = Field(max_length=len(FILING_TYPES), description=description)
    return Annotated[list[FilingType], limit, AfterValidator(in_order)]


PreferredFor: TypeAlias = _subjects(  # type: ignore[valid-type]
    "voorkeur contact per onderwerp: the default addressee of these filings (aangiften); a filing type has one in a "
    "relation, so who has it now loses it"
)
MayApprove: TypeAlias = _subjects("tekenbevoegd: may approve and sign these filings (aangiften)")  # type: ignore[valid-type]


class ContactLinkPut(Input):
    """How a contact belongs to a relation (koppeling)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"portal_access": True}]})

    function: Annotated[Line, Field(description="functie; describes, never authorises")] = "gevolmachtigde"
    portal_access: Annotated[Bool, Field(description="may this contact open this relation's dossier")] = False
    is_preferred: Preferred = False
    preferred_for: PreferredFor = []
    may_approve: MayApprove = []
    is_ubo: Ubo = False
    valid_from: Date | None = None
    valid_until: Annotated[Date | None, Field(description="the last day; access ends with it")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise invalid("/valid_until", "order", "valid_until can not be before valid_from.")
        return self


class ContactLinkUpdate(Input):
    model_config = ConfigDict(json_schema_extra={"examples": [{"portal_access": False}]})

    function: Line = absent()
    portal_access: Bool = absent()
    is_preferred: Preferred = absent()
    preferred_for: PreferredFor = absent()
    may_approve: MayApprove = absent()
    is_ubo: Ubo = absent()
    valid_from: Date | None = None
    valid_until: Date | None = None


class LinkedContact(Output):
    model_config = example(id=CONTACT, number="100.1", name="Henk de Vries", email="henk@devriesfietsen.example")

    id: Id
    number: str
    name: str
    email: str


class LinkedRelation(Output):
    model_config = example(id=RELATION, number="100", name="De Vries Fietsen VOF", type="organisation")

    id: Id
    number: str
    name: str
    type: str


class ContactLinkRead(Output):
    """The link with both its ends."""

    model_config = example(
        relation=shown_of(LinkedRelation),
        contact=shown_of(LinkedContact),
        function="vennoot",
        portal_access=True,
        is_preferred=True,
        preferred_for=["vat", "annual_accounts"],
        may_approve=["vat"],
        is_ubo=True,
        valid_from="2026-01-01",
        valid_until=None,
        **MADE_AND_CHANGED,
    )

    relation: LinkedRelation
    contact: LinkedContact
    function: str
    portal_access: bool
    is_preferred: bool
    preferred_for: list[FilingType]
    may_approve: list[FilingType]
    is_ubo: bool
    valid_from: Date | None
    valid_until: Date | None
    created_at: Moment
    updated_at: Moment
    version: int


class ContactLinkQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
