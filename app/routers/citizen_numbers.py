from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter

from app.access import P
from app.dependencies import CurrentActor, CurrentSettings, Db, Route, answers_anew, find, require
from app.limits import spend
from app.models import Relation
from app.schemas.citizen_numbers import Reveal, Revealed
from app.services import citizen_numbers

WINDOW = timedelta(hours=1)

router = APIRouter(prefix="/relations", tags=["relations"], route_class=Route)


@router.post("/{relation_id}/citizen-number", dependencies=[require(P.CITIZEN_NUMBERS_REVEAL)])
@answers_anew
async def reveal_citizen_number(
    relation_id: UUID, data: Reveal, actor: CurrentActor, db: Db, settings: CurrentSettings
) -> Revealed:
    """Show the numbers that are, or hold, a BSN (burgerservicenummer) in full; the history says who saw them."""
    await spend(db, "citizen_numbers", str(actor.id), settings.reveals_per_hour, WINDOW, actor.office_id)
    async with db.transaction(actor.office_id) as session:
        relation = await find(session, actor, Relation, relation_id)
        return await citizen_numbers.reveal(session, actor, relation, data.reason)
