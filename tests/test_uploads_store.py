"""Uploads while the store refuses, is silent, is busy, cuts or loses answers (F05-F11, F17, F21)."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.db import Database
from app.settings import Settings
from app.storage import Storage
from tests.factories import Client, Family, Tenant, make_family, make_file, upload
from tests.factories.conversations import begin, send
from tests.factories.proxy import Do, FaultProxy, Rule, always, fault_proxy, once
from tests.factories.raw import Wire, form, part
from tests.factories.remains import blobs, count_items, is_clean, multipart_begun, nothing_in_use, reap, remains
from tests.factories.servers import Served, serve
from tests.factories.waiting import at_once

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

MIB = 1024 * 1024
PATIENCE = 10  # of a busy test machine, with time limits of 0.5 and 1 s; what hangs would hang for ever
SMALL = make_file("a.txt", b"klein")
LARGE = make_file("groot.bin", b"\x01" * 18 * MIB)


@asynccontextmanager
async def behind(settings: Settings, client: Client, **more: float) -> AsyncIterator[tuple[Client, FaultProxy, Served]]:
    """The same person at an API whose store is behind a proxy, with little patience."""
    async with fault_proxy(settings.s3_endpoint) as proxy:
        changes = {"s3_endpoint": proxy.endpoint, "s3_connect_timeout_seconds": 0.5, "s3_read_timeout_seconds": 1}
        changes |= more
        async with serve(settings, **changes) as served, served.like(client) as made:
            proxy.seen.clear()
            yield made, proxy, served


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


async def folder(office: Tenant, family: Family) -> dict[str, str]:
    found: dict[str, str] = (await office.folders(family.vof))["Intern"]
    return found


@pytest.mark.parametrize("file", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("what", [Do.BUSY, Do.HANG, Do.CUT, Do.LOSE])
async def test_always(
    office: Tenant,
    family: Family,
    settings: Settings,
    db: Database,
    storage: Storage,
    what: Do,
    file: tuple[str, object],
) -> None:
    """503 in a bounded time, nothing visible, the key free, and nothing left once the reaper could reach the store."""
    target, headers = await folder(office, family), {"Idempotency-Key": "k"}
    async with behind(settings, office.anna) as (anna, proxy, served):
        proxy.rule = always(what)
        before = time.monotonic()
        answer = await upload(anna, target, file, headers=headers)
        assert time.monotonic() - before < PATIENCE
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert answer.headers["retry-after"]
        await nothing_in_use(served.db)
        proxy.rule = always(Do.PASS)
        again = await upload(anna, target, file, headers=headers)
        assert again.status_code == 201, again.text
    keys = [blob.object_key for blob in await blobs(db, office.id)]
    await reap(db, storage, office.id)
    await is_clean(db, storage, office.id, *keys)
    assert await count_items(db, office.id) == 1


@pytest.mark.parametrize(
    "rule",
    [
        once(Do.BUSY, "PUT"),
        once(Do.LOSE, "PUT"),
        once(Do.CUT, "PUT"),
        once(Do.BUSY, "POST", "uploads"),
        once(Do.BUSY, "POST", "uploadId"),
        once(Do.LOSE, "POST", "uploadId"),
    ],
    ids=["busy", "lost", "cut", "begin busy", "end busy", "end lost"],
)
async def test_once_is_not_noticed(
    office: Tenant, family: Family, settings: Settings, db: Database, storage: Storage, rule: Rule
) -> None:
    """F07, F09, F10."""
    async with behind(settings, office.anna) as (anna, proxy, _):
        proxy.rule = rule
        answer = await upload(anna, await folder(office, family), SMALL, LARGE)
        assert answer.status_code == 201, answer.text
    await is_clean(db, storage, office.id)
    for outcome, file in zip(answer.json()["items"], (SMALL, LARGE), strict=True):
        content = await office.anna.get(f"/v1/dossier-items/{outcome['item']['id']}/content")
        assert content.content == file[1][1]


async def test_refuses(office: Tenant, family: Family, settings: Settings, db: Database, storage: Storage) -> None:
    """F05: 503 at once; what needs no store goes on; and it works again without a restart."""
    target = await folder(office, family)
    async with behind(settings, office.anna) as (anna, proxy, _):
        await proxy.refuse()
        before = time.monotonic()
        answers = await at_once(*(upload(anna, target, LARGE) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {503}
        assert time.monotonic() - before < PATIENCE
        assert (await anna.get("/v1/relations")).status_code == 200
        await proxy.listen()
        assert (await upload(anna, target, LARGE)).status_code == 201
    await reap(db, storage, office.id)
    await is_clean(db, storage, office.id)


async def test_silent_for_one_is_not_so_for_others(office: Tenant, family: Family, settings: Settings) -> None:
    """F06: while uploads wait for the store, everything else answers."""
    target = await folder(office, family)
    async with behind(settings, office.anna, s3_read_timeout_seconds=60) as (anna, proxy, _):
        proxy.rule = always(Do.HANG, "PUT")
        path = f"/v1/folders/{target['id']}/items"
        body = form(part(b"x", "a.txt"))
        wires = [await Wire.post(anna, path, body, len(body)) for _ in range(10)]
        await proxy.hanging.wait()
        reads = await at_once(*(anna.get(path) for _ in range(20)))
        assert {read.status_code for read in reads} == {200}
        proxy.rule = always(Do.BUSY)
        proxy.released.set()
        assert {(await wire.answer())[0] for wire in wires} == {503}


async def test_fails_in_the_middle_of_a_batch(
    office: Tenant, family: Family, settings: Settings, db: Database, storage: Storage
) -> None:
    """A fault of the store is no fault of one file: the batch is refused whole, to be sent again."""
    target = await folder(office, family)
    async with behind(settings, office.anna) as (anna, proxy, _):
        left = [5]

        def fail_later(method: str, path: str) -> Do:
            left[0] -= method == "PUT"
            return Do.BUSY if left[0] < 0 and method == "PUT" else Do.PASS

        proxy.rule = fail_later
        answer = await upload(anna, target, *[make_file(f"{n}.txt", b"x") for n in range(20)])
        assert answer.status_code == 503
        proxy.rule = always(Do.PASS)
    assert await count_items(db, office.id) == 0
    await reap(db, storage, office.id)
    await is_clean(db, storage, office.id)


async def test_a_message_is_not_half_sent(
    office: Tenant, family: Family, settings: Settings, db: Database, storage: Storage
) -> None:
    conversation = await begin(family.henk, family.vof)
    async with behind(settings, family.henk) as (henk, proxy, _):
        proxy.rule = always(Do.BUSY, "PUT")
        assert (await send(henk, conversation["id"], SMALL, LARGE)).status_code == 503
    path = f"/v1/conversations/{conversation['id']}/messages"
    assert (await family.henk.get(path)).json()["items"] == []
    await reap(db, storage, office.id)
    await is_clean(db, storage, office.id)


async def test_client_and_store_leave_together(
    office: Tenant, family: Family, settings: Settings, db: Database, storage: Storage
) -> None:
    """What could not be cleaned up is named by its row; the reaper does it when the store is back."""
    body = form(part(b"\x01" * 20 * MIB, "groot.bin"))
    async with behind(settings, office.anna) as (anna, proxy, _):
        wire = await Wire.post(
            anna, f"/v1/folders/{(await folder(office, family))['id']}/items", body[: 17 * MIB], len(body)
        )
        row = await multipart_begun(db, office.id)
        await proxy.refuse()
        wire.leave(reset=True)
    assert "rows that are not stored" in await remains(db, storage, office.id)
    assert await storage.open_uploads(row.object_key)
    assert await reap(db, storage, office.id) == 1
    await is_clean(db, storage, office.id, row.object_key)
