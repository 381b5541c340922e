"""Whose is a number: what is asked and what is answered."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.filings import PERIOD
from app.schemas.base import Bool, Id, Input, Line, Output
from app.schemas.examples import RELATION, example, shown_of
from app.schemas.relation_identifiers import FilingType
from app.schemas.relations import RelationStaffRead


class MatchQuery(Input):
    """Which relation does a return of this type with this number belong to?"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filing_type": "vat", "identifier": "123456782B01", "period": "2026-Q1"}],
        },
    )

    filing_type: FilingType
    identifier: Annotated[Line, Field(max_length=50, description="BSN, RSIN, OB, LH or KvK number, as the type asks")]
    period: Annotated[
        str | None,
        Field(
            pattern=PERIOD,
            max_length=10,
            description="tijdvak: a year `2026`, half a year `2026-H1`, a quarter `2026-Q1`, a month `2026-01`, "
            "two months `2026-01/02`, four weeks `2026-P01`; `period_fits` tells whether it may be",
        ),
    ] = None


class NumberQuery(Input):
    """Any number that a relation may have; in a body, since a BSN never stands in an address (AZ-07)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"identifier": "999990019"}]})

    identifier: Annotated[Line, Field(max_length=50, description="BSN, RSIN, OB, VAT, LH, KvK, branch number or IBAN")]


class Match(Output):
    """Exactly one relation, or none and the reason: then a human decides."""

    model_config = example(relation_id=RELATION, matched_by="ob_number", reason=None, candidates=[], period_fits=True)

    relation_id: Id | None
    matched_by: Annotated[
        str | None, Field(description="the kind of number that was compared; null: candidates of several kinds")
    ]
    reason: Annotated[
        Literal["none", "several", "not_for_this_type"] | None, Field(description="why there is no single relation")
    ]
    candidates: Annotated[list[Id], Field(description="with `several`: which; with `not_for_this_type`: whose number")]
    period_fits: Annotated[
        Bool | None,
        Field(
            description="false: the relation does not file this type for such a period, look at it; "
            "null: none was asked about, or nobody knows"
        ),
    ]


class RelationsFound(Output):
    """The relations that have the number."""

    model_config = example(items=[shown_of(RelationStaffRead)], has_more=False)

    items: list[RelationStaffRead]
    has_more: Annotated[Bool, Field(description="there are more than these 100")]
