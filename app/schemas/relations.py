from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import FieldError, all_invalid
from app.listing import ListQuery
from app.schemas.base import (
    Date,
    Email,
    Id,
    Input,
    Int,
    Line,
    LongText,
    Moment,
    Number,
    OptionalLine,
    Output,
    QueryBool,
    Search,
    absent,
)
from app.schemas.examples import DOSSIER, MADE_AND_CHANGED, RELATION, example
from app.schemas.relation_completeness import Gap
from app.schemas.relation_details import DetailsGiven, DetailsRead, FiscalYearEnd
from app.schemas.relation_identifiers import FieldWarning, NumbersGiven, NumbersRead

RelationType = Literal["organisation", "person", "internal", "supplier"]
RelationStatus = Literal["prospect", "active", "inactive", "left"]
LegalForm = Annotated[
    Literal[
        "natural_person", "sole_trader", "vof", "maatschap", "cv", "bv", "nv", "foundation", "association",
        "owners_association", "cooperative", "mutual_insurer", "church_body", "other_private_body", "public_body",
        "foreign", "shipping_partnership", "eeig", "se", "sce",
    ],
    Field(description="rechtsvorm; sole_trader = eenmanszaak, foundation = stichting, association = vereniging"),
]  # fmt: skip

Employees = Annotated[Int, Field(ge=0, le=10_000_000, description="aantal werknemers")]

NAME_PARTS = ("initials", "first_names", "prefix", "surname")
# What only persons have, and what only the others have (domain.md 3.1).
PERSON_FIELDS = (*NAME_PARTS, "born_on")
ORGANISATION_FIELDS = ("name", "legal_form", "employees", "fiscal_year_end")


def check_type_fields(relation_type: str, values: Mapping[str, Any]) -> None:
    """Which fields apply depends on the type (domain.md 3.1); the problem points at all that do not fit."""
    is_person = relation_type == "person"
    needed = ("surname",) if is_person else ("name", "legal_form")
    foreign = ORGANISATION_FIELDS if is_person else PERSON_FIELDS
    wrong = [
        (field, f"A relation of type {relation_type} needs a {field}.") for field in needed if not values.get(field)
    ]
    wrong += [(field, f"A relation of type {relation_type} has no {field}.") for field in foreign if values.get(field)]
    if not is_person and values.get("legal_form") == "natural_person":
        wrong.append(("legal_form", "A natural person is a relation of type person."))
    if wrong:
        raise all_invalid([FieldError(f"/{field}", "type_fields", detail) for field, detail in wrong])


class RelationCreate(DetailsGiven, NumbersGiven, Input):
    """A client of the office (relatie). It gets its dossier at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": "100",
                    "type": "organisation",
                    "name": "De Vries Fietsen VOF",
                    "legal_form": "vof",
                },
                {
                    "number": "100.1",
                    "type": "person",
                    "first_names": "Henk",
                    "prefix": "de",
                    "surname": "Vries",
                },
            ]
        }
    )

    number: Annotated[
        Number | None,
        Field(
            description="relatienummer; text, unique in the office without regard to case. Without one the relation "
            "gets the next number, or the parent's with the next `.1`, `.2`, …"
        ),
    ] = None
    type: RelationType
    status: RelationStatus = "active"
    name: Annotated[Line | None, Field(description="naam; of all but persons")] = None
    initials: Annotated[OptionalLine | None, Field(description="voorletters")] = None
    first_names: Annotated[OptionalLine | None, Field(description="voornamen")] = None
    prefix: Annotated[OptionalLine | None, Field(description="tussenvoegsel")] = None
    surname: Annotated[Line | None, Field(description="achternaam; of persons")] = None
    born_on: Annotated[Date | None, Field(description="geboortedatum; of persons")] = None
    legal_form: LegalForm | None = None
    employees: Employees | None = None
    fiscal_year_end: Annotated[FiscalYearEnd | None, Field(description="einde boekjaar: MM-DD; 12-31 unless said")] = (
        None
    )
    email: Email | None = None
    phone: OptionalLine | None = None
    memo: Annotated[LongText | None, Field(description="never shown to clients")] = None
    parent_id: Annotated[Id | None, Field(description="hoofdrelatie; for the family view, gives no access")] = None

    @model_validator(mode="after")
    def _fits_type(self) -> Self:
        check_type_fields(self.type, self.model_dump())
        return self


class RelationUpdate(DetailsGiven, NumbersGiven, Input):
    """Merge patch: absent keeps, null clears. The type stays; `POST /relations/{id}/change-type` changes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "De Vries Fietsen en Zonen VOF", "memo": None}]})

    number: Number = absent()
    status: RelationStatus = absent()
    name: Line | None = None
    initials: OptionalLine | None = None
    first_names: OptionalLine | None = None
    prefix: OptionalLine | None = None
    surname: Line | None = None
    born_on: Date | None = None
    legal_form: LegalForm | None = None
    employees: Employees | None = None
    fiscal_year_end: FiscalYearEnd | None = None
    email: Email | None = None
    phone: OptionalLine | None = None
    memo: LongText | None = None
    parent_id: Id | None = None


