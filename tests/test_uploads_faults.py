"""Uploads that go wrong: whatever happens, a refused request leaves nothing (F01, F20, F21, F28, F31-F34; DOM-07)."""

import asyncio
import threading
from contextlib import suppress

import httpx
import pytest

from app.db import Database
from app.settings import Settings
from app.storage import Storage
from tests.factories import Client, Tenant, make_file, upload
from tests.factories.raw import CONTENT_TYPE, END, Wire, form, part
from tests.factories.remains import count_items, is_clean, multipart_begun, nothing_in_use, pending
from tests.factories.servers import serve
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

MIB = 1024 * 1024
SMALL = form(part(b"x" * 5000, "a.txt"), part(b"y" * 5000, "b.txt"))
LARGE = form(part(b"\x01" * 20 * MIB, "groot.bin"))


@pytest.fixture
async def path(office: Tenant) -> str:
    folder = (await office.folders(await office.relation()))["Intern"]
    return f"/v1/folders/{folder['id']}/items"


class TestClientVanishes:
    @pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
    @pytest.mark.parametrize("at", [0, 1, 60, 120, 3000, 5200, len(SMALL) - 3, len(SMALL) - 1])
    async def test_from_a_small_upload(
        self, office: Tenant, path: str, db: Database, storage: Storage, at: int, reset: bool
    ) -> None:
        """F01: nothing stored, nothing held."""
        wire = await Wire.post(office.anna, path, SMALL[:at], len(SMALL))
        if at > 120:
            await pending(db, office.id)
        wire.leave(reset=reset)
        await nothing_in_use(db)
        await is_clean(db, storage, office.id)
        assert await count_items(db, office.id) == 0

    @pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
    async def test_from_a_large_one(
        self, office: Tenant, path: str, db: Database, storage: Storage, reset: bool
    ) -> None:
        """Parts are on their way and the upload is open: it is ended, at once."""
        wire = await Wire.post(office.anna, path, LARGE[: 18 * MIB], len(LARGE))
        row = await multipart_begun(db, office.id)
        assert await storage.open_uploads(row.object_key)
        wire.leave(reset=reset)
        await is_clean(db, storage, office.id, row.object_key)
        assert await storage.list(f"{office.id}/") == []
        await nothing_in_use(db)

    async def test_many_at_once(self, office: Tenant, path: str, db: Database, storage: Storage) -> None:
        """F21: no thread, task or connection is left of them; the next client is served."""
        assert (await upload(office.anna, {"id": path.split("/")[3]})).status_code == 201
        tasks = len(asyncio.all_tasks())

        async def vanish(place: int) -> None:
            body, cut = (LARGE, 9 * MIB + place) if place % 10 == 0 else (SMALL, 200 * place + 1)
            wire = await Wire.post(office.anna, path, body[:cut], len(body))
            wire.leave(reset=place % 2 == 0)

        await asyncio.gather(*(vanish(place) for place in range(50)))
        await is_clean(db, storage, office.id)
        await nothing_in_use(db)

        async def gone() -> bool:
            return len(asyncio.all_tasks()) <= tasks

        await eventually(gone, "no task is left")
        assert sum(thread.name.startswith("s3") for thread in threading.enumerate()) <= 48
        assert (await upload(office.anna, {"id": path.split("/")[3]})).status_code == 201
        assert await count_items(db, office.id) == 2


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (SMALL[: -len(END)], "incomplete"),
            (SMALL[:-4], "incomplete"),
            (SMALL.replace(END, b"--b0undary\r\n"), "incomplete"),
            (SMALL[:50], "incomplete"),
            (b"", "incomplete"),
            (b"geen formulier", "multipart_malformed"),
            (SMALL + b"x" * MIB, "multipart_malformed"),
        ],
    )
    async def test_that_are_not_whole(
        self, office: Tenant, path: str, db: Database, storage: Storage, body: bytes, code: str
    ) -> None:
        """FI-03, F33."""
        answer = await office.anna.post(path, content=body, headers={"Content-Type": CONTENT_TYPE})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert await count_items(db, office.id) == 0
        await is_clean(db, storage, office.id)

    async def test_shorter_than_announced(self, office: Tenant, path: str, db: Database, storage: Storage) -> None:
        """F34: even with its final boundary; the client meant more."""
        wire = await Wire.post(office.anna, path, SMALL, len(SMALL) + 10)
        await pending(db, office.id)
        wire.leave(reset=False)
        await is_clean(db, storage, office.id)
        assert await count_items(db, office.id) == 0

    async def test_longer_than_announced(self, office: Tenant, path: str, db: Database, storage: Storage) -> None:
        """What is too much is no second request."""
        wire = await Wire.post(office.anna, path, SMALL, len(SMALL) - 20)
        status, _, answer = await wire.answer()
        assert (status, answer["code"]) in ((400, "incomplete"), (400, "http_malformed"))
        await is_clean(db, storage, office.id)
        assert await count_items(db, office.id) == 0

    async def test_chunked(self, office: Tenant, path: str, db: Database, storage: Storage) -> None:
        def chunk(data: bytes) -> bytes:
            return f"{len(data):x}\r\n".encode() + data + b"\r\n"

        whole = await Wire.post(office.anna, path, chunk(SMALL[:99]) + chunk(SMALL[99:]) + b"0\r\n\r\n")
        assert (await whole.answer())[0] == 201
        cut = await Wire.post(office.anna, path, chunk(SMALL))
        await pending(db, office.id)
        cut.leave(reset=False)
        wrong = await Wire.post(office.anna, path, chunk(SMALL[:99]) + b"zz\r\n")
        status, headers, answer = await wrong.answer()
        assert (status, answer["code"]) == (400, "http_malformed")
        assert headers["content-type"] == "application/problem+json"
        await is_clean(db, storage, office.id)
        assert await count_items(db, office.id) == 2

    async def test_gzip(self, office: Tenant, path: str) -> None:
        """F35."""
        answer = await office.anna.post(
            path, content=b"x", headers={"Content-Type": CONTENT_TYPE, "Content-Encoding": "gzip"}
        )
        assert answer.status_code == 415

    async def test_refused_before_the_body(self, office: Tenant, other_office: Tenant, path: str) -> None:
        """Who may not upload is told so without sending it."""
        wire = await Wire.post(other_office.anna, path, b"", len(LARGE))
        status, headers, _ = await wire.answer()
        assert (status, headers["connection"]) == (404, "close")

    async def test_that_stall(self, office: Tenant, path: str, db: Database, storage: Storage) -> None:
        """F31: silent for too long."""
        wire = await Wire.post(office.anna, path, SMALL[:6000], len(SMALL))
        status, headers, answer = await wire.answer()
        assert (status, answer["code"], headers["connection"]) == (408, "request_timeout", "close")
        await is_clean(db, storage, office.id)

    async def test_that_take_for_ever(
        self, office: Tenant, path: str, db: Database, storage: Storage, settings: Settings
    ) -> None:
        """Fast enough and never silent, but without end."""
        async with serve(settings, body_total_seconds=0.5) as served, served.like(office.anna) as anna:
            wire = await Wire.post(anna, path, SMALL[:200], 10 * MIB)

            async def go_on() -> None:
                for _ in range(200):
                    await wire.send(b"x" * 20_000)
                    await asyncio.sleep(0.02)

            task = asyncio.create_task(go_on())
            status, _, answer = await wire.answer()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (status, answer["code"]) == (408, "request_timeout")
        assert "0.5 seconds" in answer["detail"]
        await is_clean(db, storage, office.id)

    async def test_that_trickle(
        self, office: Tenant, path: str, db: Database, storage: Storage, settings: Settings
    ) -> None:
        """F31: slower than the least rate; never silent for long."""
        changes = {"body_stall_seconds": 0.5, "body_min_bytes_per_second": 100_000}
        async with serve(settings, **changes) as served, served.like(office.anna) as anna:
            wire = await Wire.post(anna, path, SMALL[:200], len(SMALL))

            async def trickle() -> None:
                for at in range(200, len(SMALL)):
                    await wire.send(SMALL[at : at + 1])
                    await asyncio.sleep(0.05)

            task = asyncio.create_task(trickle())
            status, _, answer = await wire.answer()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (status, answer["code"]) == (408, "request_timeout")
        await is_clean(db, storage, office.id)


