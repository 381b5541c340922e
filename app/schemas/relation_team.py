from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.schemas.base import Id, Input, Output
from app.schemas.examples import TEAM_MEMBER, example, shown_of

RelationRoleName = Annotated[
    Literal["relation_manager", "accountant", "tax", "administration", "payroll", "secretariat"],
    Field(description="relatiebeheerder, accountant, fiscaal, administratie, salaris, secretariaat"),
]


class TeamEntry(Input):
    model_config = example(team_member_id=TEAM_MEMBER, role="accountant")

    team_member_id: Id
    role: RelationRoleName


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
    role: RelationRoleName


class TeamRead(Output):
    """Who has which role on the relation (teamrollen)."""

    model_config = example(items=[shown_of(TeamEntryRead)])

    items: list[TeamEntryRead]
