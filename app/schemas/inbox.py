from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Id, Input, LongText, Moment, Output
from app.schemas.contact_links import LinkedRelation
from app.schemas.dossier_items import DossierItemStaffRead, FileName
from app.schemas.examples import CONVERSATION, DOSSIER_ITEM, INBOX, LATER, MESSAGE, example, shown_of

_ID = "0193d6f0-0000-7000-8000-00000000000{}"


class InboxItemRead(DossierItemStaffRead):
    """A delivered document that waits for a decision."""

    model_config = example(
        DossierItemStaffRead,
        folder_id=INBOX,
        name="Bonnen Q3.pdf",
        origin="message",
        message_id=MESSAGE,
        relation=shown_of(LinkedRelation),
        conversation_id=CONVERSATION,
        sender_name="Henk de Vries",
        delivered_at=LATER,
    )

    relation: LinkedRelation
    conversation_id: Id | None
    sender_name: str | None
    delivered_at: Moment


class RouteOne(Input):
    """Where it belongs: a folder of the same dossier."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"folder_id": _ID.format(1)}]})

    folder_id: Id
    name: Annotated[FileName | None, Field(description="a better name, if wanted")] = None


class RouteEntry(RouteOne):
    model_config = example(RouteOne, item_id=DOSSIER_ITEM)

    item_id: Id


class RouteMany(Input):
    """All of them, or none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"item_id": _ID.format(1), "folder_id": _ID.format(2)}]}]}
    )

    items: Annotated[list[RouteEntry], Field(min_length=1, max_length=200)]


class RoutedItems(Output):
    model_config = example(items=[shown_of(DossierItemStaffRead)])

    items: list[DossierItemStaffRead]


class RefuseItem(Input):
    """It will not be kept; it goes to the bin, and what was sent stays in the conversation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Onleesbaar; stuur een nieuwe scan."}]})

    reason: LongText


class ReassignItem(Input):
    """It belongs to another relation: it goes to that dossier's Inbox."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"relation_id": _ID.format(1)}]})

    relation_id: Id


class InboxQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
    relation_id: Id | None = None
