from fastapi import APIRouter

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, require
from app.routers.relations import RelationInPath
from app.schemas.relation_team import TeamPut, TeamRead
from app.services import relation_team

router = APIRouter(prefix="/relations/{relation_id}/team", tags=["relation team"], route_class=Route)


@router.get("", dependencies=[require(P.RELATION_TEAM_READ)])
async def get_relation_team(
    relation: RelationInPath, session: Transaction, actor: CurrentActor, answer: Answer
) -> TeamRead:
    """Who of the office has which role on the relation (teamrollen)."""
    answer.show(relation)
    return await relation_team.read(session, actor, relation)


@router.put("", dependencies=[require(P.RELATION_TEAM_WRITE)])
async def put_relation_team(
    relation: RelationInPath, data: TeamPut, session: Transaction, actor: CurrentActor, answer: Answer
) -> TeamRead:
    """Set the whole team of the relation (teamrollen); its ETag is the relation's.

    Readers and mutators see a relation only by holding a role on it.
    """
    answer.check(relation)
    team = await relation_team.replace(session, actor, relation, data)
    answer.show(relation)
    return team
