from typing import Annotated

from fastapi import APIRouter, Query

from app.access import P
from app.dependencies import CurrentActor, Route, Transaction, require
from app.schemas.changes import ChangePage, ChangeQuery
from app.services import changes

router = APIRouter(prefix="/changes", tags=["changes"], route_class=Route)


@router.get("", dependencies=[require(P.CHANGES_READ)], responses={410: {}})
async def list_changes(query: Annotated[ChangeQuery, Query()], session: Transaction, actor: CurrentActor) -> ChangePage:
    """What changed since a cursor (wijzigingen), removals included, for keeping a copy in step.

    Begin without a cursor: that gives everything there is, once, and what was removed. Keep `next_cursor`, also of an
    empty page, and ask again with it: at once while `has_more`, later otherwise. Nothing is left out, however long a
    writer took. What changed again comes again, under the same `id` and as it is now. 410: begin again.
    """
    return await changes.find(session, actor, query)
