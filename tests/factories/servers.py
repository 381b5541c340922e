"""The application once more, with other settings: a small pool, a store behind a proxy, short leases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from app.db import Database
from app.main import create_app
from app.server import server_config
from app.settings import Settings
from app.storage import Storage
from tests.factories.clients import client_of


@dataclass
class Served:
    app: FastAPI
    address: str

    @property
    def db(self) -> Database:
        found: Database = self.app.state.db
        return found

    @property
    def storage(self) -> Storage:
        found: Storage = self.app.state.storage
        return found

    def like(self, client: httpx.AsyncClient, timeout: float = 30) -> httpx.AsyncClient:
        """The same person as ``client``, speaking to this server."""
        return client_of(self.address, headers=client.headers, timeout=timeout)


@asynccontextmanager
async def serve(settings: Settings, **changes: Any) -> AsyncIterator[Served]:
    """Serve as in production on a free loopback port, with these settings changed."""
    changed = settings.model_copy(update=changes)
    app = create_app(changed)
    server = uvicorn.Server(server_config(app, "127.0.0.1", 0, changed.header_timeout_seconds))
    task = asyncio.create_task(server._serve())
    while not server.started:
        assert not task.done(), task
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(app, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        await task
