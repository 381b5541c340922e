"""Taking away what was begun and not finished (storage.md): by who left it, and by the clock."""

from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from app.errors import Problem
from app.services import blobs
from app.storage import Storage

log = structlog.get_logger()


async def reap(db: Database, storage: Storage, office_id: UUID, *, owner: UUID | None = None, limit: int = 100) -> int:
    """Remove blobs whose lease is over: mark, delete in the store, forget the row; each step safe to repeat.

    What the store will not delete stays marked for a later pass, and holds up nothing else. Returns how many went.
    """
    async with db.transaction(office_id) as session:
        taken = await blobs.take_expired(session, office_id, limit, owner)
    gone = 0
    for blob in taken:
        try:
            await storage.delete(blob.object_key, blob.upload_id)
            async with db.transaction(office_id) as session:
                await blobs.forget(session, office_id, blob.id)
            gone += 1
        except (Problem, SQLAlchemyError, OSError) as error:
            log.error("reap_failed", blob=str(blob.id), error=type(error).__name__)
    return gone