async def test_a_pool_of_two(office: Tenant, path: str, settings: Settings, storage: Storage) -> None:
    """F20: 50 uploads half way hold no database connection, and 50 reads go on beside them."""
    changes = {
        "database_pool_size": 2,
        "database_pool_timeout_seconds": 60,  # a busy test machine; what waits for itself would wait for ever
        "uploads_at_once": 50,
        "uploads_at_once_per_sender": 50,
        "body_stall_seconds": 120,
    }
    async with serve(settings, **changes) as served, served.like(office.anna) as anna:
        wires = [await Wire.post(anna, path, SMALL[:6000], len(SMALL)) for _ in range(50)]
        await pending(served.db, office.id, 100)
        await nothing_in_use(served.db)
        reads = await asyncio.gather(*(anna.get(path) for _ in range(50)))
        assert {read.status_code for read in reads} == {200}
        for wire in wires:
            await wire.send(SMALL[6000:])
        assert {(await wire.answer(120))[0] for wire in wires} == {201}
        assert await count_items(served.db, office.id) == 100
        await is_clean(served.db, storage, office.id)


async def test_more_uploads_than_places(office: Tenant, path: str, settings: Settings, storage: Storage) -> None:
    """One too many waits, and is then told to come back; its key is free."""
    async with serve(settings, uploads_at_once=1, upload_wait_seconds=0.3) as served:
        async with served.like(office.anna) as anna:
            first = await Wire.post(anna, path, SMALL[:6000], len(SMALL))
            await pending(served.db, office.id)
            file, headers = {"files": make_file()[1]}, {"Idempotency-Key": "k"}
            busy = await anna.post(path, files=file, headers=headers)
            assert (busy.status_code, busy.json()["code"]) == (503, "uploads_busy")
            assert busy.headers["retry-after"]
            await first.send(SMALL[6000:])
            assert (await first.answer())[0] == 201
            assert (await anna.post(path, files=file, headers=headers)).status_code == 201
        await is_clean(served.db, storage, office.id)


