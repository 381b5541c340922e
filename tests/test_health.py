"""OP-02: alive is not ready, and start-up says plainly what it can not reach."""

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from tests.factories import Tenant

pytestmark = pytest.mark.anyio


async def test_alive_and_ready(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/livez")).json() == {"status": "ok"}
    ready = await anonymous.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "database": "ok", "storage": "ok"})


async def test_without_database_and_store(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    nowhere = settings.model_copy(
        update={
            "database_url": type(settings.database_url)("postgresql://ordner:secret@127.0.0.1:1/ordner"),
            "s3_endpoint": "http://127.0.0.1:1",
        }
    )
    app = create_app(nowhere)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/livez")).status_code == 200
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json() == {"status": "unavailable", "database": "unavailable", "storage": "unavailable"}
        token = {"Authorization": "Bearer ords_" + "0" * 71}
        assert (await client.get("/v1/me", headers=token)).status_code == 401
    said = capfd.readouterr().err
    assert said.count("not_reachable") == 2
    assert "127.0.0.1:1" in said
    assert "secret" not in said


async def test_meta(office: Tenant, app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    meta = (await anonymous.get("/v1/meta")).json()
    assert meta["product"] == "Ordner"
    assert meta["uploads"]["file_max_bytes"] == app.state.settings.file_max_bytes
    assert meta["uploads"]["batch_max_files"] is None
