from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Bool, Email, Id, Input, Line, Moment, Number, OptionalLine, Output, Search, absent
from app.schemas.examples import CONTACT, LATER, MADE_AND_CHANGED, example, shown_of
from app.schemas.relation_identifiers import FieldWarning

LoginStatus = Literal["none", "invited", "active", "blocked"]
Language = Literal["nl", "en"]
Digest = Literal["never", "daily", "weekly"]

MESSAGES = Field(description="about a new message (bericht)")
DOCUMENT_REQUESTS = Field(description="about a new document request (documentuitvraag)")
REMINDERS = Field(description="reminders (herinneringen) of what is still open")
DIGEST = Field(description="samenvatting: what is new, in one mail")


class NotificationsGiven(Input):
    """What the contact wants to be told by mail (meldingen), for when Ordner sends such mail: it sends none yet.
    Absent keeps; at first all is on, and no digest.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"digest": "weekly"}]})

    messages: Annotated[Bool, MESSAGES] = absent()
    document_requests: Annotated[Bool, DOCUMENT_REQUESTS] = absent()
    reminders: Annotated[Bool, REMINDERS] = absent()
    digest: Annotated[Digest, DIGEST] = absent()


class NotificationsRead(Output):
    """What the contact wants to be told by mail (meldingen), for when Ordner sends such mail: it sends none yet."""

    model_config = example(messages=True, document_requests=True, reminders=True, digest="weekly")

    messages: Annotated[bool, MESSAGES]
    document_requests: Annotated[bool, DOCUMENT_REQUESTS]
    reminders: Annotated[bool, REMINDERS]
    digest: Annotated[Digest, DIGEST]


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

    number: Annotated[
        Number | None,
        Field(
            description="contactnummer; unique among contacts, may equal a relation number. Without one the contact "
            "gets the next number"
        ),
    ] = None
    email: Annotated[Email, Field(description="unique in the office without regard to case")]
    surname: Annotated[Line, Field(description="achternaam")]
    initials: Annotated[OptionalLine | None, Field(description="voorletters")] = None
    first_names: Annotated[OptionalLine | None, Field(description="voornamen")] = None
    prefix: Annotated[OptionalLine | None, Field(description="tussenvoegsel")] = None
    salutation: OptionalLine | None = None
    phone: OptionalLine | None = None
    mobile: OptionalLine | None = None
    language: Language = "nl"
    notifications: NotificationsGiven = absent()


class ContactUpdate(Input):
    """Merge patch. `login_status` takes `blocked`, and `none` to lift it: then invite again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "+31 20 123 4567"}]})

    number: Number = absent()
    email: Email = absent()
    surname: Line = absent()
    initials: OptionalLine | None = None
    first_names: OptionalLine | None = None
    prefix: OptionalLine | None = None
    salutation: OptionalLine | None = None
    phone: OptionalLine | None = None
    mobile: OptionalLine | None = None
    language: Language = absent()
    notifications: NotificationsGiven = absent()
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
        salutation="Geachte heer De Vries",
        phone="020 555 01 00",
        phone_e164="+31205550100",
        mobile=None,
        mobile_e164=None,
        language="nl",
        notifications=shown_of(NotificationsRead),
        login_status="active",
        two_step_since=None,
        created_by="Anna Jansen",
        updated_by=None,
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
    salutation: str | None
    phone: str | None
    phone_e164: str | None
    mobile: str | None
    mobile_e164: str | None
    language: Language
    notifications: NotificationsRead
    login_status: LoginStatus
    two_step_since: Moment | None
    created_by: str | None
    updated_by: str | None
    created_at: Moment
    updated_at: Moment
    version: int


class ContactDetail(ContactRead):
    """One contact, with what is odd about it."""

    model_config = example(ContactRead, warnings=[])

    warnings: Annotated[list[FieldWarning], Field(description="waarschuwingen; they stop nothing")]


class ContactMerge(Input):
    """Who is the same human (samenvoegen)."""

    model_config = example(contact_id="0193d6f0-0000-7000-8000-000000000012")

    contact_id: Annotated[Id, Field(description="the other one: what he has moves, then he is deleted")]


class ContactFilters(BaseModel):
    """Which contacts: of a list, or of an export."""

    model_config = ConfigDict(extra="forbid")

    login_status: LoginStatus | None = None


class ContactQuery(ContactFilters, ListQuery):
    sort: Literal["number", "-number", "name", "-name", "updated_at", "-updated_at"] = "number"
    q: Annotated[Search | None, Field(description="part of the number, the name or the e-mail address")] = None


class InvitationRead(Output):
    """How the invitation goes out (uitnodiging)."""

    model_config = example(expires_at=LATER, delivery="mail", token=None, link=None)

    expires_at: Moment
    delivery: Annotated[
        Literal["mail", "link"], Field(description="`mail`: a job sends it; `link`: no mail server is set")
    ]
    token: Annotated[str | None, Field(description="for an administrator in local mode only; shown once")] = None
    link: Annotated[str | None, Field(description="for an administrator in local mode only; shown once")] = None
