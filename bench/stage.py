"""What is measured, set up: a throw-away PostgreSQL, a MinIO, an office, the API and its rival as processes."""

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.access import Permission, Role
from app.db import Database
from app.dev import MALLOC
from app.local import servers
from app.migrate import migrate
from app.models import Folder, TeamMember
from app.schemas.api_keys import ApiKeyCreate
from app.schemas.offices import OfficeCreate
from app.schemas.relations import RelationCreate
from app.services import api_keys, auth, offices, relations
from app.settings import Settings, child_environment, get_settings, own_environment, set_environment
from bench.procs import Process
from bench.remote import ROOT, Remote

HOST = "127.0.0.1"
START_SECONDS = 30


@dataclass(frozen=True)
class Office:
    folder: str
    token: str


class Server:
    """A web server of ours in a process of its own, on a free port."""

    def __init__(self, module: str, environment: dict[str, str], *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port: int = probe.getsockname()[1]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        self.child = subprocess.Popen(
            [sys.executable, "-m", module, str(self.port), *arguments],
            env={**environment, **MALLOC},
            cwd=ROOT,
            stdout=self.log,
            stderr=self.log,
        )
        self.process = Process(self.child.pid)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while self.child.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit(f"{self.child.args} did not start:\n{self.lines()[-3000:]}")

    def lines(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def close(self) -> None:
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


@dataclass(frozen=True)
class Stage:
    settings: Settings
    office: Office
    api: Server
    rival: Server
    load: Remote
    direct: Remote

    @property
    def path(self) -> str:
        return f"/v1/folders/{self.office.folder}/items"

    def to_api(self) -> dict[str, Any]:
        return {"port": self.api.port, "path": self.path, "token": self.office.token}

    def to_rival(self, *, sha256: bool) -> dict[str, Any]:
        return {"port": self.rival.port, "path": f"/upload?sha256={sha256}".lower(), "token": ""}


@contextmanager
def stage(minio: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        local = stack.enter_context(servers(None, minio=minio))
        set_environment({"ORDNER_MODE": "production", **local.environment()})
        get_settings.cache_clear()
        settings = get_settings()
        asyncio.run(migrate(settings))
        office = asyncio.run(_office(settings))
        environment = {**child_environment(), **own_environment()}
        children = [
            Server("bench.serve", environment),
            # Its files of more than 1 MiB lie in memory too: kinder to it, and a disk would disturb the others.
            Server("bench.uploadfile", {**environment, "TMPDIR": memory()}),
            Remote("bench.load", environment),
            Remote("bench.direct", environment),
        ]
        for child in children:
            stack.callback(child.close)
        yield Stage(settings, office, *children)  # type: ignore[arg-type]


def memory() -> str:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()


async def _office(settings: Settings) -> Office:
    """An office with one relation, made as everything makes it, and a key that may fill and read a dossier."""
    db = Database(settings)
    try:
        made = OfficeCreate(
            slug="bench", name="Bench", administrator="Bea", email="bea@bench.example", password="correct horse battery"
        )
        office_id, _ = await offices.create(db, settings, made)
        async with db.transaction(office_id) as session:
            member = await session.scalar(select(TeamMember).where(TeamMember.role == Role.ADMINISTRATOR))
            assert member is not None
            admin = auth.team_actor(member)
            scopes = [Permission.DOSSIER_ITEMS_READ, Permission.DOSSIER_ITEMS_UPLOAD]
            _, token = await api_keys.create(session, admin, ApiKeyCreate(name="bench", scopes=scopes))
            relation = await relations.create(
                session, admin, RelationCreate(number="1", type="organisation", name="Bench BV", legal_form="bv")
            )
            folder = await session.scalar(select(Folder.id).where(Folder.dossier_id == relation.dossier_id).limit(1))
        return Office(str(folder), str(token))
    finally:
        await db.close()