class RelationRead(Output):
    """A relation as its own contacts see it."""

    model_config = example(
        id=RELATION, number="100", type="organisation", name="De Vries Fietsen VOF", dossier_id=DOSSIER
    )

    id: Id
    number: str
    type: RelationType
    name: str
    dossier_id: Id


class RelationStaffRead(DetailsRead, NumbersRead, RelationRead):
    """A relation as the office sees it."""

    model_config = example(
        RelationRead,
        NumbersRead,
        DetailsRead,
        status="active",
        initials=None,
        first_names=None,
        prefix=None,
        surname=None,
        born_on=None,
        legal_form="vof",
        employees=7,
        fiscal_year_end="12-31",
        email="info@devriesfietsen.example",
        phone="020 555 01 00",
        phone_e164="+31205550100",
        memo=None,
        parent_id=None,
        archived_at=None,
        created_by="Anna Jansen",
        updated_by=None,
        **MADE_AND_CHANGED,
    )

    status: RelationStatus
    initials: str | None
    first_names: str | None
    prefix: str | None
    surname: str | None
    born_on: Date | None
    legal_form: LegalForm | None
    employees: int | None
    fiscal_year_end: str | None
    email: str | None
    phone: str | None
    phone_e164: str | None
    memo: str | None
    parent_id: Id | None
    archived_at: Moment | None
    created_by: str | None
    updated_by: str | None
    created_at: Moment
    updated_at: Moment
    version: int


class RelationDetail(RelationStaffRead):
    """One relation, with what is odd about it."""

    model_config = example(RelationStaffRead, warnings=[])

    warnings: Annotated[list[FieldWarning], Field(description="waarschuwingen; they stop nothing")]


class TypeChange(Input):
    """Another type, with what a relation of that type needs. What the new type does not have is cleared."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "organisation", "name": "Fietsen De Vries", "legal_form": "sole_trader"}]
        }
    )

    type: RelationType
    name: Line | None = None
    initials: OptionalLine | None = None
    first_names: OptionalLine | None = None
    prefix: OptionalLine | None = None
    surname: Line | None = None
    legal_form: LegalForm | None = None


class RelationFilters(BaseModel):
    """Which relations: of a list, or of an export."""

    model_config = ConfigDict(extra="forbid")

    type: RelationType | None = None
    status: RelationStatus | None = None
    legal_form: LegalForm | None = None
    kind_id: Annotated[Id | None, Field(description="relatiesoort")] = None
    group_id: Annotated[Id | None, Field(description="relatiegroep")] = None
    parent_id: Annotated[Id | None, Field(description="hoofdrelatie")] = None
    label_id: Annotated[Id | None, Field(description="only relations with this label")] = None
    product_id: Annotated[Id | None, Field(description="only relations that take this product today")] = None
    team_member_id: Annotated[Id | None, Field(description="only relations on which he has a role of his own")] = None
    missing: Annotated[Gap | None, Field(description="only relations in which this is missing (volledigheid)")] = None
    archived: Annotated[QueryBool, Field(description="true: the archived ones instead")] = False


class RelationQuery(RelationFilters, ListQuery):
    sort: Literal["number", "-number", "name", "-name", "updated_at", "-updated_at"] = "number"
    q: Annotated[
        Search | None,
        Field(
            description="words of the number, the names or the e-mail address, or a whole RSIN, KvK number, branch "
            "number or IBAN; names that are nearly so where that finds nothing"
        ),
    ] = None
    external_id: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z0-9][a-z0-9_.-]{0,49}:.", max_length=251, description="`package:id`, such as `afas:10023`"
        ),
    ] = None
