"""What the child takes from itself before it opens a stranger's file."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from app.sheets.rows import Limits

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 32
NO_MEMORY = 12  # what the child exits with when Python itself has run out of it


def confine(limits: Limits) -> None:
    """Limits on memory, processor time and what it may open; nothing may be written to disk, no core dump either."""
    with contextlib.suppress(OSError):  # where memory is short all the same, it is this process that goes
        Path("/proc/self/oom_score_adj").write_text("1000")
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    hard = soft if hard is None else hard
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(ValueError, OSError):  # macOS has no limit on memory, and says so
        resource.setrlimit(kind, (soft, hard))


def end_with(parent: int) -> None:
    """When the process that asked is killed, so are we. Elsewhere than on Linux the next line that we write ends us."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the setting was made
        os.kill(os.getpid(), signal.SIGKILL)
