from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.access import P, visible
from app.dependencies import CurrentActor, Route, Transaction, require, shape_page
from app.listing import Page, paginate
from app.models import Event
from app.schemas.timeline import EventRead, EventStaffRead, TimelineQuery

router = APIRouter(prefix="/timeline", tags=["timeline"], route_class=Route)


@router.get("", dependencies=[require(P.TIMELINE_READ)], response_model=Page[EventStaffRead] | Page[EventRead])
async def list_events(query: Annotated[TimelineQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """What happened (tijdlijn). A client sees what is marked for him, of what he can see now."""
    found = visible(actor, Event)
    if query.relation_id:
        found = found.where(Event.relation_id == query.relation_id)
    if query.subject_id:
        found = found.where(Event.subject_id == query.subject_id)
    page = await paginate(session, found, query, {"at": (Event.at,)}, Event.id)
    return shape_page(actor, page, EventRead, EventStaffRead)
