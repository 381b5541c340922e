"""A worker that dies in the middle of an import, at any point: nothing is half done, and the next one does the rest
(F43, IM-04)."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.db import Database
from app.models import Dossier, Event, Folder, ImportRow, Relation
from app.settings import Settings, child_environment, own_environment
from tests.factories import Tenant
from tests.factories.conventions import made
from tests.factories.imports import HEADINGS, PATH, done, relations, rows, send, sheet
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.mail import is_done, workers
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("nothing_queued")]

ROWS = 6000
CONTENT = sheet(HEADINGS, *((str(number), "organisatie", f"Bedrijf {number}", "BV") for number in range(ROWS)))


# The number of the last row, which somebody takes meanwhile.
ONE_MORE = {"number": str(ROWS - 1), "type": "organisation", "name": "Was eerder", "legal_form": "bv"}
COMPANY = ("N", "organisatie", "Bedrijf", "BV")


@asynccontextmanager
async def worker() -> AsyncIterator[Process]:
    """`ordner worker` as it is run in production."""
    environment = {**child_environment(), **own_environment()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "worker", env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def killed_at(office: Tenant, path: str, share: float) -> dict[str, Any]:
    """The import as a worker left it that died when it had come so far."""

    async def has_come_so_far() -> bool:
        progress = made(await office.admin.get(path), 200)["progress"]
        return bool(progress["total"]) and progress["done"] >= max(1, share * progress["total"])

    async with worker() as process:
        await eventually(has_come_so_far, f"{share:.0%}", 60)
        process.kill()
    return made(await office.admin.get(path), 200)


async def later(db: Database, office: Tenant) -> None:
    """As if the time had passed after which a worker is taken for dead."""
    async with db.transaction(office.id) as session:
        await session.execute(text("UPDATE imports SET beat_at = now() - interval '1 minute'"))
        await session.execute(text("UPDATE pgqueuer SET heartbeat = now() - interval '1 hour'"))


async def count(db: Database, office: Tenant) -> dict[str, int]:
    async with db.transaction(office.id) as session:
        return {
            model.__tablename__: await session.scalar(select(func.count()).where(model.office_id == office.id)) or 0
            for model in (Relation, Dossier, Folder, ImportRow)
        } | {"created": await session.scalar(select(func.count()).where(Event.action == "relation.created")) or 0}


@pytest.mark.parametrize(
    "share", [pytest.param(0.1, marks=pytest.mark.long), 0.5, pytest.param(0.9, marks=pytest.mark.long)]
)
async def test_while_it_plans_and_while_it_commits(
    office: Tenant, db: Database, settings: Settings, share: float
) -> None:
    path = await send(office.admin, CONTENT)
    found = await killed_at(office, path, share)
    assert found["state"] == "planning"
    assert (await count(db, office))["relations"] == 0
    await later(db, office)
    async with workers(settings):
        assert (await done(office.admin, path, "planned"))["counts"]["create"] == ROWS
    assert (await count(db, office))["import_rows"] == ROWS

    made(await office.admin.post(f"{path}/commit"), 202)
    found = await killed_at(office, path, share)
    assert found["state"] == "committing"
    assert (await count(db, office))["relations"] == 0
    await later(db, office)
    async with workers(settings):
        await done(office.admin, path, "committed")
    whole = {"relations": ROWS, "dossiers": ROWS, "folders": 4 * ROWS, "import_rows": ROWS, "created": ROWS}
    assert await count(db, office) == whole


async def test_cancelled_while_it_commits(office: Tenant, db: Database, settings: Settings) -> None:
    path = await send(office.admin, CONTENT)
    async with workers(settings):
        await done(office.admin, path, "planned")
        made(await office.admin.post(f"{path}/commit"), 202)

        async def is_under_way() -> bool:
            return bool(made(await office.admin.get(path), 200)["progress"]["done"])

        await eventually(is_under_way, "a commit that has begun", 30)
        cancelled = await office.admin.post(f"{path}/cancel")
        assert cancelled.status_code == 202, cancelled.text
        assert made(await office.admin.get(path), 200)["state"] == "planned"

        await eventually(lambda: is_done(db), "a worker that is done", 30)
        assert (await count(db, office))["relations"] == 0
        made(await office.admin.post(f"{path}/commit"), 202)
        await done(office.admin, path, "committed")
    assert (await count(db, office))["relations"] == ROWS
    assert made(await office.admin.get(PATH), 200)["items"][0]["counts"]["create"] == ROWS


@pytest.fixture
async def ordered(office: Tenant, settings: Settings) -> str:
    """Planned, ordered to be committed in batches, and no worker is there."""
    await office.relation("P")
    await office.relation("X")
    path = await send(office.admin, sheet((*HEADINGS, "Hoofdrelatie"), COMPANY, ("X", None, None, None, "P")))
    async with workers(settings):
        await done(office.admin, path, "planned")
    made(await office.admin.post(f"{path}/commit", params={"in_batches": "true"}), 202)
    return path


async def test_in_batches_a_ring_leaves_its_row_out(office: Tenant, settings: Settings, ordered: str) -> None:
    found = await relations(office)
    move = {"parent_id": found["X"]["id"]}
    made(await office.admin.patch(f"/v1/relations/{found['P']['id']}", json=move), 200)
    async with workers(settings):
        ended = await done(office.admin, ordered, "committed")
    assert ended["counts"]["committed"] == 1
    (left,) = await rows(office, ended, is_left_out="true")
    assert (left["number"], left["outcome"]) == (3, "ring")
    found = await relations(office)
    assert (found["X"]["parent_id"], "N" in found) == (None, True)


async def test_in_batches_it_goes_on_behind_the_last_whole_one(
    office: Tenant, db: Database, settings: Settings
) -> None:
    path = await send(office.admin, CONTENT)
    async with workers(settings):
        await done(office.admin, path, "planned")
    made(await office.admin.post(f"{path}/commit", params={"in_batches": "true"}), 202)
    found = await killed_at(office, path, 0.4)
    begun = await count(db, office)
    assert 0 < begun["relations"] == begun["dossiers"] == begun["created"] < ROWS
    assert begun["folders"] == 4 * begun["relations"]
    assert found["state"] == "committing"
    await later(db, office)
    made(await office.admin.post("/v1/relations", json=ONE_MORE))
    async with workers(settings):
        found = await done(office.admin, path, "committed")
        assert found["counts"]["committed"] == ROWS - 1
        (left,) = await rows(office, found, is_left_out="true")
        assert (left["number"], left["outcome"]) == (ROWS + 1, "number_taken")
        made(await office.admin.post(f"{path}/undo"), 202)
        await done(office.admin, path, "undone")
    assert (await count(db, office))["relations"] == 1


async def test_a_statement_of_a_job_may_take_longer_than_one_of_a_request(office: Tenant, settings: Settings) -> None:
    relation = await office.relation("1")
    path = await send(office.admin, sheet(("Relatienummer", "Naam"), ("1", "Anders")))
    async with workers(settings.model_copy(update={"database_command_timeout_seconds": 0.5})):
        await done(office.admin, path, "planned")
        async with lock_row(office, "relations", relation["id"]) as release:
            made(await office.admin.post(f"{path}/commit"), 202)
            await eventually(lambda: waiting_for_locks(office, 1), "the commit waits")
            await asyncio.sleep(1)
            await release()
        await done(office.admin, path, "committed")
