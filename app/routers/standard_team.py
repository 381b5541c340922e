from fastapi import APIRouter

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, require
from app.schemas.standard_team import StandardTeamPut, StandardTeamRead
from app.services import offices, standard_team

router = APIRouter(prefix="/standard-team", tags=["standard team"], route_class=Route)


@router.get("", dependencies=[require(P.STANDARD_TEAM_READ)])
async def get_standard_team(session: Transaction, actor: CurrentActor, answer: Answer) -> StandardTeamRead:
    """Who gets which role on every new relation (standaard teamrollen)."""
    answer.show(await offices.own(session, actor))
    return await standard_team.read(session, actor)


@router.put("", dependencies=[require(P.STANDARD_TEAM_WRITE)])
async def put_standard_team(
    data: StandardTeamPut, session: Transaction, actor: CurrentActor, answer: Answer
) -> StandardTeamRead:
    """Set the whole standard team (standaard teamrollen); its ETag is the office's.

    It holds for new relations; who makes one is its `relation_manager` besides.
    """
    office = await offices.own(session, actor)
    answer.check(office)
    team = await standard_team.replace(session, actor, office, data)
    answer.show(office)
    return team
