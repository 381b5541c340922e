"""What the kernel says of a process: its CPU time, memory, threads and descriptors."""

import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024


class Process:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._proc = Path(f"/proc/{pid}")

    def cpu_seconds(self) -> float:
        """User and system time of all its threads; not of its children."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def _status(self, name: str) -> int:
        for line in (self._proc / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise LookupError(name)

    @property
    def rss_mib(self) -> float:
        return self._status("VmRSS") / 1024

    @property
    def peak_mib(self) -> float:
        return self._status("VmHWM") / 1024

    def forget_peak(self) -> None:
        (self._proc / "clear_refs").write_text("5")

    @property
    def threads(self) -> int:
        return self._status("Threads")

    @property
    def descriptors(self) -> int:
        return len(list((self._proc / "fd").iterdir()))


class Watch:
    """``with Watch(process) as watch``: CPU seconds, seconds and peak memory of what happens inside."""

    def __init__(self, process: Process, every: float = 0.02) -> None:
        self._process = process
        self._every = every
        self._over = threading.Event()
        self.polled_mib = 0.0

    def __enter__(self) -> Self:
        self._process.forget_peak()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()
        self._started = time.monotonic()
        self._cpu = self._process.cpu_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_seconds = self._process.cpu_seconds() - self._cpu
        self.seconds = time.monotonic() - self._started
        self._over.set()
        self._thread.join()
        self.peak_mib = max(self.polled_mib, self._process.peak_mib)

    def _poll(self) -> None:
        while not self._over.wait(self._every):
            self.polled_mib = max(self.polled_mib, self._process.rss_mib)


def others_percent(seconds: float = 0.4) -> float:
    """How much of all processors is busy, or taken by the host, while nothing of ours has work."""
    return max(0.0, 100 - psutil.cpu_times_percent(seconds).idle)


class Stolen:
    """``with Stolen() as stolen``: the share of all processors, in percent, that the host took for others meanwhile."""

    def __enter__(self) -> Self:
        self._before = psutil.cpu_times()
        return self

    def __exit__(self, *_: object) -> None:
        spent = [after - before for after, before in zip(psutil.cpu_times(), self._before, strict=True)]
        self.percent = 100 * spent[self._before._fields.index("steal")] / max(sum(spent), 0.01)


def version_of(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
