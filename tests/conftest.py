"""Real servers, a real database for each worker, the real application over real HTTP.

Servers are started once. Each test lives in an office of its own and commits for real: the tenancy that the
product promises is what keeps tests apart, and what they see is what a user would see.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.access import P
from app.db import Database
from app.demo import Demo, Logins
from app.local import servers
from app.main import create_app
from app.migrate import migrate
from app.server import server_config
from app.services import offices
from app.settings import Settings, get_settings, minio_binary, set_environment
from app.storage import Storage
from tests.factories import Tenant, client_of, make_tenant
from tests.factories.mail import forget_jobs, workers

TEMPLATE = "ordner_template"
_stack = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """The first process starts the servers and migrates the template; workers inherit their addresses."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    stack = config.stash[_stack] = ExitStack()
    minio = Path(binary) if (binary := minio_binary()) else None
    local = stack.enter_context(servers(None, minio=minio))
    set_environment(
        {
            **local.environment(),
            "ORDNER_MODE": "local",
            "ORDNER_HEADER_TIMEOUT_SECONDS": "2",
            "ORDNER_BODY_STALL_SECONDS": "3",
            "ORDNER_SIGN_IN_ATTEMPTS": "5",
            "ORDNER_CORS_ORIGINS": '["https://app.example"]',
        }
    )
    asyncio.run(_make_template())


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(_stack, None):
        stack.close()


async def _make_template() -> None:
    get_settings.cache_clear()
    settings = get_settings()
    await _execute(settings, f"CREATE DATABASE {TEMPLATE}")
    await migrate(at_database(settings, TEMPLATE))


async def _execute(settings: Settings, statement: str) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def at_database(settings: Settings, name: str) -> Settings:
    """The same settings on another database of the same server."""
    address = settings.database_url.get_secret_value().rpartition("/")[0]
    set_environment({"ORDNER_DATABASE_URL": f"{address}/{name}"})
    get_settings.cache_clear()
    return get_settings()


@pytest.fixture(scope="session")
def anyio_backend() -> Any:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def settings(worker_id: str) -> Settings:
    """Settings of this worker: a clone of the template and a bucket of its own."""
    name = f"ordner_{worker_id}"
    base = get_settings()
    asyncio.run(_execute(at_database(base, "postgres"), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    set_environment({"ORDNER_S3_BUCKET": f"ordner-{worker_id}"})
    return at_database(base, name)


@pytest.fixture(scope="session")
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture(scope="session")
async def address(app: FastAPI, settings: Settings) -> AsyncIterator[str]:
    """The application, served as in production, on a free loopback port."""
    config = server_config(app, "127.0.0.1", 0, settings.header_timeout_seconds)
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment] # signals are pytest's
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest.fixture
async def db(app: FastAPI, address: str) -> Database:
    database: Database = app.state.db
    return database


@pytest.fixture
async def storage(app: FastAPI, address: str) -> Storage:
    store: Storage = app.state.storage
    return store


@pytest.fixture
async def anonymous(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(address) as client:
        yield client


@pytest.fixture
async def office(db: Database, address: str) -> AsyncIterator[Tenant]:
    """A fresh office with an administrator and an accountant (a mutator)."""
    tenant = await make_tenant(db, address)
    yield tenant
    await tenant.close()


@pytest.fixture
def alone(office: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes over all offices goes over this one: those of all tests before would take long, or must stay."""

    async def this_office(_: Database) -> list[UUID]:
        return [office.id]

    monkeypatch.setattr(offices, "all_ids", this_office)


@pytest.fixture
async def other_office(db: Database, address: str) -> AsyncIterator[Tenant]:
    """Another one, to see none of it."""
    tenant = await make_tenant(db, address)
    yield tenant
    await tenant.close()


@pytest.fixture
async def nothing_queued(db: Database) -> AsyncIterator[None]:
    """What no worker came to is forgotten."""
    yield
    await forget_jobs(db)


@pytest.fixture
async def worker(nothing_queued: None, settings: Settings) -> AsyncIterator[None]:
    """A worker in this process."""
    async with workers(settings):
        yield


@pytest.fixture
async def importer(office: Tenant) -> httpx.AsyncClient:
    """A script that may import, and nothing else."""
    return await office.key(P.IMPORTS_READ, P.IMPORTS_WRITE)


@pytest.fixture(scope="session")
async def demo(app: FastAPI, settings: Settings, address: str) -> Logins:
    """The demo office as `make run` makes it."""
    return await Demo(app.state.db, app.state.uploads, settings).build()


@pytest.fixture(autouse=True, scope="session")
def quiet_logs() -> None:
    logging.getLogger("asyncio").setLevel(logging.ERROR)
