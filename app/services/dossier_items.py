"""Documents in folders: filling route 3 (domain rules 14-17), reading, renaming, moving, the bin."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, ActorKind, visible
from app.errors import Conflict, FieldError, Invalid, NotFound, Problem, TooLarge, invalid
from app.file_types import misfit
from app.models import Blob, Dossier, DossierItem, Folder
from app.schemas.dossier_items import (
    DossierItemQuery,
    DossierItemStaffRead,
    DossierItemUpdate,
    UploadOutcome,
    UploadOutcomes,
)
from app.services import dossiers, events
from app.services.uploads import Received, Upload
from app.text import fold, name_key

SORTS = {"name": (DossierItem.name_key,), "created_at": (DossierItem.created_at,)}
FOLDER_GONE = "The folder is gone, or it is not yours to see."
WITH_BLOB = joinedload(DossierItem.blob)


def find_all(actor: Actor, query: DossierItemQuery) -> Select[DossierItem]:
    found = visible(actor, DossierItem).options(WITH_BLOB)
    binned = DossierItem.binned_at.is_not(None) if query.binned else DossierItem.binned_at.is_(None)
    found = found.where(binned)
    if query.q:
        found = found.where(DossierItem.name_key.contains(fold(query.q), autoescape=True))
    return found


async def check_folder(session: AsyncSession, actor: Actor, folder_id: UUID) -> None:
    """Before a long upload into it: is the folder there and its dossier open? ``add_batch`` asks again, with a lock."""
    mine = visible(actor, Folder).where(Folder.id == folder_id).options(joinedload(Folder.dossier))
    folder = await session.scalar(mine)
    if folder is None:
        raise NotFound(FOLDER_GONE)
    dossiers.check_open(folder.dossier)


async def lock_folder(session: AsyncSession, actor: Actor, folder_id: UUID) -> tuple[Folder, Dossier]:
    """The folder and its dossier as they are now, held until the end (AZ-06). The dossier first, as everywhere."""
    mine = visible(actor, Folder).where(Folder.id == folder_id)
    if (dossier_id := await session.scalar(mine.with_only_columns(Folder.dossier_id))) is not None:
        dossier = await dossiers.lock_open(session, actor, dossier_id)
        if (folder := await session.scalar(mine.with_for_update(read=True, of=Folder))) is not None:
            return folder, dossier
    raise NotFound(FOLDER_GONE)


def add(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    folder_id: UUID,
    received: Received,
    blob: Blob,
    *,
    origin: str,
    message_id: UUID | None = None,
    request_line_id: UUID | None = None,
) -> DossierItem:
    """Show one stored file in a folder."""
    item = DossierItem(
        office_id=actor.office_id,
        dossier_id=dossier.id,
        folder_id=folder_id,
        blob_id=blob.id,
        blob=blob,
        message_id=message_id,
        request_line_id=request_line_id,
        name=received.name,
        name_key=name_key(received.name),
        origin=origin,
    )
    session.add(item)
    return item


async def add_batch(session: AsyncSession, actor: Actor, folder_id: UUID, upload: Upload) -> UploadOutcomes:
    """Each file by itself, with its own outcome; a problem when none was stored."""
    if not upload.files:
        raise invalid("/files", "no_files", "Send at least one part named `files` with a filename.")
    if not upload.stored:
        raise refusal(upload.files)
    folder, dossier = await lock_folder(session, actor, folder_id)
    origin = "integration" if actor.kind is ActorKind.API_KEY else "upload"
    items: dict[int, DossierItem] = {}
    for received, blob in await upload.store(session):
        items[received.index] = add(session, actor, dossier, folder.id, received, blob, origin=origin)
    await session.flush()
    for item in items.values():
        events.record(
            session, actor, "dossier_item.stored", item, relation_id=dossier.relation_id, visible=True, name=item.name
        )
    return UploadOutcomes(items=[_outcome(received, items.get(received.index)) for received in upload.files])


def _outcome(received: Received, item: DossierItem | None) -> UploadOutcome:
    return UploadOutcome(
        index=received.index,
        name=received.name,
        status="stored" if item else "refused",
        item=DossierItemStaffRead.model_validate(item) if item else None,
        problem=received.problem.as_dict() if received.problem else None,
    )


def refusal(files: Sequence[Received]) -> Problem:
    """The problem of a request whose files were refused, each named by its place."""
    refused = [(received, received.problem) for received in files if received.problem]
    errors = [FieldError(f"/files/{received.index}", problem.code, problem.detail) for received, problem in refused]
    family = TooLarge if all(isinstance(problem, TooLarge) for _, problem in refused) else Invalid
    return family(errors[0].detail, code=errors[0].code, errors=errors[:100])


async def change(session: AsyncSession, actor: Actor, item: DossierItem, data: DossierItemUpdate) -> None:
    given = data.given()
    dossier = await dossiers.lock_open(session, actor, item.dossier_id)
    check_name(item, given.get("name"))
    if "folder_id" in given:
        await _check_target(session, actor, item, given["folder_id"])
    before = {"name": item.name, "folder_id": str(item.folder_id)}
    changed = item.take(given)
    item.name_key = name_key(item.name)
    if changed:
        events.record(
            session,
            actor,
            "dossier_item.changed",
            item,
            relation_id=dossier.relation_id,
            fields=changed,
            before=before,
        )


def check_name(item: DossierItem, name: str | None, pointer: str = "/name") -> None:
    """A new name must fit the content, as it had to when the file came in."""
    if name not in (None, item.name) and (found := misfit(name, item.media_type)):
        raise invalid(pointer, found.code, found.detail)


async def _check_target(session: AsyncSession, actor: Actor, item: DossierItem, folder_id: UUID) -> None:
    """A folder of the same dossier. In and out of the Inbox leads only a decision: see ``inbox.route``."""
    both = visible(actor, Folder).where(
        Folder.id.in_((folder_id, item.folder_id)), Folder.dossier_id == item.dossier_id
    )
    found = {folder.id: folder for folder in await session.scalars(both.with_for_update(read=True, of=Folder))}
    if folder_id not in found:
        raise invalid("/folder_id", "unknown", "There is no such folder in this item's dossier.")
    if folder_id != item.folder_id and any(folder.is_inbox for folder in found.values()):
        raise Conflict("What is in the Inbox is routed, and nothing is moved into it.", code="inbox")


async def put_in_bin(session: AsyncSession, actor: Actor, item: DossierItem) -> None:
    if item.binned_at is not None:
        raise Conflict("This item is in the bin already.", code="binned")
    dossier = await dossiers.lock_open(session, actor, item.dossier_id)
    item.binned_at = datetime.now(UTC)
    events.record(session, actor, "dossier_item.binned", item, relation_id=dossier.relation_id, name=item.name)


async def restore(session: AsyncSession, actor: Actor, item: DossierItem) -> None:
    if item.binned_at is None:
        raise Conflict("This item is not in the bin.", code="not_binned")
    dossier = await dossiers.lock_open(session, actor, item.dossier_id)
    item.binned_at = None
    events.record(session, actor, "dossier_item.restored", item, relation_id=dossier.relation_id, name=item.name)
