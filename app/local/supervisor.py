"""Runs one server as a child and stops it when the process that wanted it is gone, however that ended.

The process that wants a server holds the write end of a pipe; even SIGKILL closes it, and the supervisor at
the other end then stops the server. It runs in a session of its own, so that Ctrl-C in a terminal does not
hit the servers before the program that uses them has finished. Should the supervisor itself be killed, Linux
signals the server (PR_SET_PDEATHSIG).

This file holds both ends. It uses the standard library only, because the far end is run as a bare script:
``python -I -S supervisor.py`` starts in a few hundredths of a second.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Plan:
    """What to run, and how to end it."""

    commands: list[list[str]]  # one after another; the last is the server
    environment: dict[str, str]
    directory: str
    log: str
    stop: list[tuple[str, float]]  # signals, each with the seconds it is given; SIGKILL comes after the last
    user: tuple[int, int] | None = None  # user and group id to change to
    remove: list[str] = field(default_factory=list)  # what goes once the server has been stopped
    remove_if_empty: str | None = None


class Supervised:
    """The near end: one server under a supervisor."""

    def __init__(self, plan: Plan, inherit: tuple[int, ...] = ()) -> None:
        """`inherit`: descriptors, such as a lock, that stay open until the server has stopped."""
        private = os.open(plan.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=plan.environment,
                cwd="/",
                start_new_session=True,
                pass_fds=inherit,
            )
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def ask_to_stop(self) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def wait(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(60)


def _signal_when_orphaned(name: str) -> Callable[[], None] | None:
    """A hook for the child, run after the change of user, which would clear the setting."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    supervisor = os.getpid()
    number = signal.Signals[name].value

    def hook() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != supervisor:  # it died before the setting was made
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _spawn(plan: Plan, argv: list[str]) -> subprocess.Popen[bytes]:
    user, group = plan.user or (None, None)
    orphaned = plan.stop[0][0] if plan.stop else "SIGKILL"
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        env=plan.environment,
        cwd=plan.directory,
        user=user,
        group=group,
        extra_groups=None if plan.user is None else [],
        umask=0o077,
        process_group=0,
        preexec_fn=_signal_when_orphaned(orphaned),  # noqa: PLW1509 - there are no threads here
    )


def _ends_by_itself(child: subprocess.Popen[bytes], parent: int, wakeup: int) -> bool:
    """Wait for the child; False when it has to be stopped: the parent is gone, or a signal says so."""
    while child.poll() is None:
        readable, _, _ = select.select([0, wakeup], [], [], 1)
        told = wakeup in readable and set(os.read(wakeup, 64)) != {signal.SIGCHLD}
        # A fork of the parent may still hold the pipe open: hence the look at the parent as well.
        if told or 0 in readable or os.getppid() != parent:
            return False
    return True


def _stop(child: subprocess.Popen[bytes], signals: list[tuple[str, float]]) -> None:
    for name, patience in signals:
        child.send_signal(signal.Signals[name])
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
            return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _remove(plan: Plan) -> None:
    for path in map(Path, plan.remove):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if plan.remove_if_empty:
        with contextlib.suppress(OSError):
            Path(plan.remove_if_empty).rmdir()


def main() -> int:
    parent = os.getppid()
    wakeup, notify = os.pipe()
    os.set_blocking(notify, False)
    signal.set_wakeup_fd(notify)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # what matters is the byte in the pipe
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 1  # the parent died while writing
    plan = Plan(**json.loads(line))
    for argv in plan.commands:
        child = _spawn(plan, argv)
        if not _ends_by_itself(child, parent, wakeup):
            _stop(child, plan.stop)
            _remove(plan)
            return 0
        if child.returncode != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
