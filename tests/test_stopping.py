"""SIGTERM to an API process under load: what was accepted is finished, nothing is lost (F04, OP-03)."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator

import httpx
import pytest

from app.db import Database
from app.settings import child_environment, own_environment
from app.storage import Storage
from tests.factories import Tenant, client_of
from tests.factories.raw import Wire, form, part
from tests.factories.remains import count_items, is_clean, pending
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

BODY = form(part(b"x" * 50_000, "a.txt"), part(b"y" * 50_000, "b.txt"))
UPLOADS = 8


@pytest.fixture
async def api(office: Tenant) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    """`ordner api` as it is run in production, and the accountant as its client."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ("-m", "app.cli", "api", "--port", str(port))
    environment = {**child_environment(), **own_environment()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    async with client_of(f"http://127.0.0.1:{port}", headers=office.anna.headers) as client:
        try:
            await eventually(lambda: _answers(client), "an API that is ready", 30)
            yield process, client
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_uploads_under_way_are_finished(
    office: Tenant, api: tuple[Process, httpx.AsyncClient], db: Database, storage: Storage
) -> None:
    process, client = api
    folder = (await office.folders(await office.relation()))["Intern"]
    path = f"/v1/folders/{folder['id']}/items"
    wires = [await Wire.post(client, path, BODY[:60_000], len(BODY)) for _ in range(UPLOADS)]
    silent = await Wire.post(client, path, BODY[:60_000], len(BODY))
    await pending(db, office.id, UPLOADS + 1)
    process.send_signal(signal.SIGTERM)

    async def closed() -> bool:
        return not await _answers(client)

    await eventually(closed, "no new requests")
    for wire in wires:
        await wire.send(BODY[60_000:])
    answers = [await wire.answer() for wire in wires]
    assert {status for status, _, _ in answers} == {201}
    assert (await silent.answer())[0] == 408, "whoever sends no more holds nothing up"
    async with asyncio.timeout(30):
        assert await process.wait() in (0, -signal.SIGTERM)
    assert await count_items(db, office.id) == 2 * UPLOADS
    await is_clean(db, storage, office.id)
