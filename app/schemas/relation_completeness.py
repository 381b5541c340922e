from typing import Annotated, Literal, get_args

from pydantic import Field

from app.schemas.base import Output
from app.schemas.examples import example, shown_of

Gap = Literal[
    "bsn", "rsin", "ob_number", "lh_numbers", "kvk_number", "lh_filing_period", "btw_filing_period",
    "icp_filing_period", "products", "addresses", "relation_manager", "contacts", "wwft_review",
]  # fmt: skip
GAPS: tuple[Gap, ...] = get_args(Gap)


class Missing(Output):
    """A field that is empty, and what that stops."""

    model_config = example(
        field="ob_number",
        process="vat_returns",
        is_stopped=True,
        detail="VAT and ICP returns of source packages are not received without it.",
    )

    field: Annotated[Gap, Field(description="the field of the relation, or what is linked to it")]
    process: Annotated[str, Field(description="the work that it is needed for; more words may come")]
    is_stopped: Annotated[bool, Field(description="true: that work stops; false: it goes less well")]
    detail: str


class Completeness(Output):
    """How complete a relation's data is (volledigheid): which empty field stops which process."""

    model_config = example(is_complete=False, missing=[shown_of(Missing)])

    is_complete: Annotated[bool, Field(description="nothing is missing that stops any work")]
    missing: list[Missing]
