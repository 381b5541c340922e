from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.access import Role
from app.listing import ListQuery
from app.schemas.base import Email, Id, Input, Line, Moment, Output, absent
from app.schemas.examples import MADE_AND_CHANGED, TEAM_MEMBER, example

RoleField = Annotated[Role, Field(description="autorisatierol: raadpleger, mutator, manager, beheerder")]


class TeamMemberCreate(Input):
    """An employee of the office (medewerker); invite him to let him set a password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Anna Jansen", "email": "anna@demo.example", "role": "mutator"}]}
    )

    name: Line
    email: Email
    role: RoleField


class TeamMemberUpdate(Input):
    """Merge patch. `status` takes `blocked`, and `invited` to lift it: then invite again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "manager"}]})

    name: Line = absent()
    email: Email = absent()
    role: RoleField = absent()
    status: Literal["blocked", "invited"] = absent()


class TeamMemberRead(Output):
    model_config = example(
        id=TEAM_MEMBER,
        name="Anna Jansen",
        email="anna@demo.example",
        role="mutator",
        status="active",
        two_step_since=None,
        **MADE_AND_CHANGED,
    )

    id: Id
    name: str
    email: str
    role: RoleField
    status: Literal["invited", "active", "blocked"]
    two_step_since: Moment | None
    created_at: Moment
    updated_at: Moment
    version: int


class TeamMemberQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
