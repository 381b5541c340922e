from app.schemas.examples import example
from app.schemas.relation_team import TeamPut, TeamRead


class StandardTeamPut(TeamPut):
    """The whole standard team; relations that are there keep the team that they have."""

    model_config = example(TeamPut)


class StandardTeamRead(TeamRead):
    """Who gets which role on every new relation (standaard teamrollen)."""

    model_config = example(TeamRead)
