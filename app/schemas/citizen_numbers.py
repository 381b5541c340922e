"""Numbers of a relation that are, or hold, a BSN, asked for in full."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from app.schemas.base import Input, Line, Output
from app.schemas.examples import example

YEAR = re.compile(r"\b(19|20)\d\d\b", re.ASCII)


def _no_numbers(value: str) -> str:
    """Eight digits with no letter between them may be a BSN, whatever stands there instead; years are years."""
    if re.search(r"\d(?:[\W_]*\d){7}", YEAR.sub("y", unicodedata.normalize("NFKC", value))):
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
