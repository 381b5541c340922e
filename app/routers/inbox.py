from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, require
from app.listing import Page, paginate
from app.models import DossierItem
from app.schemas.contact_links import LinkedRelation
from app.schemas.dossier_items import DossierItemStaffRead
from app.schemas.inbox import (
    InboxItemRead,
    InboxQuery,
    ReassignItem,
    RefuseItem,
    RoutedItems,
    RouteMany,
    RouteOne,
)
from app.services import inbox

router = APIRouter(prefix="/inbox", tags=["inbox"], route_class=Route)


async def waiting_item(item_id: UUID, session: Transaction, actor: CurrentActor) -> DossierItem:
    return await inbox.take(session, actor, item_id)


WaitingItem = Annotated[DossierItem, Depends(waiting_item)]


def _read(item: DossierItem) -> InboxItemRead:
    return InboxItemRead(
        **DossierItemStaffRead.model_validate(item).model_dump(),
        relation=LinkedRelation.model_validate(item.dossier.relation),
        conversation_id=item.message.conversation_id if item.message else None,
        sender_name=item.message.sender_name if item.message else None,
        delivered_at=item.created_at,
    )


@router.get("", dependencies=[require(P.INBOX_READ)], response_model=Page[InboxItemRead])
async def list_inbox(query: Annotated[InboxQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Everything that was delivered and waits for a decision (Inbox), over all dossiers the caller may see."""
    page = await paginate(session, inbox.find_all(actor, query), query, inbox.SORTS, DossierItem.id)
    items = [_read(item) for item in page.items]
    return Page[InboxItemRead](items=items, next_cursor=page.next_cursor, total=page.total)


@router.post("/route", dependencies=[require(P.INBOX_ROUTE)])
async def route_items(data: RouteMany, session: Transaction, actor: CurrentActor) -> RoutedItems:
    """File many documents at once (routeren); all of them or none."""
    items = await inbox.route_many(session, actor, data)
    return RoutedItems(items=[DossierItemStaffRead.model_validate(item) for item in items])


@router.post("/{item_id}/route", dependencies=[require(P.INBOX_ROUTE)], response_model=DossierItemStaffRead)
async def route_item(
    item: WaitingItem, data: RouteOne, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """File a document in a folder of its dossier (routeren). The client sees it there if the folder is open."""
    await inbox.route(session, actor, item, data)
    await session.flush()
    answer.show(item)
    return item


@router.post("/{item_id}/refuse", dependencies=[require(P.INBOX_ROUTE)], response_model=DossierItemStaffRead)
async def refuse_item(
    item: WaitingItem, data: RefuseItem, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Do not keep a document (weigeren): it goes to the bin."""
    await inbox.refuse(session, actor, item, data.reason)
    await session.flush()
    answer.show(item)
    return item


@router.post("/{item_id}/reassign", dependencies=[require(P.INBOX_ROUTE)], response_model=DossierItemStaffRead)
async def reassign_item(
    item: WaitingItem, data: ReassignItem, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Give a document to another relation's Inbox (herbestemmen)."""
    await inbox.reassign(session, actor, item, data.relation_id)
    await session.flush()
    answer.show(item)
    return item
