"""What the worker does by the clock: nothing half-stored stays, nothing that is over is kept (storage.md)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import idempotency
from app.access import Actor
from app.db import Database
from app.errors import Problem
from app.models import AuthToken, Blob, DossierItem, Invitation, RateLimit
from app.services import blobs, events, imports, offices, reaper, relation_gaps
from app.settings import Settings
from app.storage import Storage

log = structlog.get_logger()

BATCH = 100
LOOSE_AFTER = timedelta(hours=24)
MANY = 100
IsOver = Callable[[], bool]


def never() -> bool:
    return False


async def each_office(db: Database, work: Callable[[UUID], Awaitable[None]], is_over: IsOver) -> None:
    """The trouble of one office holds up no other; who is told to stop leaves the rest to the next time."""
    for office_id in await offices.all_ids(db):
        if is_over():
            return
        try:
            await work(office_id)
        except (Problem, SQLAlchemyError, OSError) as error:
            log.error("housekeeping_failed", office=str(office_id), error=type(error).__name__)


async def reap(db: Database, storage: Storage, settings: Settings, is_over: IsOver = never) -> int:
    """Binned items past their time, then blobs whose lease is over; any number of workers at once."""
    reaped = 0

    async def work(office_id: UUID) -> None:
        nonlocal reaped
        async with db.transaction(office_id) as session:
            await _empty_bin(session, office_id, settings)
        while not is_over() and (count := await reaper.reap(db, storage, office_id, limit=BATCH)) > 0:
            reaped += count

    await each_office(db, work, is_over)
    return reaped


async def _empty_bin(session: AsyncSession, office_id: UUID, settings: Settings) -> None:
    """The one thing that can not be undone stands in the history too."""
    over = func.now() - timedelta(days=settings.bin_days)
    gone = (
        select(DossierItem)
        .where(DossierItem.office_id == office_id, DossierItem.binned_at.is_not(None), DossierItem.binned_at < over)
        .options(joinedload(DossierItem.dossier))
        .limit(1000)
        .with_for_update(skip_locked=True, of=DossierItem)
    )
    items = list(await session.scalars(gone))
    system = Actor.system(office_id)
    for item in items:
        events.record(
            session, system, "dossier_item.removed", item, relation_id=item.dossier.relation_id, name=item.name
        )
        await session.delete(item)
    await session.flush()
    if items:
        await blobs.release_unused(session, office_id, [item.blob_id for item in items])


async def check_gaps(db: Database, is_over: IsOver = never) -> None:
    """What is missing in the relations that changed, so that no question has to wait for many of them."""
    await each_office(db, lambda office_id: relation_gaps.check_all(db, office_id, is_over), is_over)


async def expire(db: Database, settings: Settings, is_over: IsOver = never) -> None:
    """Kept answers, sessions, invitations and counters that nobody can use any more."""

    async def work(office_id: UUID) -> None:
        async with db.transaction(office_id) as session:
            await session.execute(idempotency.expired(office_id, settings.idempotency_hours))
            for model in (AuthToken, Invitation):
                over = delete(model).where(model.office_id == office_id, model.expires_at < func.now())
                await session.execute(over)
            await imports.expire(session, office_id, timedelta(days=settings.import_days))

    await each_office(db, work, is_over)
    async with db.transaction(None) as session:
        await session.execute(delete(RateLimit).where(RateLimit.resets_at < func.now()))


async def sweep(
    db: Database, storage: Storage, loose_after: timedelta = LOOSE_AFTER, is_over: IsOver = never
) -> dict[str, int]:
    """Compare store and rows, office by office: a loose object older than a day goes; a stored row without its object
    is an alarm, never a delete."""
    found = {"loose": 0, "missing": 0}

    async def work(office_id: UUID) -> None:
        loose, missing = await _compare(db, storage, office_id, datetime.now(UTC) - loose_after)
        found["loose"] += loose
        found["missing"] += missing

    await each_office(db, work, is_over)
    log.info("swept", **found)
    return found


async def _compare(db: Database, storage: Storage, office_id: UUID, old: datetime) -> tuple[int, int]:
    objects = {stored.key: stored for stored in await storage.list(f"{office_id}/")}
    # Rows after objects: a file that is stored meanwhile has its row, one that is pending has it even longer.
    async with db.transaction(office_id) as session:
        rows = await session.execute(select(Blob.object_key, Blob.state).where(Blob.office_id == office_id))
        states = {row.object_key: row.state for row in rows}
    loose = [key for key in objects.keys() - states.keys() if objects[key].modified_at < old]
    if len(loose) > max(MANY, len(objects) // 100):
        # An old backup, or a copy of the database beside the living bucket, looks just like this.
        log.error("many_loose_objects", office=str(office_id), count=len(loose))
        return 0, 0
    for key in loose:
        await storage.delete(key)
    missing = [key for key in states.keys() - objects.keys() if states[key] == "stored"]
    gone = [key for key in missing if await storage.size_of(key) is None]
    for key in gone:
        log.error("object_missing", key=key)
    return len(loose), len(gone)
