from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import Response

from app.access import P
from app.dependencies import CurrentActor, Db, Route, own_transactions, require
from app.event_streams import Event, EventStream, Streams
from app.models.imports import AT_REST
from app.openapi_parts import events_answer
from app.schemas.import_events import ImportEvent
from app.services import import_events

router = APIRouter(prefix="/imports", tags=["imports"], route_class=Route)

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=200, description="`id` of the last event that you have")
]


@router.get(
    "/{import_id}/events",
    dependencies=[require(P.IMPORTS_READ)],
    response_class=Response,
    responses=events_answer("progress", ImportEvent),
)
@own_transactions
async def follow_import(
    import_id: UUID, request: Request, actor: CurrentActor, db: Db, last_event_id: LastEventId = None
) -> Response:
    """An import as it goes on (voortgang volgen), as server-sent events: each time that something changed.

    The stream ends when a worker is done with it, and after 10 minutes in any case: come again with `Last-Event-ID`.
    A few may be open at once (429); `GET /v1/imports/{import_id}` tells the same.
    """

    async def look() -> Event:
        of = await import_events.look(db, request.state.credentials, import_id)
        data = ImportEvent.model_validate(of).model_dump_json()
        return Event(import_events.moment(of), "progress", data, of.state in AT_REST)

    first = await look()
    if first.is_last and first.id == last_event_id:
        return Response(status_code=204)  # by which a browser's EventSource knows that it need not come again
    streams: Streams = request.app.state.streams
    return EventStream(request, streams.place(actor), first, look)
