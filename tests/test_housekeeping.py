"""Nothing half-stored stays, nothing that is over is kept, nothing that is shown is lost (storage.md; F27, F45)."""

import zlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update

from app.crypto import Token
from app.db import Database
from app.models import Attachment, AuthToken, Blob, DossierItem, IdempotencyKey, RateLimit
from app.services import blobs, housekeeping, reaper
from app.settings import Settings
from app.storage import Storage, new_key
from tests.factories import Family, Tenant, make_family, make_file, upload
from tests.factories.conversations import begin, send
from tests.factories.proxy import Do, always, fault_proxy
from tests.factories.raw import Wire, form, part
from tests.factories.remains import count_items, end_leases, is_clean, pending, remains
from tests.factories.servers import serve
from tests.factories.waiting import at_once, eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

NOW = timedelta()


async def abandoned(db: Database, storage: Storage, office: Tenant, count: int = 1) -> list[Blob]:
    """Rows whose process died: one object, one upload begun, alternately; their leases are over."""
    async with db.transaction(office.id) as session:
        rows = blobs.reserve(session, office.id, uuid4(), count, 60)
    for place, row in enumerate(rows):
        if place % 2:
            upload_id = await storage.start_upload(row.object_key)
            async with db.transaction(office.id) as session:
                await blobs.name_upload(session, office.id, row.id, upload_id)
        else:
            await storage.put(row.object_key, [b"loose"], 5, zlib.crc32(b"loose"))
    await end_leases(db, office.id)
    return rows


async def bin_days_ago(db: Database, office: Tenant, item_id: str, days: int) -> None:
    async with db.transaction(office.id) as session:
        await session.execute(
            update(DossierItem)
            .where(DossierItem.id == UUID(item_id))
            .values(binned_at=func.now() - timedelta(days=days, minutes=1))
        )


class TestReaper:
    async def test_removes_what_died(self, office: Tenant, db: Database, storage: Storage, settings: Settings) -> None:
        rows = await abandoned(db, storage, office, 4)
        assert await housekeeping.reap(db, storage, settings) >= 4
        await is_clean(db, storage, office.id, *(row.object_key for row in rows))
        assert await storage.list(f"{office.id}/") == []

    async def test_who_is_told_to_stop_leaves_the_rest(
        self, office: Tenant, db: Database, storage: Storage, settings: Settings, alone: None
    ) -> None:
        """A worker that ends need not go over all offices first."""
        await abandoned(db, storage, office, 1)
        assert await housekeeping.reap(db, storage, settings, is_over=lambda: True) == 0
        assert await housekeeping.reap(db, storage, settings) >= 1

    async def test_leaves_what_lives(self, office: Tenant, db: Database, storage: Storage) -> None:
        async with db.transaction(office.id) as session:
            (row,) = blobs.reserve(session, office.id, uuid4(), 1, 60)
        await storage.put(row.object_key, [b"alive"], 5, zlib.crc32(b"alive"))
        assert await reaper.reap(db, storage, office.id) == 0
        assert await storage.size_of(row.object_key) == 5

    async def test_never_takes_what_is_stored(self, office: Tenant, db: Database, storage: Storage) -> None:
        folder = (await office.folders(await office.relation()))["Intern"]
        await upload(office.anna, folder)
        async with db.transaction(office.id) as session:
            await session.execute(update(Blob).values(lease_until=func.now() - timedelta(days=400)))
        assert await reaper.reap(db, storage, office.id) == 0
        assert await remains(db, storage, office.id) == {}

    async def test_two_at_once(self, office: Tenant, db: Database, storage: Storage) -> None:
        rows = await abandoned(db, storage, office, 30)
        assert sum(await at_once(*(reaper.reap(db, storage, office.id) for _ in range(4)))) == 30
        await is_clean(db, storage, office.id, *(row.object_key for row in rows))

    async def test_died_between_its_steps(self, office: Tenant, db: Database, storage: Storage) -> None:
        """F45: marked, or the object gone already: the next one goes on when the mark is over."""
        rows = await abandoned(db, storage, office, 2)
        async with db.transaction(office.id) as session:
            assert len(await blobs.take_expired(session, office.id, 10)) == 2
        await storage.delete(rows[0].object_key)
        assert await reaper.reap(db, storage, office.id) == 0
        await end_leases(db, office.id)
        assert await reaper.reap(db, storage, office.id) == 2
        await is_clean(db, storage, office.id, *(row.object_key for row in rows))

    async def test_while_the_store_is_down(
        self, office: Tenant, db: Database, storage: Storage, settings: Settings
    ) -> None:
        """A row goes only after its object."""
        await abandoned(db, storage, office, 2)
        async with fault_proxy(settings.s3_endpoint) as proxy:
            proxy.rule = always(Do.BUSY)
            behind = Storage(settings.model_copy(update={"s3_endpoint": proxy.endpoint}))
            assert await reaper.reap(db, behind, office.id) == 0
            behind.close()
        async with db.transaction(office.id) as session:
            assert await session.scalar(select(func.count()).select_from(Blob)) == 2
        await end_leases(db, office.id)
        assert await reaper.reap(db, storage, office.id) == 2
        await is_clean(db, storage, office.id)


