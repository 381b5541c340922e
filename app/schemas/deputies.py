from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from app.errors import invalid
from app.listing import ListQuery
from app.schemas.base import Date, Id, Input, Moment, Output, absent
from app.schemas.examples import COLLEAGUE, DEPUTY, MADE_AND_CHANGED, TEAM_MEMBER, example

Absent = Annotated[Id, Field(description="the absent team member (medewerker)")]


class DeputyCreate(Input):
    """One team member stands in for another (waarneming), the first and the last day included."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "team_member_id": TEAM_MEMBER,
                    "deputy_member_id": COLLEAGUE,
                    "starts_on": "2026-07-20",
                    "ends_on": "2026-08-07",
                }
            ]
        }
    )

    team_member_id: Absent
    deputy_member_id: Id
    starts_on: Date
    ends_on: Date | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.deputy_member_id == self.team_member_id:
            raise invalid("/deputy_member_id", "same", "Nobody stands in for himself.")
        if self.ends_on and self.ends_on < self.starts_on:
            raise invalid("/ends_on", "order", "ends_on can not be before starts_on.")
        return self


class DeputyUpdate(Input):
    """Merge patch of the period; who stands in for whom stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ends_on": "2026-08-14"}]})

    starts_on: Date = absent()
    ends_on: Date | None = None


class DeputyRead(Output):
    """Who stands in for whom, and when (waarneming)."""

    model_config = example(
        id=DEPUTY,
        team_member_id=TEAM_MEMBER,
        team_member_name="Anna Jansen",
        deputy_member_id=COLLEAGUE,
        deputy_member_name="Rik Raad",
        starts_on="2026-07-20",
        ends_on="2026-08-07",
        **MADE_AND_CHANGED,
    )

    id: Id
    team_member_id: Absent
    team_member_name: str
    deputy_member_id: Id
    deputy_member_name: str
    starts_on: Date
    ends_on: Date | None
    created_at: Moment
    updated_at: Moment
    version: int


class DeputyQuery(ListQuery):
    team_member_id: Annotated[Id | None, Field(description="only who stands in for this team member")] = None
    deputy_member_id: Annotated[Id | None, Field(description="only those whom this team member stands in for")] = None
    sort: Literal["created_at", "-created_at"] = "created_at"
