"""``make bench-crm``: lists, filters, search and single reads on two offices of 200,000 relations each.

Seeds with COPY, then asks the API one thing at a time over one kept connection; the server itself takes its time and
says which SQL it ran. Then throughput beside a bare handler. Writes its part of ``bench/RESULTS.md``.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench import bareside, crmreport, results
from bench.crmcases import CASES, DEEP, FILTERED, LIST, Case, values_of
from bench.crmstage import Client, Seen, Stage, stage
from bench.plans import Plan, of_last
from bench.procs import Stolen, others_percent

WARM = 8  # more than the five runs after which PostgreSQL may change to a generic plan
EACH = 20  # requests of a case in a round
ROUNDS = 3
CASE_SECONDS = 2.0  # of a case in a round, where a request is slow
PAGES = 1000
EDGE = 20  # pages at either end that are read again
TURNS = 5


@dataclass
class Measured:
    """One case, as one caller."""

    case: Case
    who: str
    server: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    by_limit: dict[int, int] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)


@dataclass
class Deep:
    name: str
    pages: int
    first: list[float]
    last: list[float]


class Run:
    def __init__(self, on: Stage) -> None:
        self.stage = on
        self.others: list[float] = []
        self.stolen: list[float] = []
        self.unknown: list[str] = []
        self.clients = {who: on.client(who) for who in on.tokens}
        self.values: dict[str, Iterator[dict[str, str]]] = {who: values_of(on, who) for who in on.tokens}

    def cases(self, rounds: int) -> list[Measured]:
        found = [measured for who in self.clients for case in CASES if (measured := self._prepared(case, who))]
        for number in range(rounds):
            self.others.append(others_percent())
            turn = number * len(found) // rounds
            with Stolen() as stolen:
                for measured in found[turn:] + found[:turn]:
                    self._once(measured)
            self.stolen.append(stolen.percent)
        for each in found:
            print(
                f"{each.who:8}{each.case.name:44}{median(each.server):8.1f} ms  {sorted(each.statements)}", flush=True
            )
        return found

    def _prepared(self, case: Case, who: str) -> Measured | None:
        """Warmed up, with its plans; None where the API knows no such parameter."""
        client = self.clients[who]
        with client.watched() as seen:
            for _ in range(WARM):
                status, content = client.ask(*case.request(next(self.values[who])))
                if status == 422:
                    self.unknown += [case.name] if case.name not in self.unknown else []
                    return None
                if status == 403:
                    return None  # not for this caller
                if status != 200:
                    raise SystemExit(f"{case.name} as {who}: {status} {content[:300]!r}")
        made = Measured(case, who)
        made.plans = asyncio.run(of_last(self.stage.settings, self.stage.office.id, seen.sql))
        if case.kind in (LIST, FILTERED):
            made.by_limit = {limit: self._statements(case, who, limit) for limit in (1, 200)}
        return made

    def _statements(self, case: Case, who: str, limit: int) -> int:
        path, _ = case.request(next(self.values[who]))
        with self.clients[who].watched() as seen:
            self.clients[who].get(f"{path}{'&' if '?' in path else '?'}limit={limit}")
        return len(seen.sql[0])

    def _once(self, measured: Measured) -> None:
        client, until = self.clients[measured.who], time.monotonic() + CASE_SECONDS
        with client.watched() as seen:
            for _ in range(EACH):
                path, body = measured.case.request(next(self.values[measured.who]))
                before = time.perf_counter()
                status, content = client.ask(path, body)
                measured.client.append(1000 * (time.perf_counter() - before))
                if status != 200:
                    raise SystemExit(f"{path} as {measured.who}: {status} {content[:300]!r}")
                if time.monotonic() > until:
                    break
        measured.server += seen.ms
        measured.cpu += seen.cpu
        measured.statements |= {len(statements) for statements in seen.sql}

    def deep(self) -> list[Deep]:
        """As the key, who sees everything: to the thousandth page by cursors, then both ends again, in turn."""
        return [self._walked(case) for case in CASES if case.name in DEEP]

    def _walked(self, case: Case) -> Deep:
        client, path = self.clients["key"], case.request(next(self.values["key"]))[0]
        first = path
        paths = [path]
        while len(paths) < PAGES and (cursor := client.get(path)["next_cursor"]):
            path = f"{first}{'&' if '?' in first else '?'}cursor={cursor}"
            paths.append(path)
        full = paths[:-1] if len(paths) < PAGES else paths  # the very last page may hold a single row
        edge = min(EDGE, len(full) // 2)
        at_first, at_last = [], []
        for _ in range(TURNS):
            at_first += self._read(client, full[:edge]).ms
            at_last += self._read(client, full[-edge:]).ms
        print(
            f"{case.name:40} page 1: {median(at_first):.1f} ms, page {len(full)}: {median(at_last):.1f} ms", flush=True
        )
        return Deep(case.name, len(full), at_first, at_last)

    def _read(self, client: Client, paths: list[str]) -> Seen:
        with client.watched() as seen:
            for path in paths:
                client.get(path)
        return seen


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=1, help="of the offices; below 1 nothing is written")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--only", choices=["cases", "deep", "bare"], default="")
    options.add_argument("--json", type=Path, help="also write every figure there")
    given = options.parse_args()
    with stage(given.scale) as on:
        print(f"seeded in {on.seeded_seconds:.0f} s", flush=True)
        run = Run(on)
        found: dict[str, Any] = {"sizes": crmreport.sizes(on), "seconds": on.seeded_seconds}
        if given.only in ("", "cases"):
            found["cases"] = run.cases(given.rounds)
        if given.only in ("", "deep"):
            found["deep"] = run.deep()
        if given.only in ("", "bare"):
            found["bare"] = bareside.beside(on, given.rounds)
            found["shares"] = bareside.shares(on)
        found |= {"unknown": run.unknown, "others": run.others, "stolen": run.stolen}
    if given.json:
        given.json.write_text(
            json.dumps(found, default=lambda value: list(value) if isinstance(value, set) else asdict(value))
        )
    if given.only:
        return 0
    text = crmreport.write(found)
    if given.scale == 1:
        results.put(text)
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
