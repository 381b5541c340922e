"""Folders of a dossier: what the office opened to the client, and what follows for those below."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.models import DocumentRequestLine, Dossier, DossierItem, Folder
from app.schemas.folders import FolderCreate, FolderUpdate
from app.services import dossiers, events
from app.text import name_key

SORTS = {"position": (Folder.position,), "name": (Folder.name_key,)}


async def open_parents(session: AsyncSession, actor: Actor, folders: Sequence[Folder]) -> set[UUID]:
    """Those of the folders' parents that exist for the actor: a closed one above an open one does not show."""
    parents = {folder.parent_id for folder in folders if folder.parent_id}
    if not parents:
        return set()
    return set(await session.scalars(visible(actor, Folder).with_only_columns(Folder.id).where(Folder.id.in_(parents))))


async def create(session: AsyncSession, actor: Actor, dossier: Dossier, data: FolderCreate) -> Folder:
    await dossiers.lock_open(session, actor, dossier.id)
    parent = None
    if data.parent_id is not None:
        parent = await session.scalar(
            visible(actor, Folder)
            .where(Folder.id == data.parent_id, Folder.dossier_id == dossier.id)
            .with_for_update(read=True, of=Folder)
        )
        if parent is None:
            raise invalid("/parent_id", "unknown", "There is no such folder in this dossier.")
        if parent.is_inbox:
            raise invalid("/parent_id", "inbox", "The Inbox has no folders.")
    folder = Folder(
        office_id=actor.office_id,
        dossier_id=dossier.id,
        parent_id=data.parent_id,
        name=data.name,
        name_key=name_key(data.name),
        position=data.position,
        purpose="general",
        visibility=data.visibility,
        is_open=_opened(data.visibility, parent.is_open if parent else False),
    )
    session.add(folder)
    await session.flush()
    events.record(session, actor, "folder.created", folder, relation_id=dossier.relation_id, name=folder.name)
    return folder


def _opened(visibility: str, parent_is_open: bool) -> bool:
    """Visibility inherits downwards unless a folder says otherwise; at the top it is closed."""
    return parent_is_open if visibility == "inherit" else visibility == "open"


async def change(session: AsyncSession, actor: Actor, folder: Folder, data: FolderUpdate) -> None:
    given = data.given()
    # Alone: what follows for the folders below must not be worked out while one of them changes.
    dossier = await dossiers.lock_open(session, actor, folder.dossier_id, alone="visibility" in given)
    if folder.is_inbox and given.get("visibility", "closed") != "closed":
        raise Conflict("The Inbox is never open to clients.", code="inbox")
    changed = folder.take(given)
    folder.name_key = name_key(folder.name)
    if "visibility" in changed:
        parent_is_open = await session.scalar(
            select(Folder.is_open).where(Folder.office_id == actor.office_id, Folder.id == folder.parent_id)
        )
        folder.is_open = _opened(folder.visibility, bool(parent_is_open))
        await session.flush()
        await _inherit(session, folder)
    if changed:
        events.record(session, actor, "folder.changed", folder, relation_id=dossier.relation_id, fields=changed)


async def _inherit(session: AsyncSession, folder: Folder) -> None:
    """All folders below that say ``inherit``, down to the first that says otherwise, take this one's state."""
    below = (
        select(Folder.id)
        .where(
            Folder.office_id == folder.office_id,
            Folder.parent_id == folder.id,
            Folder.visibility == "inherit",
        )
        .cte("below", recursive=True)
    )
    child = aliased(Folder)
    below = below.union_all(
        select(child.id).where(
            child.office_id == folder.office_id, child.parent_id == below.c.id, child.visibility == "inherit"
        )
    )
    await session.execute(
        update(Folder)
        .where(Folder.office_id == folder.office_id, Folder.id.in_(select(below.c.id)))
        .values(is_open=literal(folder.is_open), version=Folder.version + 1)
    )


async def remove(session: AsyncSession, actor: Actor, folder: Folder) -> None:
    """Only an empty folder that nothing points at goes; bytes are never deleted along with a folder."""
    dossier = await dossiers.lock_open(session, actor, folder.dossier_id)
    if folder.is_inbox:
        raise Conflict("The Inbox can not be deleted.", code="inbox")
    office = actor.office_id
    for model, column, what in (
        (Folder, Folder.parent_id, "folders"),
        (DossierItem, DossierItem.folder_id, "items (those in the bin count too)"),
        (DocumentRequestLine, DocumentRequestLine.folder_id, "document requests that deliver into it"),
    ):
        if await session.scalar(select(exists().where(model.office_id == office, column == folder.id))):
            raise Conflict(f"This folder still has {what}.", code="folder_in_use")
    events.record(session, actor, "folder.deleted", folder, relation_id=dossier.relation_id, name=folder.name)
    await session.delete(folder)
