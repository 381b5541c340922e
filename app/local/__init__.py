"""The embedded default: PostgreSQL and an S3 server as children on free loopback ports.

Kept data lies in the directory that `servers` is given. PostgreSQL refuses to run as root: it then runs as
`nobody`. Where that user cannot reach the directory (a checkout under /root), PostgreSQL's data lies in
`/var/lib/ordner/<hash of the directory's path>` instead; where it cannot reach the virtual environment, the
server's binaries are copied to `/var/lib/ordner/postgresql-<version>`. The permissions of directories that
were there before are never changed.
"""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Protocol

from app.local.home import LOOPBACK, Home, LocalServerError, kept, throw_away
from app.local.postgres import Postgres, database_user
from app.local.s3 import MinioServer, Seaweed
from app.local.supervisor import Plan, Supervised

__all__ = ["LocalServerError", "LocalServers", "servers"]

START_SECONDS = 60
ATTEMPTS = 4  # somebody else can take a port between the choice and the use


@dataclass(frozen=True)
class LocalServers:
    """Where the servers are; empty where one was not asked for."""

    database_url: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    citizen_keys: str = ""
    citizen_index_key: str = ""

    def environment(self) -> dict[str, str]:
        values = {
            "ORDNER_DATABASE_URL": self.database_url,
            "ORDNER_S3_ENDPOINT": self.s3_endpoint,
            "ORDNER_S3_ACCESS_KEY": self.s3_access_key,
            "ORDNER_S3_SECRET_KEY": self.s3_secret_key,
            "ORDNER_CITIZEN_KEYS": self.citizen_keys,
            "ORDNER_CITIZEN_INDEX_KEY": self.citizen_index_key,
        }
        return {name: value for name, value in values.items() if value}


@contextmanager
def servers(
    data: Path | None = None, *, postgres: bool = True, s3: bool = True, minio: Path | None = None
) -> Iterator[LocalServers]:
    """Start the servers and stop them again, also when this process is killed.

    Without `data` they are throw-away servers for tests. `minio`: a MinIO binary to run in SeaweedFS's place.
    """
    with ExitStack() as stack:
        home = stack.enter_context(kept(data) if data else throw_away(database_user()))
        database = Postgres(home) if postgres else None
        store = (MinioServer(home, minio) if minio else Seaweed(home)) if s3 else None
        runs = [_Run(server, home) for server in (database, store) if server]
        try:
            _start(runs)
            ports = {run.server.name: run.port for run in runs}
            yield LocalServers(
                database_url=database.url(ports[database.name]) if database else "",
                s3_endpoint=store.endpoint(ports[store.name]) if store else "",
                s3_access_key=home.s3_access_key if store else "",
                s3_secret_key=home.s3_secret_key if store else "",
                citizen_keys=home.citizen_keys if database else "",
                citizen_index_key=home.citizen_index_key if database else "",
            )
        finally:
            _stop(runs)


class Server(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def offsets(self) -> tuple[int, ...]:
        """The ports that it listens on, counted from its first."""

    def plan(self, port: int) -> Plan: ...

    def is_ready(self, port: int) -> bool: ...


class _Run:
    """One server being started: again on other ports while the ones that were free have been taken."""

    def __init__(self, server: Server, home: Home) -> None:
        self.server = server
        self.port = 0
        self.supervised: Supervised | None = None
        self._home = home
        self._attempts = 0
        self._port_file = home.path / f"{server.name}.port"

    def start(self) -> None:
        self._attempts += 1
        self.port = _free_port(self.server.offsets, self._port_of_last_time() if self._attempts == 1 else None)
        inherit = () if self._home.lock is None else (self._home.lock,)
        self.supervised = Supervised(self.server.plan(self.port), inherit)

    def is_ready(self) -> bool:
        assert self.supervised
        if self.supervised.has_ended:
            if self._attempts == ATTEMPTS or not re.search(r"in use|not available", self.log_tail()):
                raise LocalServerError(f"{self.server.name} did not start; its log ends:\n{self.log_tail()}")
            _stop([self])
            self.start()
            return False
        return self.server.is_ready(self.port)

    def _port_of_last_time(self) -> int | None:
        return int(self._port_file.read_text()) if self._port_file.exists() else None

    def remember_port(self) -> None:
        """For whoever has the address in another program; and SeaweedFS names a directory after its port."""
        if not self._home.throw_away:
            self._port_file.write_text(str(self.port))

    def log_tail(self) -> str:
        log = self._home.log(self.server.name)
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def _start(runs: list[_Run]) -> None:
    """All at once: each takes about a second."""
    for run in runs:
        run.start()
    deadline = time.monotonic() + START_SECONDS
    waiting = runs
    while waiting := [run for run in waiting if not run.is_ready()]:
        if time.monotonic() > deadline:
            name, log = waiting[0].server.name, waiting[0].log_tail()
            raise LocalServerError(f"{name} did not answer in {START_SECONDS} s; its log ends:\n{log}")
        time.sleep(0.02)
    for run in runs:
        run.remember_port()


def _stop(runs: list[_Run]) -> None:
    started = [run.supervised for run in runs if run.supervised]
    for supervised in started:
        supervised.ask_to_stop()
    for supervised in started:
        supervised.wait()


def _free_port(offsets: tuple[int, ...], wanted: int | None) -> int:
    """A port that is free together with those at the offsets.

    Below 32768, where systems begin to give out ports for outgoing connections.
    """
    random = SystemRandom()
    candidates = (random.randrange(10_240, 32_768 - max(offsets)) for _ in range(100))
    for port in (wanted, *candidates) if wanted else candidates:
        if _are_free([port + offset for offset in offsets]):
            return port
    raise LocalServerError("no free ports on the loopback interface")


def _are_free(ports: list[int]) -> bool:
    with ExitStack() as stack:
        for port in ports:
            probe = stack.enter_context(socket.socket())
            # Closed connections of an earlier server do not count, as they do not for the servers themselves.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True
