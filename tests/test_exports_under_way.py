"""`/exports` while they are made and sent: page by page, for who still may, so many at once, and nothing left."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from app.access import P
from app.db import Database
from app.services.exports import PAGE
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.exports import many
from tests.factories.raw import Wire
from tests.factories.remains import nothing_in_use
from tests.factories.servers import serve
from tests.factories.waiting import eventually
from tests.test_exports import PATH, listed

pytestmark = pytest.mark.anyio

LARGE = 3_500  # with long memos more than any buffer on the way holds
MEMO = 8_000
XLSX, CSV = f"{PATH}/relations.xlsx", f"{PATH}/relations.csv"
both = pytest.mark.parametrize("form", ["xlsx", "csv"])


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process puts what it makes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def begun(office: Tenant, path: str) -> Wire:
    """An export of which the first bytes came, and then nobody reads on."""
    wire = await Wire.post(office.admin, path, length=0, method="GET")
    assert b" 200 " in await wire.read(1_000)
    return wire


async def rest(wire: Wire) -> bytes:
    found = b""
    try:
        async with asyncio.timeout(20):
            while more := await wire.read(1_000_000):
                found = (found + more)[-100:]
                if found.endswith(b"0\r\n\r\n"):
                    break
    except ConnectionError:
        pass
    wire.leave(reset=False)
    return found


@both
async def test_every_row_once_in_order(office: Tenant, form: str, disk: Path) -> None:
    for count in (PAGE, PAGE + 1):
        await many(office, count) if count == PAGE else await office.relation(str(count))
        found = await listed(office.admin, f"relations.{form}")
        assert [row["Relatienummer"] for row in found] == [str(number) for number in range(1, count + 1)]
    assert list(disk.iterdir()) == []


@both
async def test_who_does_not_read_holds_no_connection(office: Tenant, db: Database, form: str) -> None:
    await many(office, LARGE, MEMO)
    wire = await begun(office, f"{PATH}/relations.{form}")
    await nothing_in_use(db)
    made(await office.admin.get("/v1/contacts"), 200)
    wire.leave(reset=True)


@pytest.mark.parametrize("reset", [True, False])
@both
async def test_who_leaves(
    office: Tenant, db: Database, form: str, reset: bool, disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await many(office, LARGE, MEMO)
    wire = await begun(office, f"{PATH}/relations.{form}")
    capfd.readouterr()
    wire.leave(reset=reset)
    seen = ""

    async def ended() -> bool:
        nonlocal seen
        seen += "".join(capfd.readouterr())
        return f"relations.{form}" in seen

    await eventually(ended, "the request is over")
    await nothing_in_use(db)
    assert list(disk.iterdir()) == []
    made(await office.admin.get("/v1/contacts"), 200)


async def test_who_leaves_while_it_is_made(office: Tenant, db: Database, disk: Path) -> None:
    await many(office, LARGE, MEMO)
    wire = await Wire.post(office.admin, XLSX, length=0, method="GET")

    async def making() -> bool:
        return any(disk.iterdir())

    await eventually(making, "a file is being made")
    wire.leave(reset=True)

    async def gone() -> bool:
        return not any(disk.iterdir())

    await eventually(gone, "nothing on the disk", 20)
    await nothing_in_use(db)


async def test_who_may_no_more_gets_no_more(office: Tenant) -> None:
    """Of a whole answer the last chunk says so; this one is cut off."""
    await many(office, LARGE, MEMO)
    whole = await begun(office, CSV)
    assert (await rest(whole)).endswith(b"0\r\n\r\n")
    wire = await begun(office, CSV)
    assert (await office.admin.delete("/v1/auth/tokens/current")).status_code == 204
    assert not (await rest(wire)).endswith(b"0\r\n\r\n")


async def test_so_many_at_once(office: Tenant, settings: Settings) -> None:
    await many(office, LARGE, MEMO)
    changes = {"exports_at_once": 1, "exports_at_once_per_sender": 1, "export_wait_seconds": 0.05}
    key = await office.key(P.EXPORTS_READ)
    async with serve(settings, **changes) as served, served.like(office.admin) as admin, served.like(key) as other:
        *made_at_once, streamed = await asyncio.gather(admin.get(XLSX), other.get(XLSX), other.get(CSV))
        assert streamed.status_code == 200  # it takes no place
        done, busy = sorted(made_at_once, key=lambda answer: answer.status_code)
        assert done.status_code == 200
        problem(busy, 503, "exports_busy")
        assert int(busy.headers["retry-after"]) > 0
        wire = await Wire.post(admin, XLSX, length=0, method="GET")
        assert b" 200 " in await wire.read(1_000)
        refused = await admin.get(XLSX)
        problem(refused, 429, "too_many_requests")
        assert refused.headers["ratelimit"].startswith('"exports_at_once"')
        assert (await other.get(XLSX)).status_code == 200  # who reads slowly holds up himself only
        wire.leave(reset=True)

        async def free() -> bool:
            return (await admin.get(XLSX)).status_code == 200

        await eventually(free, "a place again")
