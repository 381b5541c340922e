from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Id, Input, Line, Moment, Output, absent
from app.schemas.examples import MADE_AND_CHANGED, TEAM_ROLE, example
from app.schemas.folders import Position

RoleKey = Annotated[
    str,
    Field(
        pattern="^[a-z][a-z0-9_]{0,49}$",
        description="key of a team role (teamrol) of the office; a new office has `relation_manager`, `accountant`, "
        "`tax`, `administration`, `payroll` and `secretariat`",
    ),
]
OwnKey = Annotated[RoleKey, Field(description="what programs call it; never changes")]


class TeamRoleCreate(Input):
    """A role that team members can have on relations (teamrol)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "wwft_officer", "name": "Wwft-functionaris", "position": 70}]}
    )

    key: OwnKey
    name: Line
    position: Position


class TeamRoleUpdate(Input):
    """Merge patch; the key stays, so whoever has the role keeps it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Belastingadviseur"}]})

    name: Line = absent()
    position: Position = absent()


class TeamRoleRead(Output):
    model_config = example(id=TEAM_ROLE, key="tax", name="Fiscaal", position=30, **MADE_AND_CHANGED)

    id: Id
    key: Annotated[str, Field(description="what programs call it; never changes")]
    name: str
    position: int
    created_at: Moment
    updated_at: Moment
    version: int


class TeamRoleQuery(ListQuery):
    sort: Literal["position", "-position"] = "position"
