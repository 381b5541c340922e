"""Numbers of a relation that are, or hold, a BSN, asked for in full."""

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from app.schemas.base import Input, Line, Output
from app.schemas.examples import example


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
