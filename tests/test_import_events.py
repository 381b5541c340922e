"""`GET /imports/{id}/events`: an import is followed while it goes on, and nobody holds anything by following."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import func, update

from app import event_streams
from app.access import P
from app.db import Database
from app.event_streams import Streams
from app.models import Import
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import HEADINGS, PATH, done, send, sheet
from tests.factories.mail import workers
from tests.factories.remains import nothing_in_use
from tests.factories.servers import serve
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("nothing_queued")]

FILE = sheet(HEADINGS, ("1", "organisatie", "Een", "BV"))


@asynccontextmanager
async def following(client: httpx.AsyncClient, path: str, **headers: str) -> AsyncIterator[AsyncIterator[Any]]:
    """What comes, event by event: ``id`` and ``data`` of each; a comment is None."""
    async with client.stream("GET", f"{path}/events", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        yield events(answer)


async def events(answer: httpx.Response) -> AsyncIterator[Any]:
    block: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            yield None
        elif line:
            name, _, value = line.partition(": ")
            block[name] = value
        elif "data" in block:
            assert block["event"] == "progress"
            yield block["id"], json.loads(block["data"])
            block = {}
        else:
            block.pop("retry", None)


async def test_from_upload_to_plan(office: Tenant, settings: Settings) -> None:
    path = await send(office.admin, FILE)
    async with asyncio.timeout(30), following(office.admin, path) as told:
        first = await anext(told)
        assert first[1] == {
            "state": "waiting",
            "progress": {"done": 0, "total": 0, "rate": None},
            "counts": {"create": 0, "update": 0, "unchanged": 0, "duplicate": 0, "error": 0, "committed": 0},
            "problem": None,
        }
        async with workers(settings):
            rest = [event async for event in told]
    assert (rest[-1][1]["state"], rest[-1][1]["counts"]["create"]) == ("planned", 1)
    ids = [each[0] for each in (first, *rest)]
    assert len(set(ids)) == len(ids)
    again = await office.admin.get(f"{path}/events", headers={"Last-Event-ID": ids[-1]})
    assert (again.status_code, again.content) == (204, b""), "nothing new, and nothing will come: stay away"
    async with following(office.admin, path, **{"Last-Event-ID": ids[0]}) as told:
        assert [event async for event in told] == [rest[-1]]


async def test_what_a_worker_says_is_told_once(office: Tenant, db: Database) -> None:
    path = await send(office.admin, FILE)
    async with asyncio.timeout(30), following(office.admin, path) as told:
        first = await anext(told)
        async with db.transaction(office.id) as session:
            await session.execute(update(Import).values(state="planning", done=3, total=10, beat_at=func.now()))
        second = await anext(told)
        assert (second[1]["state"], second[1]["progress"]["done"]) == ("planning", 3)
        assert second[0] != first[0]
        async with following(office.admin, path, **{"Last-Event-ID": second[0]}) as resumed:
            made(await office.admin.post(f"{path}/cancel"), 202)
            assert [event[1]["state"] async for event in resumed] == ["cancelled"]
        assert [event[1]["state"] async for event in told] == ["cancelled"]


async def test_it_ends_with_the_right_to_see_it(office: Tenant, db: Database) -> None:
    path = await send(office.admin, FILE)
    key = await office.key(P.IMPORTS_READ)
    async with asyncio.timeout(30), following(key, path) as told:
        await anext(told)
        keys = made(await office.admin.get("/v1/api-keys"), 200)["items"]
        assert (await office.admin.delete(f"/v1/api-keys/{keys[0]['id']}")).status_code == 204
        assert [event async for event in told] == []
    problem(await key.get(f"{path}/events"), 401)


async def test_not_yours_is_404(office: Tenant, other_office: Tenant) -> None:
    path = await send(office.admin, FILE)
    problem(await other_office.admin.get(f"{path}/events"), 404)
    problem(await office.admin.get(f"{PATH}/{office.id}/events"), 404)
    problem(await office.anna.get(f"{path}/events"), 403)


async def test_head_is_answered_at_once(office: Tenant) -> None:
    path = await send(office.admin, FILE)
    answer = await office.admin.head(f"{path}/events", timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_quiet_is_told_and_an_end_comes(office: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "QUIET_SECONDS", 0.5)
    monkeypatch.setattr(event_streams, "LONGEST_SECONDS", 2)
    path = await send(office.admin, FILE)
    async with asyncio.timeout(10), following(office.admin, path) as told:
        assert [event and event[1]["state"] async for event in told][:2] == ["waiting", None]


class TestNothingIsLeft:
    async def test_by_who_vanishes(self, office: Tenant, settings: Settings) -> None:
        path = await send(office.admin, FILE)
        async with serve(settings) as served, served.like(office.admin) as client:
            streams: Streams = served.app.state.streams
            await client.get("/livez")
            tasks = len(asyncio.all_tasks())
            for _ in range(5):
                async with following(client, path) as told:
                    await anext(told)
                    assert streams.senders.total() == 1
                    await nothing_in_use(served.db)

            async def gone() -> bool:
                return not streams.senders and len(asyncio.all_tasks()) <= tasks

            await eventually(gone, "no stream left", 5)
            await nothing_in_use(served.db)

    async def test_by_a_server_that_stops(self, office: Tenant, settings: Settings) -> None:
        path = await send(office.admin, FILE)
        async with asyncio.timeout(20), httpx.AsyncClient() as client:
            async with serve(settings) as served:
                client.base_url, client.headers = httpx.URL(served.address), office.admin.headers
                answer = await client.send(client.build_request("GET", f"{path}/events"), stream=True)
                told = events(answer)
                await anext(told)
            assert [event async for event in told] == [], "it ended, whole"
            assert not served.app.state.streams.senders


class TestBounds:
    async def test_of_one_sender(self, office: Tenant, settings: Settings) -> None:
        path = await send(office.admin, FILE)
        async with serve(settings, streams_at_once_per_sender=1) as served, served.like(office.admin) as client:
            async with following(client, path) as told:
                await anext(told)
                refused = await client.get(f"{path}/events")
                problem(refused, 429)
                assert refused.headers["retry-after"]
                key = await office.key(P.IMPORTS_READ)
                async with served.like(key) as other, following(other, path) as more:
                    await anext(more)

            async def free() -> bool:
                return (await client.head(f"{path}/events")).status_code == 200

            await eventually(free, "a place again")

    async def test_of_the_process(self, office: Tenant, settings: Settings) -> None:
        path = await send(office.admin, FILE)
        async with (
            serve(settings, streams_at_once=1) as served,
            served.like(office.admin) as client,
            following(client, path) as told,
        ):
            await anext(told)
            problem(await client.get(f"{path}/events"), 503, "streams_busy")


async def test_a_worker_that_ends_is_seen_by_polling_too(office: Tenant, settings: Settings) -> None:
    path = await send(office.admin, FILE)
    async with workers(settings):
        found = await done(office.admin, path, "planned")
    async with following(office.admin, path) as told:
        ((_, last),) = [event async for event in told]
    assert {name: found[name] for name in last} == last
