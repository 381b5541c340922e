"""Where the local servers keep their data and keys, and who may use it: one program at a time."""

import fcntl
import json
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from app.crypto import new_key

LOOPBACK = "127.0.0.1"
GIB = 1024**3
User = tuple[int, int]


class LocalServerError(RuntimeError):
    """A local server cannot be started; the text says why."""


@dataclass(frozen=True)
class Home:
    path: Path
    database_password: str
    s3_access_key: str
    s3_secret_key: str
    citizen_keys: str
    citizen_index_key: str
    is_new: bool  # the keys were made in this start
    throw_away: bool
    lock: int | None = None  # a descriptor; the supervisors hold it too, until their servers have stopped

    @property
    def secrets_file(self) -> Path:
        return self.path / "servers.json"

    def log(self, name: str) -> Path:
        return self.path / f"{name}.log"

    def remove(self, *paths: Path) -> list[str]:
        """What a supervisor removes in the end: its part of a throw-away directory."""
        return [str(path) for path in paths] if self.throw_away else []

    @property
    def remove_if_empty(self) -> str | None:
        return str(self.path) if self.throw_away else None


def make_directory(path: Path, mode: int = 0o700) -> None:
    """With exactly this mode; an existing one stays as it is, but has to be a real directory of ours."""
    if not path.exists() and not path.is_symlink():
        path.mkdir(parents=True)
        path.chmod(mode)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise LocalServerError(f"{path} is not a directory")
    if os.geteuid() not in (0, found.st_uid):
        raise LocalServerError(f"{path} belongs to another user; was this started as root before?")


def reachable(user: User | None, path: Path, how: str = "-x") -> bool:
    """Ask the system rather than add up permission bits: there are groups, ACLs and mount options too."""
    uid, gid = user or (None, None)
    groups: list[int] | None = None if user is None else []
    test = shutil.which("test") or "/usr/bin/test"
    found = subprocess.run([test, how, path], user=uid, group=gid, extra_groups=groups, cwd="/", check=False)
    return found.returncode == 0


@contextmanager
def kept(path: Path) -> Iterator[Home]:
    path = path.resolve()
    # Root's database runs as another user, who has to pass through but sees nothing else in it.
    make_directory(path, 0o711 if os.geteuid() == 0 else 0o700)
    lock = _lock(path)
    try:
        file = path / "servers.json"
        is_new = not file.exists()
        known = {} if is_new else json.loads(file.read_text())
        values = _fresh_secrets() | known
        if values != known:  # made now, or by a version that had fewer
            _write_secrets(file, values)
        yield Home(path, **values, is_new=is_new, throw_away=False, lock=lock)
    finally:
        os.close(lock)


@contextmanager
def throw_away(user: User | None) -> Iterator[Home]:
    """A temporary directory, which the supervisors remove when this process is killed."""
    path = Path(tempfile.mkdtemp(prefix="ordner-", dir=_temporary_parent(user)))
    if user:
        path.chmod(0o711)
    try:
        yield Home(path, **_fresh_secrets(), is_new=True, throw_away=True)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _temporary_parent(user: User | None) -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private directory in it
    if memory.is_dir() and shutil.disk_usage(memory).free >= 4 * GIB and os.access(memory, os.W_OK):
        return memory
    for path in map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108
        if path.is_dir() and reachable(user, path):
            return path
    raise LocalServerError("PostgreSQL's user cannot reach any directory for temporary files")


def _lock(home: Path) -> int:
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        _wait_for_lock(descriptor, home)
    except BaseException:
        os.close(descriptor)
        raise
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _wait_for_lock(descriptor: int, home: Path) -> None:
    """Refuse where another program uses the servers; wait where it is gone and they are still stopping."""
    for _ in range(300):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode()
        if holder.isdigit() and psutil.pid_exists(int(holder)):
            raise LocalServerError(
                f"already running: process {holder} uses the servers in {home}; "
                "end it first, or start this one in another checkout"
            )
        time.sleep(0.1)
    raise LocalServerError(f"the servers in {home} are still stopping; try again in a moment")


def _fresh_secrets() -> dict[str, Any]:
    return {
        "database_password": secrets.token_urlsafe(24),
        "s3_access_key": secrets.token_hex(10),
        "s3_secret_key": secrets.token_hex(20),
        "citizen_keys": f"first:{new_key()}",
        "citizen_index_key": new_key(),
    }


def _write_secrets(file: Path, values: dict[str, Any]) -> None:
    """Whole or not at all, and for nobody else's eyes at any moment."""
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # mkstemp makes it 0600
    with os.fdopen(descriptor, "w") as fresh:
        json.dump(values, fresh)
        fresh.flush()
        os.fsync(descriptor)
    Path(name).replace(file)
