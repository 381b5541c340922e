from datetime import timedelta

from fastapi import APIRouter

from app.access import Actor, P
from app.db import Database
from app.dependencies import CurrentActor, CurrentSettings, Db, Route, answers_anew, require
from app.limits import spend
from app.schemas.relation_matching import Match, MatchQuery, NumberQuery, RelationsFound
from app.services import relation_matching, relations
from app.settings import Settings

WINDOW = timedelta(hours=1)

router = APIRouter(prefix="/relations", tags=["relations"], route_class=Route)


async def _count(db: Database, settings: Settings, actor: Actor, numbers: relation_matching.Numbers) -> None:
    """Nobody tries citizen numbers until one fits (AZ-08); the open ones stand in lists anyway."""
    if relation_matching.is_secret(numbers):
        allowed = settings.number_searches_per_hour
        await spend(db, "number_searches", str(actor.id), allowed, WINDOW, actor.office_id)


@router.post("/match", dependencies=[require(P.RELATIONS_MATCH)])
@answers_anew
async def match_relation(data: MatchQuery, actor: CurrentActor, db: Db, settings: CurrentSettings) -> Match:
    """The one relation that a return (aangifte) belongs to, by the number that its type asks for; or why none.

    By a number that may hold a BSN: counted, and the histories of the relations found say who asked.
    """
    numbers = relation_matching.asked_of(data)
    await _count(db, settings, actor, numbers)
    async with db.transaction(actor.office_id) as session:
        return await relation_matching.match(session, actor, data, numbers)


@router.post("/search", dependencies=[require(P.RELATIONS_SEARCH)])
@answers_anew
async def search_relations(data: NumberQuery, actor: CurrentActor, db: Db, settings: CurrentSettings) -> RelationsFound:
    """The relations that have this number, archived ones too: the way to find by a BSN (zoeken op nummer).

    By a number that may hold a BSN: counted, and the histories of the relations found say who asked.
    """
    numbers = relation_matching.searched_for(data)
    await _count(db, settings, actor, numbers)
    async with db.transaction(actor.office_id) as session:
        found, has_more = await relation_matching.search(session, actor, numbers)
        await relations.show(session, actor, found)
        return RelationsFound.model_validate({"items": found, "has_more": has_more})
