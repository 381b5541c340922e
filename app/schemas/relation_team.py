from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import Id, Input, Output
from app.schemas.examples import TEAM_MEMBER, example, shown_of
from app.schemas.team_roles import RoleKey


class TeamEntry(Input):
    model_config = example(team_member_id=TEAM_MEMBER, role="accountant")

    team_member_id: Id
    role: RoleKey


class TeamPut(Input):
    """The whole team of the relation; who is not in it loses the relation at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"team_member_id": "0193d6f0-0000-7000-8000-000000000001", "role": "accountant"}]}]
        }
    )

    items: Annotated[list[TeamEntry], Field(max_length=200)]


class TeamEntryRead(Output):
    model_config = example(team_member_id=TEAM_MEMBER, team_member_name="Anna Jansen", role="accountant")

    team_member_id: Id
    team_member_name: str
    role: RoleKey


class TeamRead(Output):
    """Who has which role on the relation (teamrollen)."""

    model_config = example(items=[shown_of(TeamEntryRead)])

    items: list[TeamEntryRead]
