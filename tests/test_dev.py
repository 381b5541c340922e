"""`make run`: one command, a demo office, data that stays, and nothing left when it is gone."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from app.settings import child_environment


@contextmanager
def dev(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`ordner dev` in a process of its own, with what it printed until it was ready."""
    command = [sys.executable, "-m", "app.cli", "dev", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, env=child_environment(), stdout=subprocess.PIPE, text=True)
    try:
        yield process, said(process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    return "".join(lines)


def sign_in(text: str, email: str) -> tuple[str, int]:
    found = re.search(r"http://\S+", text)
    assert found, text
    address = found[0]
    password = re.search(rf"{email}\s+(\S+)", text)
    assert password, text
    body = {"office": "demo", "email": email, "password": password[1]}
    return address, httpx.post(f"{address}/v1/auth/tokens", json=body, timeout=20).status_code


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Everything that it started; the servers' supervisors have sessions of their own, but are still its children."""
    return psutil.Process(process.pid).children(recursive=True)


def gone(processes: list[psutil.Process], seconds: float = 20) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=seconds)[1]


@pytest.mark.bytes
def test_run_stop_run_again_kill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with dev(data) as (process, text):
        for email in ("beheer@demo.example", "anna@demo.example", "henk@demo.example"):
            address, status = sign_in(text, email)
            assert status == 201
        key = re.search(r"ordk_\w+", text)
        assert key
        asked = httpx.get(f"{address}/v1/relations", headers={"Authorization": f"Bearer {key[0]}"}, timeout=20)
        assert [relation["number"] for relation in asked.json()["items"]] == ["100", "100.1", "100.2"]
        assert httpx.get(f"{address}/docs", timeout=20).status_code == 200
        children = family(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert gone(children) == []
    with dev(data) as (process, again):
        assert sign_in(again, "anna@demo.example")[1] == 201  # the data, and the logins, are those of before
        children = family(process)
        assert len(children) >= 4
        os.kill(process.pid, signal.SIGKILL)
        assert gone(children) == []


def test_a_port_that_is_taken_is_not_the_end(tmp_path: Path) -> None:
    started = time.monotonic()
    with dev(tmp_path / "a") as (first, text):
        port = re.search(r":(\d+)", text)
        assert port
        command = [sys.executable, "-m", "app.cli", "dev", "--port", port[1], "--data", str(tmp_path / "a")]
        second = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=60)
        assert second.returncode == 1
        assert "running" in second.stderr
        assert first.poll() is None
    assert time.monotonic() - started < 60
