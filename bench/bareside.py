"""Throughput of the API beside the bare handler, and where the rest goes."""

import json
import pickle
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.crmstage import Stage
from bench.procs import Stolen
from bench.remote import ROOT
from bench.stage import Server

PAGES, SINGLE = 40, 200
CLIENTS = (1, 16)
SECONDS, WARM_UP = 2.0, 0.5
PROFILED = 300


@dataclass(frozen=True)
class Throughput:
    what: str
    clients: int
    api: float
    bare: float
    api_ms: float  # CPU of the process, for one request
    bare_ms: float
    stolen: float


def paths(stage: Stage) -> dict[str, list[str]]:
    """Relations, and pages of them that follow each other, from the first on."""
    client, page = stage.client("key"), "/v1/relations"
    pages, ids = [], []
    while len(pages) < PAGES:
        pages.append(page)
        found = client.get(page)
        ids += [row["id"] for row in found["items"]]
        if not found["next_cursor"]:
            break
        page = f"/v1/relations?cursor={found['next_cursor']}"
    return {
        "GET /relations/{id}": [f"/v1/relations/{each}" for each in ids[:: max(1, len(ids) // SINGLE)]][:SINGLE],
        "a list page of 50": pages,
    }


def beside(stage: Stage, rounds: int) -> list[Throughput]:
    """Rounds, in each everything, API and bare handler one after the other."""
    asked = paths(stage)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps({"office": str(stage.office.id), "statements": _statements(stage, asked)}))
        file.flush()
        bare = Server("bench.bare", stage.environment, file.name)
        try:
            found = []
            for number in range(rounds + 1):
                for what, each in asked.items():
                    for clients in CLIENTS:
                        measured = _measured(stage, bare, what, each, clients, SECONDS if number else WARM_UP)
                        found += [measured] if number else []  # the first round only warms up
            return found
        finally:
            bare.close()


def _statements(stage: Stage, asked: dict[str, list[str]]) -> dict[str, list[tuple[str, object]]]:
    every = [path for some in asked.values() for path in some]
    client = stage.client("key")
    with client.watched() as seen:
        for path in every:
            client.get(path)
    return dict(zip(every, seen.sql, strict=True))


def _measured(stage: Stage, bare: Server, what: str, asked: list[str], clients: int, seconds: float) -> Throughput:
    rates, cpu = [], []
    with Stolen() as stolen:
        for server in (stage.api, bare):
            before = server.process.cpu_seconds()
            answer = stage.load(
                "ask", port=server.port, paths=asked, token=stage.tokens["key"], clients=clients, seconds=seconds
            )
            rates.append(answer["requests"] / answer["seconds"])
            cpu.append(1000 * (server.process.cpu_seconds() - before) / answer["requests"])
    print(f"{what}, {clients} clients: API {rates[0]:.0f}, bare {rates[1]:.0f} a second", flush=True)
    return Throughput(what, clients, rates[0], rates[1], cpu[0], cpu[1], stolen.percent)


def shares(stage: Stage) -> dict[str, dict[str, float]]:
    """Where one request's time in the process goes, in a process of its own under the profiler."""
    found = {}
    for what, asked in paths(stage).items():
        order = {"paths": asked, "token": stage.tokens["key"], "times": PROFILED}
        done = subprocess.run(
            [sys.executable, "-m", "bench.shares"],
            input=json.dumps(order),
            env=stage.environment,
            cwd=Path(ROOT),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found[what] = json.loads(done.stdout.splitlines()[-1])
    return found
