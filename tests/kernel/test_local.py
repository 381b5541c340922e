"""The local servers, for real: started, used, and gone again whatever ends the program that started them."""

import asyncio
import io
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from minio import Minio
from minio.error import S3Error

import app.local
from app.local import LocalServerError, LocalServers, servers
from app.local import postgres as local_postgres
from app.settings import child_environment

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from app.local import servers
with servers(Path(sys.argv[1]) if sys.argv[1:] else None) as found:
    print(json.dumps(asdict(found)), flush=True)
    sys.stdin.read()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")


@pytest.fixture
def directory() -> Iterator[Path]:
    """Unlike pytest's own, one that the database's user can reach."""
    path = Path(tempfile.mkdtemp(prefix="ordner-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=child_environment(), stdin=-1, stdout=-1, stderr=-1, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def query(url: str, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def client(found: LocalServers, secret_key: str = "") -> Minio:
    return Minio(
        endpoint=found.s3_endpoint.removeprefix("http://"),
        access_key=found.s3_access_key,
        secret_key=secret_key or found.s3_secret_key,
        secure=False,
        region="us-east-1",
    )


def descendants(pid: int | None = None) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=15)[1]


def sockets(process: psutil.Process) -> list[Any]:
    with suppress(psutil.Error):
        return list(process.net_connections("inet"))
    return []


def postmaster(processes: list[psutil.Process]) -> psutil.Process:
    for process in processes:
        with suppress(psutil.Error):  # PostgreSQL's workers come and go
            if "-D" in process.cmdline():
                return process
    raise AssertionError(processes)


def test_nothing_outlives_the_program() -> None:
    signals = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
    with ExitStack() as stack:
        programs = {number: stack.enter_context(program()) for number in signals}  # at once: it saves seconds
        for number, process in programs.items():
            assert process.stdout
            assert json.loads(process.stdout.readline())
            children = descendants(process.pid)
            temporary = Path(postmaster(children).cmdline()[2]).parents[1]
            assert temporary.is_dir()
            assert any("weed" in child.name() for child in children)

            process.send_signal(number)

            assert not alive(children), number
            assert not temporary.exists(), number


def test_nothing_outlives_a_program_killed_while_starting() -> None:
    with program() as process:
        while len(children := descendants(process.pid)) < 3:
            assert process.poll() is None
        process.kill()
        assert not alive(children)


def test_data_survives_restarts_and_killed_supervisors(directory: Path) -> None:
    data = directory / "data"
    with program(str(data)) as process:
        assert process.stdout
        first = LocalServers(**json.loads(process.stdout.readline()))
        query(first.database_url, "CREATE TABLE kept AS SELECT 'Müller' AS name")
        client(first).make_bucket(bucket_name="kept")
        client(first).put_object(bucket_name="kept", object_name="a", data=io.BytesIO(b"bytes"), length=5)
        supervisors = psutil.Process(process.pid).children()
        children = [child for child in descendants(process.pid) if child not in supervisors]
        for supervisor in supervisors:
            supervisor.kill()
        assert not alive(children)

    with servers(data) as second:
        assert second == first
        assert query(second.database_url, "SELECT name FROM kept") == "Müller"
        with client(second).get_object(bucket_name="kept", object_name="a") as answer:
            assert answer.read() == b"bytes"

    with servers(data, s3=False) as third:
        assert query(third.database_url, "SELECT name FROM kept") == "Müller"

    secrets = data / "servers.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    secrets.unlink()
    with pytest.raises(LocalServerError, match="password"), servers(data):
        pass


def test_second_start_is_refused(directory: Path) -> None:
    with servers(directory / "data", s3=False) as first:
        with (
            pytest.raises(LocalServerError, match=f"already running: process {os.getpid()}"),
            servers(directory / "data"),
        ):
            pass
        assert query(first.database_url, "SELECT 1") == 1


def test_next_to_each_other_on_loopback_behind_keys() -> None:
    before = set(descendants())
    with servers() as one, servers() as other:
        assert not set(one.environment().values()) & set(other.environment().values())
        children = [process for process in descendants() if process not in before]
        connections = [connection for process in children for connection in sockets(process)]
        listening = [connection for connection in connections if connection.status == psutil.CONN_LISTEN]
        assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
        if os.geteuid() == 0:
            assert postmaster(children).uids().real != 0
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(one.database_url.replace("ordner:", "ordner:x", 1), "SELECT 1")
        with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
            client(one, "wrong").list_buckets()
        encoding = "SELECT getdatabaseencoding() || current_setting('max_connections')"
        assert query(one.database_url, encoding) == "UTF8200"
    assert not alive(children)


def test_port_taken_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    choose = app.local._free_port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [taken.getsockname()[1]]
        monkeypatch.setattr(app.local, "_free_port", lambda *args: ports.pop() if ports else choose(*args))
        with servers(s3=False) as found:
            assert query(found.database_url, "SELECT 1") == 1
            assert "ORDNER_S3_ENDPOINT" not in found.environment()
    assert not ports


def test_failure_shows_the_log(directory: Path) -> None:
    binary = directory / "minio"
    binary.write_text("#!/bin/sh\necho no space left\nexit 1\n")
    binary.chmod(0o755)
    with pytest.raises(LocalServerError, match="no space left"), servers(postgres=False, minio=binary):
        pass
    with pytest.raises(LocalServerError, match="make minio"), servers(postgres=False, minio=directory / "no"):
        pass


@as_root
def test_directory_that_the_database_user_cannot_reach(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system, private = directory / "system", directory / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(local_postgres, "SYSTEM_DIRECTORY", system)
    for expected in (None, 1):
        with servers(private / "data", s3=False) as found:
            assert query(found.database_url, "SELECT to_regclass('kept')::text") == (expected and "kept")
            query(found.database_url, "CREATE TABLE IF NOT EXISTS kept ()")
    databases = [path for path in system.iterdir() if (path / "data").exists()]
    assert [path.stat().st_uid != 0 for path in databases] == [True]
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert not (private / "data" / "postgres").exists()


@as_root
def test_installation_that_the_database_user_cannot_reach(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = local_postgres._installation()
    private = directory / "private"
    private.mkdir(mode=0o700)
    for name in (source.name, f"{source.name}.libs"):
        (private / name).symlink_to(source.parent / name)
    monkeypatch.setattr(local_postgres, "SYSTEM_DIRECTORY", directory / "system")
    monkeypatch.setattr(local_postgres, "_installation", lambda: private / source.name)
    with servers(s3=False) as found:
        assert query(found.database_url, "SELECT 1") == 1
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
