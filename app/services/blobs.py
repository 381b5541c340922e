"""Rows of the write protocol: reserved before the first byte goes out, stored with the change that shows the file."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import column, delete, func, select, update, values
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.errors import Conflict
from app.models import Attachment, Blob, DossierItem
from app.storage import new_key

# What is found out about a file while it passes.
FACTS = ("size", "sha256", "crc32", "media_type", "declared_type")


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
    """Rows that the final transaction holds by now are left to it: the two must not wait for each other."""
    mine = (
        select(Blob.id)
        .where(Blob.office_id == office_id, Blob.owner == owner, Blob.state == "pending")
        .with_for_update(skip_locked=True)
    )
    await session.execute(
        update(Blob)
        .where(Blob.office_id == office_id, Blob.id.in_(mine))
        .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
    )


async def store(
    session: AsyncSession, office_id: UUID, owner: UUID, facts: dict[UUID, dict[str, Any]]
) -> dict[UUID, Blob]:
    """Pending becomes stored, all in one statement, if they are still ours; Conflict where a reaper took one."""
    if not facts:
        return {}
    columns = [column(name, Blob.__table__.c[name].type) for name in ("id", *FACTS)]
    given = values(*columns, name="given").data([(key, *(fact[name] for name in FACTS)) for key, fact in facts.items()])
    changed = (
        update(Blob)
        .where(Blob.office_id == office_id, Blob.owner == owner, Blob.state == "pending", Blob.id == given.c.id)
        .values(state="stored", upload_id=None, **{name: given.c[name] for name in FACTS})
        .returning(Blob)
        .execution_options(synchronize_session=False)
    )
    stored = {blob.id: blob for blob in await session.scalars(changed)}
    if len(stored) != len(facts):
        raise Conflict("The upload was silent for too long and was given up; send it again.", code="upload_lost")
    return stored


async def discard(session: AsyncSession, office_id: UUID, blob_ids: Sequence[UUID]) -> None:
    """Rows that were reserved and never used: there is nothing in the store to look for."""
    await session.execute(
        delete(Blob).where(Blob.office_id == office_id, Blob.id.in_(blob_ids), Blob.state == "pending")
    )


async def known(session: AsyncSession, office_id: UUID, blob_ids: Sequence[UUID]) -> set[UUID]:
    """Those that still have their row."""
    return set(await session.scalars(select(Blob.id).where(Blob.office_id == office_id, Blob.id.in_(blob_ids))))


async def give_up(session: AsyncSession, office_id: UUID, owner: UUID) -> None:
    """What is still pending of this upload is for the reaper, now."""
    await session.execute(
        update(Blob)
        .where(Blob.office_id == office_id, Blob.owner == owner, Blob.state != "stored")
        .values(lease_until=func.now())
    )


async def take_expired(session: AsyncSession, office_id: UUID, limit: int, owner: UUID | None = None) -> list[Blob]:
    """Mark blobs whose lease is over as ours to delete; other reapers skip them meanwhile."""
    lease = func.now() + timedelta(minutes=5)
    expired = (
        select(Blob)
        .where(Blob.office_id == office_id, Blob.state != "stored", Blob.lease_until <= func.now())
        .order_by(Blob.lease_until)
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
