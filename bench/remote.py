"""A child process that does one measurement after another: a line of JSON in, a line of JSON out."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
Command = Callable[..., dict[str, Any]]


def serve(commands: dict[str, Command]) -> None:
    """The child's side; ends when standard input does. CPU seconds are added to every answer."""
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        order = json.loads(line)
        before, started = _cpu(), time.monotonic()
        try:
            answer = commands[order.pop("do")](**order)
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answer.setdefault("seconds", time.monotonic() - started)
        answer["cpu"] = _cpu() - before
        print(json.dumps(answer), file=out, flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Remote:
    """The parent's side."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, do: str, **arguments: Any) -> dict[str, Any]:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise SystemExit(f"{self.child.args} ended")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise SystemExit(f"{do} {arguments}: {answer['failed']}")
        return answer

    def close(self) -> None:
        assert self.child.stdin
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