class TestBin:
    async def test_is_emptied_after_its_time(
        self, office: Tenant, db: Database, storage: Storage, settings: Settings
    ) -> None:
        folder = (await office.folders(await office.relation()))["Intern"]
        outcomes = (await upload(office.anna, folder, *[make_file(f"{n}.pdf") for n in range(3)])).json()["items"]
        old, young, kept = (outcome["item"]["id"] for outcome in outcomes)
        await bin_days_ago(db, office, old, settings.bin_days)
        await bin_days_ago(db, office, young, settings.bin_days - 1)
        await housekeeping.reap(db, storage, settings)
        assert (await office.anna.get(f"/v1/dossier-items/{old}")).status_code == 404
        for item in (young, kept):
            assert (await office.anna.get(f"/v1/dossier-items/{item}/content")).status_code == 200
        assert len(await storage.list(f"{office.id}/")) == 2
        assert await remains(db, storage, office.id) == {}

    async def test_keeps_what_a_message_still_shows(
        self, office: Tenant, db: Database, storage: Storage, settings: Settings
    ) -> None:
        family: Family = await make_family(office)
        conversation = await begin(family.henk, family.vof)
        message = (await send(family.henk, conversation["id"], make_file())).json()
        (item,) = (await office.anna.get("/v1/inbox")).json()["items"]
        await office.anna.post(f"/v1/inbox/{item['id']}/refuse", json={"reason": "x"})
        await bin_days_ago(db, office, item["id"], settings.bin_days)
        await housekeeping.reap(db, storage, settings)
        assert await count_items(db, office.id) == 0
        path = f"/v1/messages/{message['id']}/attachments/{message['attachments'][0]['id']}/content"
        assert (await family.henk.get(path)).status_code == 200
        async with db.transaction(office.id) as session:
            assert await session.scalar(select(func.count()).select_from(Attachment)) == 1
        assert await remains(db, storage, office.id) == {}

    async def test_against_a_restore(self, office: Tenant, db: Database, storage: Storage, settings: Settings) -> None:
        folder = (await office.folders(await office.relation()))["Intern"]
        for _ in range(5):
            item = (await upload(office.anna, folder)).json()["items"][0]["item"]
            await bin_days_ago(db, office, item["id"], settings.bin_days)
            calls: list[Any] = [
                office.anna.post(f"/v1/dossier-items/{item['id']}/restore"),
                housekeeping.reap(db, storage, settings),
            ]
            restored, _ = await at_once(*calls)
            content = await office.anna.get(f"/v1/dossier-items/{item['id']}/content")
            assert (restored.status_code, content.status_code) in ((200, 200), (404, 404), (412, 404))
            assert await remains(db, storage, office.id) == {}


