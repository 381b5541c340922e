"""What the worker does by the clock: nothing half-stored stays, nothing that is over is kept (storage.md)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import idempotency
from app.db import Database
from app.models import AuthToken, Blob, DossierItem, Invitation, RateLimit
from app.services import blobs, offices, uploads
from app.settings import Settings
from app.storage import Storage

log = structlog.get_logger()

BATCH = 100
LOOSE_AFTER = timedelta(hours=24)


async def reap(db: Database, storage: Storage, settings: Settings) -> int:
    """Binned items past their time, then blobs whose lease is over; any number of workers at once."""
    reaped = 0
    for office_id in await offices.all_ids(db):
        async with db.transaction(office_id) as session:
            await _empty_bin(session, office_id, settings)
        while (count := await uploads.reap(db, storage, office_id, limit=BATCH)) > 0:
            reaped += count
    return reaped


async def _empty_bin(session: AsyncSession, office_id: UUID, settings: Settings) -> None:
    over = func.now() - timedelta(days=settings.bin_days)
    gone = select(DossierItem.id).where(
        DossierItem.office_id == office_id, DossierItem.binned_at.is_not(None), DossierItem.binned_at < over
    )
    removed = delete(DossierItem).where(
        DossierItem.office_id == office_id,
        DossierItem.id.in_(gone.limit(1000).with_for_update(skip_locked=True)),
    )
    blob_ids = list(await session.scalars(removed.returning(DossierItem.blob_id)))
    if blob_ids:
        await blobs.release_unused(session, office_id, blob_ids)


async def expire(db: Database, settings: Settings) -> None:
    """Kept answers, sessions, invitations and counters that nobody can use any more."""
    for office_id in await offices.all_ids(db):
        async with db.transaction(office_id) as session:
            await session.execute(idempotency.expired(office_id, settings.idempotency_hours))
            for model in (AuthToken, Invitation):
                over = delete(model).where(model.office_id == office_id, model.expires_at < func.now())
                await session.execute(over)
    async with db.transaction(None) as session:
        await session.execute(delete(RateLimit).where(RateLimit.resets_at < func.now()))


async def sweep(db: Database, storage: Storage, loose_after: timedelta = LOOSE_AFTER) -> dict[str, int]:
    """Compare store and rows, office by office: a loose object older than a day goes; a stored row without its object
    is an alarm, never a delete."""
    loose = missing = 0
    for office_id in await offices.all_ids(db):
        objects = {found.key: found for found in await storage.list(f"{office_id}/")}
        # Rows after objects: a file that is stored meanwhile has its row, one that is pending has it even longer.
        async with db.transaction(office_id) as session:
            rows = await session.execute(select(Blob.object_key, Blob.state).where(Blob.office_id == office_id))
            states = {row.object_key: row.state for row in rows}
        old = datetime.now(UTC) - loose_after
        for key in objects.keys() - states.keys():
            if objects[key].modified_at < old:
                await storage.delete(key)
                loose += 1
        for key in states.keys() - objects.keys():
            if states[key] == "stored" and await storage.size_of(key) is None:
                log.error("object_missing", key=key)
                missing += 1
    log.info("swept", loose=loose, missing=missing)
    return {"loose": loose, "missing": missing}
