"""The Inbox over all dossiers: delivered is not filed until somebody of the office decides (domain rule 11)."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.errors import Conflict, NotFound, invalid
from app.models import Dossier, DossierItem, Folder
from app.models.dossiers import dossier_ids
from app.schemas.inbox import InboxQuery, RouteMany, RouteOne
from app.services import dossiers, events
from app.services.dossier_items import WITH_BLOB, check_name
from app.text import name_key

SORTS = {"created_at": (DossierItem.created_at,)}
SHOWN = (
    WITH_BLOB,
    joinedload(DossierItem.dossier).joinedload(Dossier.relation),
    joinedload(DossierItem.message),
)


def waiting(actor: Actor) -> Select[DossierItem]:
    """What lies in an Inbox that the actor may see."""
    inboxes = select(Folder.id).where(
        Folder.office_id == actor.office_id,
        Folder.purpose == "inbox",
        Folder.dossier_id.in_(dossier_ids(actor)),
    )
    return visible(actor, DossierItem).where(DossierItem.folder_id.in_(inboxes), DossierItem.binned_at.is_(None))


def find_all(actor: Actor, query: InboxQuery) -> Select[DossierItem]:
    found = waiting(actor).options(*SHOWN)
    if query.relation_id:
        found = found.join(
            Dossier, (Dossier.office_id == DossierItem.office_id) & (Dossier.id == DossierItem.dossier_id)
        ).where(Dossier.relation_id == query.relation_id)
    return found


async def take(session: AsyncSession, actor: Actor, item_id: UUID) -> DossierItem:
    """The item, held for a decision: 404 when it is not ours to see, 409 when somebody decided already."""
    item = await session.scalar(
        waiting(actor).where(DossierItem.id == item_id).options(WITH_BLOB).with_for_update(of=DossierItem)
    )
    if item is not None:
        return item
    if await session.scalar(visible(actor, DossierItem).where(DossierItem.id == item_id)) is None:
        raise NotFound
    raise Conflict("This item is not in the Inbox (any more).", code="not_in_inbox")


async def route(session: AsyncSession, actor: Actor, item: DossierItem, data: RouteOne, pointer: str = "") -> None:
    dossier = await dossiers.lock_open(session, actor, item.dossier_id)
    folder = await session.scalar(
        visible(actor, Folder)
        .where(Folder.id == data.folder_id, Folder.dossier_id == item.dossier_id, Folder.purpose != "inbox")
        .with_for_update(read=True, of=Folder)
    )
    if folder is None:
        raise invalid(
            f"{pointer}/folder_id", "unknown", "Choose a folder of this item's dossier, other than the Inbox."
        )
    check_name(item, data.name, f"{pointer}/name")
    item.folder_id = folder.id
    if data.name:
        item.name, item.name_key = data.name, name_key(data.name)
    events.record(
        session,
        actor,
        "dossier_item.filed",
        item,
        relation_id=dossier.relation_id,
        visible=True,
        name=item.name,
        folder_id=folder.id,
    )


async def route_many(session: AsyncSession, actor: Actor, data: RouteMany) -> list[DossierItem]:
    items: list[DossierItem] = []
    seen: set[UUID] = set()
    for place, entry in enumerate(data.items):
        if entry.item_id in seen:
            raise invalid(f"/items/{place}/item_id", "duplicate", "Each item once.")
        seen.add(entry.item_id)
    places = {entry.item_id: place for place, entry in enumerate(data.items)}
    for entry in sorted(data.items, key=lambda entry: entry.item_id):  # one order, so that two batches can not deadlock
        try:
            item = await take(session, actor, entry.item_id)
        except NotFound:
            raise invalid(f"/items/{places[entry.item_id]}/item_id", "unknown", "There is no such item.") from None
        await route(session, actor, item, entry, f"/items/{places[entry.item_id]}")
        items.append(item)
    await session.flush()
    return sorted(items, key=lambda item: places[item.id])


async def refuse(session: AsyncSession, actor: Actor, item: DossierItem, reason: str) -> None:
    dossier = await dossiers.lock_open(session, actor, item.dossier_id)
    item.binned_at = datetime.now(UTC)
    events.record(session, actor, "dossier_item.refused", item, relation_id=dossier.relation_id, reason=reason)


async def reassign(session: AsyncSession, actor: Actor, item: DossierItem, relation_id: UUID) -> None:
    before = await dossiers.lock_open(session, actor, item.dossier_id)
    target = await session.scalar(visible(actor, Dossier).where(Dossier.relation_id == relation_id))
    if target is None:
        raise invalid("/relation_id", "unknown", "There is no such relation.")
    await dossiers.lock_open(session, actor, target.id)
    inbox = await session.scalar(
        visible(actor, Folder).where(Folder.dossier_id == target.id, Folder.purpose == "inbox")
    )
    assert inbox is not None
    item.dossier_id, item.folder_id = target.id, inbox.id
    for relation in {before.relation_id, target.relation_id}:
        events.record(session, actor, "dossier_item.reassigned", item, relation_id=relation)