class TestSweep:
    async def test_loose_objects_go_when_they_are_old(self, office: Tenant, db: Database, storage: Storage) -> None:
        key = new_key(office.id)
        await storage.put(key, [b"loose"], 5, zlib.crc32(b"loose"))
        await housekeeping.sweep(db, storage)
        assert await storage.size_of(key) == 5
        assert (await housekeeping.sweep(db, storage, NOW))["loose"] >= 1
        assert await storage.size_of(key) is None

    async def test_what_has_a_row_stays(self, office: Tenant, db: Database, storage: Storage) -> None:
        folder = (await office.folders(await office.relation()))["Intern"]
        await upload(office.anna, folder)
        async with db.transaction(office.id) as session:
            (row,) = blobs.reserve(session, office.id, uuid4(), 1, 60)
        await storage.put(row.object_key, [b"alive"], 5, zlib.crc32(b"alive"))
        await housekeeping.sweep(db, storage, NOW)
        assert len(await storage.list(f"{office.id}/")) == 2

    async def test_a_missing_object_is_an_alarm_and_no_delete(
        self, office: Tenant, db: Database, storage: Storage
    ) -> None:
        """F14."""
        folder = (await office.folders(await office.relation()))["Intern"]
        await upload(office.anna, folder)
        (found,) = await storage.list(f"{office.id}/")
        await storage.delete(found.key)
        assert (await housekeeping.sweep(db, storage))["missing"] >= 1
        assert await count_items(db, office.id) == 1


async def test_what_is_over_expires(office: Tenant, db: Database, settings: Settings) -> None:
    """F27: answers are kept as long as clients may repeat, sessions until they end."""
    relation = await office.relation()
    for key in ("old", "young"):
        body = {"relation_id": relation["id"], "subject": key}
        await office.anna.post("/v1/conversations", json=body, headers={"Idempotency-Key": key})
    ended = Token.make("ords", office.id)
    async with db.transaction(office.id) as session:
        age = timedelta(hours=settings.idempotency_hours, minutes=1)
        old = update(IdempotencyKey).where(IdempotencyKey.key == "old")
        await session.execute(old.values(created_at=func.now() - age))
        session.add(
            AuthToken(
                office_id=office.id, token_hash=ended.hash, expires_at=text("now()"), team_member_id=office.anna_id
            )
        )
    async with db.transaction(None) as session:
        session.add(RateLimit(key=uuid4().bytes, count=1, resets_at=text("now() - interval '1 hour'")))
    await housekeeping.expire(db, settings)
    async with db.transaction(office.id) as session:
        assert list(await session.scalars(select(IdempotencyKey.key))) == ["young"]
        assert ended.hash not in list(await session.scalars(select(AuthToken.token_hash)))
        over = select(func.count()).select_from(RateLimit).where(RateLimit.resets_at < func.now())
        assert await session.scalar(over) == 0
    assert (await office.anna.get("/v1/me")).status_code == 200


async def test_a_lease_is_renewed_while_the_upload_lives(office: Tenant, db: Database, settings: Settings) -> None:
    """F44: a slow upload outlives its lease."""
    folder = (await office.folders(await office.relation()))["Intern"]
    body = form(part(b"x" * 1000, "a.txt"))
    async with serve(settings, lease_seconds=1) as served, served.like(office.anna) as anna:
        wire = await Wire.post(anna, f"/v1/folders/{folder['id']}/items", body[:500], len(body))
        (row,) = await pending(db, office.id)

        async def renewed() -> bool:
            async with db.transaction(office.id) as session:
                found = await session.get_one(Blob, (office.id, row.id))
                return found.lease_until > row.lease_until + timedelta(seconds=1)

        await eventually(renewed, "a lease renewed twice over")
        assert await reaper.reap(db, served.storage, office.id) == 0
        await wire.send(body[500:])
        assert (await wire.answer())[0] == 201
