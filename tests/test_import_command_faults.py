"""`ordner import` that is left with Ctrl-C, or meets a network that loses things."""

import asyncio
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from app.settings import Settings
from tests.factories import Tenant
from tests.factories.command import begin, finish, key_of, ordner
from tests.factories.imports import HEADINGS, relations, sheet, states
from tests.factories.locks import lock_row
from tests.factories.proxy import Do, always, fault_proxy, once
from tests.factories.servers import serve
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("nothing_queued")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "relaties.csv"
    path.write_bytes(sheet(HEADINGS, ("1", "organisatie", "Een", "BV")))
    return path


async def _is(office: Tenant, wanted: str) -> bool:
    return await states(office) == [wanted]


class TestLeaving:
    async def test_before_the_commit_it_is_cancelled(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_text(f"{key_of(importer)}\n")
        process = await begin(importer, "import", "relations", file, "--yes", "--key-file", tmp_path / "key", key="")
        await eventually(lambda: _is(office, "waiting"), "an import that waits", 30)
        assert key_of(importer) not in " ".join(psutil.Process(process.pid).cmdline())
        process.send_signal(signal.SIGINT)
        ran = await finish(process)
        assert (ran.status, "Cancelled" in ran.err) == (130, True)
        assert await _is(office, "cancelled")
        assert key_of(importer) not in ran.out + ran.err

    async def test_in_the_middle_of_the_upload(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, tmp_path: Path, address: str
    ) -> None:
        (tmp_path / "large.csv").write_bytes(b"Relatienummer\n" + b"1\n" * 10_000_000)
        for path in (file, tmp_path / "large.csv"):
            async with fault_proxy(address) as proxy:
                proxy.rule = once(Do.HANG, "POST", "/imports?")
                process = await begin(importer, "import", "relations", path, "--yes", url=proxy.endpoint)
                async with asyncio.timeout(30):
                    await proxy.hanging.wait()
                await asyncio.sleep(0.5)  # until the pipes between us are full
                process.send_signal(signal.SIGINT)
                ran = await finish(process)
            assert (ran.status, "nothing was changed" in ran.err) == (130, True)
            assert await states(office) == ["cancelled"], "what came whole is cancelled, of the other there is nothing"

    @pytest.mark.usefixtures("worker")
    async def test_after_it_the_server_goes_on(self, office: Tenant, importer: httpx.AsyncClient, file: Path) -> None:
        relation = await office.relation("1", name="Oud")
        async with lock_row(office, "relations", relation["id"]) as release:
            process = await begin(importer, "import", "relations", file, "--yes")
            await eventually(lambda: _is(office, "committing"), "a commit", 30)
            process.send_signal(signal.SIGINT)
            ran = await finish(process)
            assert ran.status == 130
            hint = ran.err.strip().rpartition("ordner ")[2].split()
            await release()
        assert (await ordner(importer, *hint)).status == 0
        assert (await relations(office))["1"]["name"] == "Een"


@pytest.mark.usefixtures("worker")
class TestHiccups:
    async def test_lost_answers_and_a_busy_server(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, address: str
    ) -> None:
        """The upload's answer is lost, then that of the commit; between them the server is busy: all is done once."""
        async with fault_proxy(address) as proxy:
            rules = [
                once(Do.LOSE, "POST", "/imports?"),
                once(Do.BUSY, "GET", "/rows"),
                once(Do.LOSE, "POST", "/commit"),
                once(Do.CUT, "GET", "/events"),
            ]
            proxy.rule = lambda method, path: next(
                (found for rule in rules if (found := rule(method, path)) is not Do.PASS), Do.PASS
            )
            ran = await ordner(importer, "import", "relations", file, "--yes", url=proxy.endpoint)
        assert (ran.status, ran.err) == (0, "")
        assert await _is(office, "committed")

    async def test_without_events_it_polls(self, importer: httpx.AsyncClient, file: Path, address: str) -> None:
        async with fault_proxy(address) as proxy:
            proxy.rule = always(Do.BUSY, "GET", "/events")
            ran = await ordner(importer, "import", "relations", file, "--yes", url=proxy.endpoint)
        assert (ran.status, ran.err) == (0, "")

    async def test_a_server_that_comes_back(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, settings: Settings
    ) -> None:
        async with serve(settings) as served, fault_proxy(served.address) as proxy:
            proxy.rule = once(Do.HANG, "GET", "/events")
            process = await begin(importer, "import", "relations", file, "--yes", url=proxy.endpoint)
            async with asyncio.timeout(30):
                await proxy.hanging.wait()
            await proxy.refuse()
            await asyncio.sleep(1)
            await proxy.listen()
            ran = await finish(process)
        assert (ran.status, ran.err) == (0, "")
