"""The ``ordner`` command as people and scripts run it: a process of its own, without our environment."""

import asyncio
import json
import os
import pty
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from app.settings import child_environment

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PROGRAM = (sys.executable, "-m", "app.cli")


@dataclass
class Ran:
    status: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """What ``--json`` gave."""
        return json.loads(self.out)


def key_of(client: httpx.AsyncClient) -> str:
    return str(client.headers["authorization"]).removeprefix("Bearer ")


async def begin(
    client: httpx.AsyncClient,
    *arguments: object,
    url: str = "",
    key: str | None = None,
    terminal: int | None = None,
    out: int = PIPE,
    encoding: str = "utf-8",
    before: Sequence[str] = (),
) -> Process:
    """Started as whom ``client`` speaks for; ``terminal``: a descriptor that it sits at, ``before``: what runs it."""
    environment = {
        **child_environment(),
        "ORDNER_URL": url or str(client.base_url),
        "ORDNER_KEY": key_of(client) if key is None else key,
        "TERM": "xterm",
        "COLUMNS": "120",
        "PYTHONIOENCODING": encoding,
    }
    ends: dict[str, Any] = {"stdin": DEVNULL, "stdout": out, "stderr": PIPE}
    if terminal is not None:
        ends = dict.fromkeys(ends, terminal)
    return await asyncio.create_subprocess_exec(*before, *PROGRAM, *map(str, arguments), env=environment, **ends)


async def finish(process: Process, seconds: float = 60) -> Ran:
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode("utf-8", "replace")
    return Ran(process.returncode, (out or b"").decode("utf-8", "replace"), err.decode("utf-8", "replace"))


async def ordner(client: httpx.AsyncClient, *arguments: object, **how: Any) -> Ran:
    return await finish(await begin(client, *arguments, **how))


async def at_terminal(
    client: httpx.AsyncClient, answer: str, *arguments: object, meanwhile: Callable[[], Awaitable[object]] | None = None
) -> Ran:
    """With a person before it, who types this when he is asked (``[y/N]``); before he does, something may happen."""
    ours, theirs = pty.openpty()
    process = await begin(client, *arguments, terminal=theirs)
    os.close(theirs)
    shown = b""
    try:
        async with asyncio.timeout(60):
            while piece := await asyncio.to_thread(_read, ours):
                shown += piece
                if b"[y/N]" in shown and answer:
                    if meanwhile:
                        await meanwhile()
                    os.write(ours, answer.encode())
                    answer = ""
            status = await process.wait()
    finally:
        os.close(ours)
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ran(status, ESCAPES.sub("", shown.decode()), "")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # nobody sits at the other end any more
        return b""
