from typing import Annotated, Any, Literal

from pydantic import Field

from app.listing import ListQuery
from app.schemas.base import Id, Moment, Output
from app.schemas.examples import DOSSIER_ITEM, EVENT, LATER, RELATION, TEAM_MEMBER, example


class EventRead(Output):
    """Something that happened (tijdlijn), as a client sees it."""

    model_config = example(
        id=EVENT,
        at=LATER,
        action="dossier_item.stored",
        subject_type="dossier_item",
        subject_id=DOSSIER_ITEM,
        relation_id=RELATION,
    )

    id: Id
    at: Moment
    action: Annotated[str, Field(description="`<subject>.<what>`, such as `dossier_item.stored`; more may come")]
    subject_type: str
    subject_id: Id
    relation_id: Id | None


class EventStaffRead(EventRead):
    model_config = example(
        EventRead,
        actor_kind="team_member",
        actor_id=TEAM_MEMBER,
        actor_name="Anna Jansen",
        is_client_visible=True,
        request_id="0f1c6d0e7c1c4b6f8d6f2b6b9d2a7a51",
        data={"name": "Vennootschapscontract.pdf"},
    )

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
