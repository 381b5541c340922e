"""What an upload may leave behind: rows, objects, open uploads; counted in the database and in the store."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from app.db import Database
from app.models import Blob, DossierItem, IdempotencyKey
from app.services import reaper
from app.storage import Storage
from tests.factories.waiting import eventually


async def blobs(db: Database, office_id: UUID) -> list[Blob]:
    async with db.transaction(office_id) as session:
        return list(await session.scalars(select(Blob).where(Blob.office_id == office_id)))


async def pending(db: Database, office_id: UUID, count: int = 1) -> list[Blob]:
    """Wait until so many files of the office are on their way: their rows."""

    async def found() -> list[Blob]:
        rows = [blob for blob in await blobs(db, office_id) if blob.state == "pending"]
        return rows if len(rows) >= count else []

    return await eventually(found, f"{count} files on their way")


async def multipart_begun(db: Database, office_id: UUID) -> Blob:
    """Wait until a file of the office goes out in parts: its row, with the upload's id."""

    async def found() -> Blob | None:
        return next((blob for blob in await blobs(db, office_id) if blob.upload_id), None)

    begun = await eventually(found, "a multipart upload")
    assert begun is not None
    return begun


async def remains(db: Database, storage: Storage, office_id: UUID) -> dict[str, int]:
    """What should not be there, by kind; empty when all is well."""
    rows = {blob.object_key: blob for blob in await blobs(db, office_id)}
    objects = {found.key: found for found in await storage.list(f"{office_id}/")}
    stored = {key: blob for key, blob in rows.items() if blob.state == "stored"}
    counted = {
        "rows that are not stored": len(rows) - len(stored),
        "objects without a row": len(objects.keys() - rows.keys()),
        "stored rows without their whole object": sum(
            1 for key, blob in stored.items() if key not in objects or objects[key].size != blob.size
        ),
        "open uploads": sum([len(await storage.open_uploads(key)) for key in rows]),
    }
    return {what: count for what, count in counted.items() if count}


async def is_clean(db: Database, storage: Storage, office_id: UUID, *keys: str) -> None:
    """Wait until nothing half-done is left of the office, nor an open upload to one of these keys."""

    async def clean() -> bool:
        open_uploads = [await storage.open_uploads(key) for key in keys]
        return not await remains(db, storage, office_id) and not any(open_uploads)

    try:
        await eventually(clean, "nothing left behind")
    except AssertionError:
        raise AssertionError(await remains(db, storage, office_id)) from None


async def end_leases(db: Database, office_id: UUID) -> None:
    """As if every upload of the office had been silent for too long."""
    async with db.transaction(office_id) as session:
        await session.execute(update(Blob).where(Blob.state != "stored").values(lease_until=func.now()))
        over = func.now() - text("interval '1 second'")
        await session.execute(update(IdempotencyKey).values(lease_until=over))


async def reap(db: Database, storage: Storage, office_id: UUID) -> int:
    await end_leases(db, office_id)
    return await reaper.reap(db, storage, office_id)


async def count_items(db: Database, office_id: UUID, **values: Any) -> int:
    async with db.transaction(office_id) as session:
        found = select(func.count()).select_from(DossierItem).filter_by(**values)
        return await session.scalar(found) or 0


def checked_out(db: Database) -> int:
    """Database connections in use at this moment."""
    pool: Any = db.engine.pool
    return int(pool.checkedout())


async def nothing_in_use(db: Database) -> None:
    """Wait until every database connection is back in the pool."""

    async def returned() -> bool:
        return checked_out(db) == 0

    await eventually(returned, "all database connections back")