async def test_more_at_once_than_places(office: Tenant, path: str, settings: Settings) -> None:
    """Who sends forty at once waits for a place, and is not refused."""
    file = {"files": make_file()[1]}
    changes = {"uploads_at_once": 5, "uploads_at_once_per_sender": 5}
    async with serve(settings, **changes) as served, served.like(office.anna) as anna:
        answers = await asyncio.gather(*(anna.post(path, files=file) for _ in range(40)))
    assert {answer.status_code for answer in answers} == {201}


async def test_the_line_for_a_place_has_an_end(office: Tenant, path: str, settings: Settings) -> None:
    """Each who waits holds memory; and his key is not taken before he has a place."""
    async with serve(settings, uploads_at_once_per_sender=1) as served, served.like(office.anna) as anna:
        first = await Wire.post(anna, path, SMALL[:6000], len(SMALL))
        await pending(served.db, office.id)
        waiting = [await Wire.post(anna, path, SMALL, len(SMALL), Idempotency_Key="k")]
        waiting += [await Wire.post(anna, path, SMALL, len(SMALL)) for _ in range(7)]
        refused = await eventually(lambda: _refused(anna, path), "a line that is full")
        assert refused is not None
        assert refused.headers["ratelimit"] == '"uploads_at_once";r=0;t=5'
        for wire in waiting:
            wire.leave(reset=True)
        await first.send(SMALL[6000:])
        assert (await first.answer())[0] == 201
        again = await anna.post(path, files={"files": make_file()[1]}, headers={"Idempotency-Key": "k"})
        assert again.status_code == 201, again.text


async def _refused(anna: Client, path: str) -> httpx.Response | None:
    """None also where there was a place left in the line: it waits there from now on."""
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            return await anna.post(path, files={"files": make_file()[1]})
    return None


async def test_one_sender_does_not_take_all_places(
    office: Tenant, path: str, settings: Settings, storage: Storage
) -> None:
    """AZ-08: who has many uploads running is told to wait; others go on."""
    async with serve(settings, uploads_at_once=4, uploads_at_once_per_sender=1, upload_wait_seconds=0.3) as served:
        async with served.like(office.anna) as anna, served.like(office.admin) as admin:
            first = await Wire.post(anna, path, SMALL[:6000], len(SMALL))
            await pending(served.db, office.id)
            file = {"files": make_file()[1]}
            busy = await anna.post(path, files=file)
            assert busy.status_code == 429
            assert busy.headers["retry-after"] == "5"
            assert busy.headers["ratelimit"] == '"uploads_at_once";r=0;t=5'
            assert (await admin.post(path, files=file)).status_code == 201
            await first.send(SMALL[6000:])
            assert (await first.answer())[0] == 201
            assert (await anna.post(path, files=file)).status_code == 201
        await is_clean(served.db, storage, office.id)
