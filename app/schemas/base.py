"""The types that all schemas are made of. Unknown fields are refused; text is checked for what people can read."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.identifiers import IdentifierError
from app.text import clean_line, clean_text

D = TypeVar("D", bound=date)


def _cleaned(clean: Callable[[str], str], most: int) -> AfterValidator:
    """NFC makes some letters two or three: what is stored may be no longer than what may be sent (so that it can be
    sent back)."""

    def cleaned(value: str) -> str:
        if len(found := clean(value)) > most:
            raise PydanticKnownError("string_too_long", {"max_length": most})
        return found

    return AfterValidator(cleaned)


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("This may not be empty.")
    return value


def _none_if_empty(value: str) -> str | None:
    return value or None


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, allow_smtputf8=True).normalized
    except EmailNotValidError:
        raise ValueError("Give an e-mail address such as naam@kantoor.nl.") from None


def _iso_date(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII)):
        raise ValueError("Give a date as YYYY-MM-DD.")
    return value


def _rfc3339(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)"
    if not (isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII)):
        raise ValueError("Give a moment as YYYY-MM-DDTHH:MM:SSZ, or with an offset such as +01:00.")
    return value


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise ValueError("Give a whole number in digits.")
    return value


def _true_or_false(value: Any) -> Any:
    if isinstance(value, str) and value not in ("true", "false"):
        raise ValueError("Give `true` or `false`.")
    return value


def _sane_year(value: D) -> D:
    if not 1850 <= value.year <= 2200:
        raise ValueError("Give a date between the years 1850 and 2200.")
    return value


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Line = Annotated[str, Field(max_length=200), _cleaned(clean_line, 200), AfterValidator(_not_empty)]
# Of what may be empty there is one way to be so: null.
OptionalLine = Annotated[str, Field(max_length=200), _cleaned(clean_line, 200), AfterValidator(_none_if_empty)]
LongText = Annotated[str, Field(max_length=20_000), _cleaned(clean_text, 20_000)]
Search = Annotated[str, Field(max_length=100), AfterValidator(clean_line)]
Number = Annotated[str, Field(max_length=50), _cleaned(clean_line, 50), AfterValidator(_not_empty)]
Email = Annotated[str, Field(max_length=254), AfterValidator(clean_line), AfterValidator(_email)]
Password = Annotated[str, Field(min_length=10, max_length=200)]
Bool = Annotated[bool, Strict()]
Int = Annotated[int, Strict()]


def identifier(check: Callable[[str], str], **schema: Any) -> Any:
    """The type of a field that holds a number which ``check`` brings into its one form, or refuses and explains."""

    def checked(value: str) -> str:
        if "*" in value:
            detail = "This is the mask of what is stored. Leave the field out to keep it, or give the whole number."
            raise PydanticCustomError("masked", "{detail}", {"detail": detail})
        try:
            return check(value)
        except IdentifierError as error:
            raise PydanticCustomError(error.code, "{detail}", {"detail": error.detail}) from None

    return Annotated[str, Field(max_length=50, **schema), AfterValidator(checked)]


DIGITS = BeforeValidator(_digits)  # last in an Annotated[int, ...] of a query, so that its limits stay in the contract
QueryBool = Annotated[bool, BeforeValidator(_true_or_false)]
Date = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_sane_year)]
Moment = Annotated[
    datetime,
    PlainSerializer(_moment, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
GivenMoment = Annotated[datetime, BeforeValidator(_rfc3339), AfterValidator(_sane_year)]
Id = UUID


def absent() -> Any:
    """The default of a field of a merge patch: not given means unchanged. (null is given, and clears or is refused.)"""
    return Field(default=None)


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, for a merge patch (RFC 7396)."""
        return self.model_dump(exclude_unset=True)


class Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)
