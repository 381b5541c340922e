"""Rows of the write protocol: reserved before the first byte goes out, stored with the change that shows the file."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.errors import Conflict
from app.models import Attachment, Blob, DossierItem
from app.storage import new_key


def reserve(session: AsyncSession, office_id: UUID, owner: UUID, count: int, lease_seconds: int) -> list[Blob]:
    """Pending rows with fresh random keys; the reaper takes what is left of them when the lease is over."""
    blobs = [
        Blob(
            id=uuid7(),
            office_id=office_id,
            object_key=new_key(office_id),
            owner=owner,
            lease_until=func.now() + timedelta(seconds=lease_seconds),
        )
        for _ in range(count)
    ]
    session.add_all(blobs)
    return blobs


async def name_upload(session: AsyncSession, office_id: UUID, blob_id: UUID, upload_id: str) -> None:
    await session.execute(
        update(Blob).where(Blob.office_id == office_id, Blob.id == blob_id).values(upload_id=upload_id)
    )


async def renew(session: AsyncSession, office_id: UUID, owner: UUID, lease_seconds: int) -> None:
    await session.execute(
        update(Blob)
        .where(Blob.office_id == office_id, Blob.owner == owner, Blob.state == "pending")
        .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
    )


async def store(session: AsyncSession, office_id: UUID, owner: UUID, blob_id: UUID, **facts: Any) -> None:
    """Pending becomes stored, if it is still ours; Conflict where a reaper took it because the lease was over."""
    changed = await session.execute(
        update(Blob)
        .where(Blob.office_id == office_id, Blob.id == blob_id, Blob.owner == owner, Blob.state == "pending")
        .values(state="stored", upload_id=None, **facts)
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount != 1:
        raise Conflict("The upload was silent for too long and was given up; send it again.", code="upload_lost")


async def give_up(session: AsyncSession, office_id: UUID, owner: UUID) -> None:
    """What is still pending of this upload is for the reaper, now."""
    await session.execute(
        update(Blob)
        .where(Blob.office_id == office_id, Blob.owner == owner, Blob.state == "pending")
        .values(lease_until=func.now())
    )


async def take_expired(session: AsyncSession, office_id: UUID, limit: int, owner: UUID | None = None) -> list[Blob]:
    """Mark blobs whose lease is over as ours to delete; other reapers skip them meanwhile."""
    lease = func.now() + timedelta(minutes=5)
    expired = (
        select(Blob)
        .where(Blob.office_id == office_id, Blob.state != "stored", Blob.lease_until <= func.now())
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if owner:
        expired = expired.where(Blob.owner == owner)
    blobs = list(await session.scalars(expired))
    for blob in blobs:
        blob.state = "deleting"
        blob.lease_until = lease  # a reaper that dies here leaves it to the next one, later
    return blobs


async def forget(session: AsyncSession, office_id: UUID, blob_id: UUID) -> None:
    await session.execute(delete(Blob).where(Blob.office_id == office_id, Blob.id == blob_id, Blob.state == "deleting"))


async def release_unused(session: AsyncSession, office_id: UUID, blob_ids: list[UUID]) -> None:
    """Stored blobs that no item and no attachment shows any more go the reaper's way."""
    used = select(DossierItem.blob_id).where(DossierItem.office_id == office_id, DossierItem.blob_id.in_(blob_ids))
    sent = select(Attachment.blob_id).where(Attachment.office_id == office_id, Attachment.blob_id.in_(blob_ids))
    await session.execute(
        update(Blob)
        .where(Blob.office_id == office_id, Blob.id.in_(blob_ids), Blob.id.not_in(used), Blob.id.not_in(sent))
        .values(state="deleting", lease_until=func.now())
    )
