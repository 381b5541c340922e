"""``make run``: everything on one machine, with a demo office, until Ctrl-C."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.settings import Settings, child_environment, get_settings, own_environment, set_environment, uses

# glibc gives large freed blocks back at once and keeps the rest: twice the speed for 8 MiB parts (storage.md).
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "134217728"}
READY_SECONDS = 30
STOP_SECONDS = 10


@contextmanager
def with_servers(data: Path | None) -> Iterator[Settings]:
    """Settings that point at embedded servers, or at those that the environment names already."""
    database, storage = uses("database_url"), uses("s3_endpoint")
    with ExitStack() as stack:
        started: dict[str, str] = {}
        if not (database and storage):
            from app.local import servers

            local = stack.enter_context(servers(data, postgres=not database, s3=not storage))
            started = local.environment()
        set_environment({"ORDNER_MODE": "local", **started})
        get_settings.cache_clear()
        yield get_settings()


def run(host: str, port: int, data: Path) -> int:
    """The whole of local mode; returns the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    from app.local import LocalServerError

    try:
        port = _free_port(host, port)
        set_environment({"ORDNER_PUBLIC_URL": f"http://{host}:{port}"})
        with with_servers(data) as settings:
            return _serve(settings, host, port, data)
    except LocalServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _free_port(host: str, port: int) -> int:
    """The port, or another one when somebody has it: a first look must not end on that."""
    for candidate in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit(f"no port to be had on {host}")


def _serve(settings: Settings, host: str, port: int, data: Path) -> int:
    from app.demo import demo_office
    from app.migrate import migrate

    asyncio.run(migrate(settings))
    environment = {**child_environment(), **own_environment(), **MALLOC}
    command = [sys.executable, "-m", "app.cli"]
    children = [
        _child([*command, "api", "--host", host, "--port", str(port)], environment),
        _child([*command, "worker"], environment),
    ]
    try:
        _wait_ready(children[0], host, port)
        print(asyncio.run(demo_office(settings, f"http://{host}:{port}", data)), flush=True)
        while True:
            for child in children:
                if child.poll() is not None:
                    print(f"a process of ours ended with status {child.returncode}; stopping", file=sys.stderr)
                    return 1
            time.sleep(0.5)
    finally:
        _stop(children)


def _child(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A child that ends when this process is gone, however it went: its standard input is our end of a pipe."""
    return subprocess.Popen([*command, "--while-stdin"], env=environment, stdin=subprocess.PIPE, start_new_session=True)


def _wait_ready(child: subprocess.Popen[bytes], host: str, port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while child.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the API did not start; its own lines above say why")


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
