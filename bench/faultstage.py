"""An API that can be killed: its process, an office, the owner's view of the database, the store behind a proxy."""

import asyncio
import hashlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx

from app.db import Database
from app.dev import MALLOC
from app.migrate import migrate
from app.services import housekeeping
from app.settings import Settings, child_environment, own_environment, set_environment
from app.storage import Storage
from bench.remote import ROOT
from bench.stage import Office
from bench.stage import _office as make_office
from tests.factories.proxy import FaultProxy, fault_proxy
from tests.factories.raw import Wire, form, part

LEASE = 5
PATIENCE = 240  # of a busy machine on which the API is started again and again


class Api:
    """``ordner api`` on a port that stays, whatever happens to the process."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the program
        self.child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        command = [sys.executable, "-m", "app.cli", "api", "--port", str(self.port)]
        environment = {**child_environment(), **own_environment(), **MALLOC}
        self.child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)
        async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE):
            while True:
                try:
                    if (await client.get(f"http://127.0.0.1:{self.port}/livez")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        assert self.child
        self.child.send_signal(number)

    def lines(self) -> str:
        """The end of what it logged, over all its lives."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-5000:]

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.child
        self.child.wait()


class Scene:
    """Everything that a scenario needs: the API, the office, the owner's view of the database, the store."""

    def __init__(self, settings: Settings, office: Office, api: Api, rows: asyncpg.Pool, proxy: FaultProxy) -> None:
        self.settings, self.office, self.api, self.rows, self.proxy = settings, office, api, rows, proxy
        self.db, self.storage = Database(settings), Storage(settings)
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{api.port}", headers={"Authorization": f"Bearer {office.token}"}, timeout=60
        )
        self.sent: dict[str, str] = {}  # name of every file: its SHA-256
        self.wires: list[Wire] = []
        self.keys: set[str] = set()  # of every object that was ever begun

    @property
    def path(self) -> str:
        return f"/v1/folders/{self.office.folder}/items"

    def body(self, name: str, size: int) -> bytes:
        content = random.Random(name).randbytes(min(size, 65536)) * (size // 65536 + 1)
        self.sent[name] = hashlib.sha256(content[:size]).hexdigest()
        return form(part(content[:size], name))

    async def begin(self, name: str, body: bytes, count: int | None = None) -> Wire:
        """The same request under the same key, as far as ``count`` bytes."""
        wire = await Wire.post(self.client, self.path, body[:count], len(body), Idempotency_Key=name)
        self.wires.append(wire)  # or its connection would end with it
        return wire

    async def until(self, query: str) -> None:
        """Wait until the database says so."""
        async with asyncio.timeout(PATIENCE):
            while not await self.rows.fetchval(query):
                await asyncio.sleep(0.002)
        self.keys |= {row[0] for row in await self.rows.fetch("SELECT object_key FROM blobs")}

    async def repeat(self, name: str, body: bytes) -> int:
        """Send it again with its key until it is answered for good, as a client does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    status, _, _ = await (await self.begin(name, body)).answer(PATIENCE)
                except OSError:
                    status = 0
                if status not in (0, 409, 503):
                    return status
                await asyncio.sleep(0.1)

    async def reap(self) -> None:
        """When the leases of the dead are over, one pass of the reaper."""
        await self.until("SELECT coalesce(max(lease_until) < now(), true) FROM blobs WHERE state <> 'stored'")
        await housekeeping.reap(self.db, self.storage, self.settings)

    async def close(self) -> None:
        await self.client.aclose()
        self.storage.close()
        await self.db.close()


@asynccontextmanager
async def scene_of(settings: Settings) -> AsyncIterator[Scene]:
    await migrate(settings)
    office = await make_office(settings)
    api = Api()
    url = settings.database_url.get_secret_value()
    async with fault_proxy(settings.s3_endpoint) as proxy, asyncpg.create_pool(url, min_size=2, max_size=4) as rows:
        set_environment({"ORDNER_S3_ENDPOINT": proxy.endpoint, "ORDNER_LEASE_SECONDS": str(LEASE)})
        scene = Scene(settings, office, api, rows, proxy)
        try:
            await api.start()
            yield scene
        except (AssertionError, TimeoutError):
            print(api.lines(), file=sys.stderr)
            raise
        finally:
            await api.kill()
            await scene.close()
