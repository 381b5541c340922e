"""The process that reads: bounded, bare, waiting for its reader, and gone after it whatever happens (IM-01)."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.sheets.reading import Limits, SheetRefused, reading
from tests.factories.sheets import KNOWN, children, read_in_child, refusal_in_child

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def fill(path: Path, rows: int = 60_000) -> None:
    path.write_text("Naam;Plaats\n" + "a;b\n" * rows)


async def test_takes_no_more_time_than_it_may(file: Path) -> None:
    file.write_text("Naam;Plaats\n" + "a;b\n" * 4_000_000)
    assert (await refusal_in_child(file, Limits(cpu_seconds=1, rows=10**8))).code == "time"
    assert (await refusal_in_child(file, Limits(seconds=0.05, rows=10**8))).code == "time"


async def test_killed_from_outside(file: Path) -> None:
    fill(file)
    async with reading(file, KNOWN) as sheet:
        children()[0].kill()
        with pytest.raises(SheetRefused) as error:
            _ = [rows async for rows in sheet.batches()]
    assert (error.value.code, error.value.cause) == ("memory", "ended with -9")
    assert not children()


async def test_that_answers_something_else(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(file)
    for program in ("/bin/echo", "/bin/false"):
        monkeypatch.setattr(sys, "executable", program)
        assert (await refusal_in_child(file)).code == "damaged"


async def test_a_file_that_is_gone_is_no_refusal(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await read_in_child(file)


async def test_is_gone_when_nobody_reads_on(file: Path) -> None:
    fill(file)
    async with reading(file, KNOWN) as sheet:
        async for rows in sheet.batches():
            assert len(rows) == 1_000
            assert len(children()) == 1
            break
    assert not children()


async def test_is_gone_when_the_reader_is_cancelled(file: Path) -> None:
    fill(file)
    opened = asyncio.Event()

    async def wait_inside() -> None:
        async with reading(file, KNOWN):
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait_inside())
    await opened.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not children()


async def test_waits_until_the_next_rows_are_wanted(file: Path) -> None:
    fill(file, 200_000)
    async with reading(file, KNOWN) as sheet:
        batches = sheet.batches()
        await anext(batches)
        child = children()[0]
        async with asyncio.timeout(10):
            while child.status() != psutil.STATUS_SLEEPING:
                await asyncio.sleep(0.01)
        assert len([rows async for rows in batches]) == 199


async def test_knows_no_secret(file: Path) -> None:
    fill(file)
    async with reading(file, KNOWN):
        [child] = children()
        assert not {name for name in child.environ() if "ORDNER" in name or "KEY" in name or name == "HOME"}
        assert (child.cwd(), str(file) in child.cmdline()) == ("/", False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with the next rows that it writes")
async def test_ends_with_its_parent(file: Path) -> None:
    fill(file)
    script = (
        "import asyncio, pathlib, sys\nfrom app.sheets.reading import reading\n"
        "async def main():\n    async with reading(sys.argv[1], ['Naam']):\n"
        "        print('open', flush=True)\n        await asyncio.Event().wait()\nasyncio.run(main())"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(file)], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout
    with parent.stdout:
        parent.stdout.readline()
        [child] = psutil.Process(parent.pid).children()
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    child.wait(10)


async def test_two_hundred_thousand_rows(file: Path) -> None:
    file.write_text("Relatienummer;Naam;Plaats\n" + "".join(f"{n};Bedrijf {n};Delft\n" for n in range(200_000)))
    sheet = await read_in_child(file)
    assert (len(sheet.rows), sheet.rows[-1].number) == (200_000, 200_001)
