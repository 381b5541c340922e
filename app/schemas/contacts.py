from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Email, Id, Input, Line, Moment, Number, OptionalLine, Output, Search, absent
from app.schemas.examples import CONTACT, LATER, MADE_AND_CHANGED, example

LoginStatus = Literal["none", "invited", "active", "blocked"]
Language = Literal["nl", "en"]


class ContactCreate(Input):
    """A human the office talks to (contact); one e-mail address, one contact, one login."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": "C1",
                    "email": "henk@devriesfietsen.example",
                    "first_names": "Henk",
                    "prefix": "de",
                    "surname": "Vries",
                }
            ]
        }
    )

    number: Annotated[Number, Field(description="contactnummer; unique among contacts, may equal a relation number")]
    email: Annotated[Email, Field(description="unique in the office without regard to case")]
    surname: Annotated[Line, Field(description="achternaam")]
    initials: Annotated[OptionalLine | None, Field(description="voorletters")] = None
    first_names: Annotated[OptionalLine | None, Field(description="voornamen")] = None
    prefix: Annotated[OptionalLine | None, Field(description="tussenvoegsel")] = None
    phone: OptionalLine | None = None
    language: Language = "nl"


class ContactUpdate(Input):
    """Merge patch. `login_status` takes `blocked`, and `none` to lift it: then invite again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "+31 20 123 4567"}]})

    number: Number = absent()
    email: Email = absent()
    surname: Line = absent()
    initials: OptionalLine | None = None
    first_names: OptionalLine | None = None
    prefix: OptionalLine | None = None
    phone: OptionalLine | None = None
    language: Language = absent()
    login_status: Literal["blocked", "none"] = absent()


class ContactRead(Output):
    model_config = example(
        id=CONTACT,
        number="100.1",
        email="henk@devriesfietsen.example",
        name="Henk de Vries",
        initials="H.",
        first_names="Henk",
        prefix="de",
        surname="Vries",
        phone="+31 20 555 01 00",
        language="nl",
        login_status="active",
        two_step_since=None,
        **MADE_AND_CHANGED,
    )

    id: Id
    number: str
    email: str
    name: str
    initials: str | None
    first_names: str | None
    prefix: str | None
    surname: str
    phone: str | None
    language: Language
    login_status: LoginStatus
    two_step_since: Moment | None
    created_at: Moment
    updated_at: Moment
    version: int


class ContactQuery(ListQuery):
    sort: Literal["number", "-number", "name", "-name", "updated_at", "-updated_at"] = "number"
    q: Annotated[Search | None, Field(description="part of the number, the name or the e-mail address")] = None
    login_status: LoginStatus | None = None


class InvitationRead(Output):
    """How the invitation goes out (uitnodiging)."""

    model_config = example(expires_at=LATER, delivery="mail", token=None, link=None)

    expires_at: Moment
    delivery: Annotated[
        Literal["mail", "link"], Field(description="`mail`: a job sends it; `link`: no mail server is set")
    ]
    token: Annotated[str | None, Field(description="for an administrator in local mode only; shown once")] = None
    link: Annotated[str | None, Field(description="for an administrator in local mode only; shown once")] = None
