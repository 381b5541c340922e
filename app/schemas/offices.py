from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import Bool, Email, Id, Input, Line, Moment, Output, Password, absent
from app.schemas.examples import MADE_AND_CHANGED, OFFICE, example

KeepsCitizenNumbers = Annotated[
    Bool, Field(description="false: no BSN, nor a number made from one, is taken in; what is there stays")
]


class OfficeUpdate(Input):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Demo Accountants & Adviseurs"}]})

    name: Line = absent()
    keeps_citizen_numbers: KeepsCitizenNumbers = absent()


class OfficeRead(Output):
    """The accountancy office (kantoor)."""

    model_config = example(
        id=OFFICE, slug="demo", name="Demo Accountants", keeps_citizen_numbers=True, **MADE_AND_CHANGED
    )

    id: Id
    slug: str
    name: str
    keeps_citizen_numbers: KeepsCitizenNumbers
    created_at: Moment
    updated_at: Moment
    version: int


class OfficeCreate(Input):
    """What `ordner office create` takes."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$", description="for signing in")]
    name: Line
    administrator: Line
    email: Email
    password: Annotated[Password | None, Field(description="none: the administrator is invited")] = None
