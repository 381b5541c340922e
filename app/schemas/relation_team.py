from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.schemas.base import Id, Input, Output

RelationRoleName = Annotated[
    Literal["relation_manager", "accountant", "tax", "administration", "payroll", "secretariat"],
    Field(description="relatiebeheerder, accountant, fiscaal, administratie, salaris, secretariaat"),
]


class TeamEntry(Input):
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
    team_member_id: Id
    team_member_name: str
    role: RelationRoleName


class TeamRead(Output):
    """Who has which role on the relation (teamrollen)."""

    items: list[TeamEntryRead]
