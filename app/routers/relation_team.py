from fastapi import APIRouter

from app.access import P
from app.dependencies import CurrentActor, Route, Transaction, require
from app.routers.relations import RelationInPath
from app.schemas.relation_team import TeamPut, TeamRead
from app.services import relation_team

router = APIRouter(prefix="/relations/{relation_id}/team", tags=["relation team"], route_class=Route)


@router.get("", dependencies=[require(P.TEAM_MEMBERS_READ)])
async def get_relation_team(relation: RelationInPath, session: Transaction, actor: CurrentActor) -> TeamRead:
    """Who of the office has which role on the relation (teamrollen)."""
    return await relation_team.read(session, actor, relation)


@router.put("", dependencies=[require(P.RELATION_TEAM_WRITE)])
async def put_relation_team(
    relation: RelationInPath, data: TeamPut, session: Transaction, actor: CurrentActor
) -> TeamRead:
    """Set the whole team of the relation (teamrollen).

    Readers and mutators see a relation only by holding a role on it.
    """
    return await relation_team.replace(session, actor, relation, data)
