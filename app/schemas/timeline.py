from typing import Annotated, Any, Literal

from pydantic import Field

from app.listing import ListQuery
from app.schemas.base import Id, Moment, Output


class EventRead(Output):
    """Something that happened (tijdlijn), as a client sees it."""

    id: Id
    at: Moment
    action: Annotated[str, Field(description="`<subject>.<what>`, such as `dossier_item.stored`; more may come")]
    subject_type: str
    subject_id: Id
    relation_id: Id | None


class EventStaffRead(EventRead):
    actor_kind: str
    actor_id: Id | None
    actor_name: str
    is_client_visible: bool
    request_id: str | None
    data: dict[str, Any]


class TimelineQuery(ListQuery):
    sort: Literal["at", "-at"] = "-at"
    relation_id: Id | None = None
    subject_id: Id | None = None
