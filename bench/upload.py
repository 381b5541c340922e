"""``make bench-upload``: uploads through the API beside the SDK alone and beside ``UploadFile``, on a MinIO.

One run, about five minutes: three rounds or more, each with every case, in turning order; fewer where the time is
up. Ratios are taken within a round, and the median of the rounds counts. Writes its part of ``bench/RESULTS.md``.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from bench import cases, report, results, vanished
from bench.disk import data_directory, empty_trash, free_gib, minio
from bench.procs import Process, Stolen, others_percent
from bench.remote import ROOT
from bench.stage import Stage, stage

NEEDED_GIB = 3
DISTURBED = 5  # percent of the processors taken by the host: then the case is run again, and the quietest counts
TRIES = 3


class Run:
    def __init__(self, on: Stage, seconds: float, rounds: int) -> None:
        self.stage = on
        self.until = time.monotonic() + seconds
        self.rounds = rounds
        server = minio()
        self.minio = Process(server.pid)
        self.data = data_directory(server)
        self.measured = cases.Measured()
        self.others: list[float] = []

    def everything(self, only: str) -> None:
        if only in ("", "large"):
            self._warm_up()
            self._in_turn(cases.LARGE_CASES, 0.5)
        if only in ("", "reads"):
            keys, items = self._stored()
            self._in_turn(cases.reads(self.stage, keys, items), 0.2)
        if only in ("", "small"):
            self._in_turn(cases.SMALL_CASES, 0.7)
        if only in ("", "vanished"):
            self._tidy()
            self.measured.once["vanished"] = vanished.measure(self.stage, self.data)
        self.measured.once["others"] = self.others
        self.measured.once["store_threads"] = self.stage.api.ask("/_bench")["store_threads"]

    def _warm_up(self) -> None:
        for case in ("put_object", "uploadfile", "ordner"):
            cases.LARGE_CASES[case](self.stage)
            self._tidy()

    def _in_turn(self, these: dict[str, Callable[[Stage], cases.Result]], share: float) -> None:
        """Rounds until their share of the time is used; another case is first in each."""
        started, left = time.monotonic(), self.until - time.monotonic()
        names = list(these)
        for number in range(self.rounds):
            longest = (time.monotonic() - started) / max(number, 1)
            enough = number >= cases.LEAST_ROUNDS and time.monotonic() - started + longest > left * share
            if enough or (number and time.monotonic() + longest > self.until):
                break
            self.others.append(others_percent())
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                tries = [self._once(name, these[name])]
                while tries[-1]["stolen"] > DISTURBED and len(tries) < TRIES and time.monotonic() < self.until:
                    tries.append(self._once(name, these[name]))
                result = min(tries, key=lambda tried: tried["stolen"])
                self.measured.add(name, result)
                print(f"{number + 1} {name:22}", {key: round(value, 1) for key, value in result.items()}, flush=True)

    def _once(self, name: str, case: Callable[[Stage], cases.Result]) -> cases.Result:
        before = self.minio.cpu_seconds()
        with Stolen() as stolen:
            result = case(self.stage)
        result |= {"stolen": stolen.percent}
        result |= {"minio_ms": (self.minio.cpu_seconds() - before) * 1000 / cases.CLIENTS}
        if "read" not in name:
            self._tidy()
        return result

    def _tidy(self) -> None:
        """Objects go after each case; rows stay. Else the store, in memory, would grow by 5 GB a round."""
        for bucket in ("bench", self.stage.settings.s3_bucket):
            self.stage.direct("clear", bucket=bucket, keep=[])
        empty_trash(self.data)
        time.sleep(0.3)

    def _stored(self) -> tuple[list[str], list[str]]:
        """A few large files through the API, to read them back: their keys and items."""
        answer = self.stage.load("upload", **self.stage.to_api(), clients=cases.READERS, size=cases.LARGE)
        items = [each["items"][0]["item"]["id"] for each in answer["answers"]]
        keys = self.stage.direct("state", bucket=self.stage.settings.s3_bucket)["keys"]
        return keys, items


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minio", type=Path, default=ROOT / ".tools" / "minio")
    options.add_argument("--seconds", type=float, default=270, help="of measuring, after the start")
    options.add_argument("--rounds", type=int, default=9, help="at most")
    options.add_argument("--only", choices=["large", "reads", "small", "vanished"], default="")
    options.add_argument("--json", type=Path, help="also write every figure there")
    given = options.parse_args()
    with stage(given.minio) as on:
        run = Run(on, given.seconds, given.rounds)
        if free_gib(run.data) < NEEDED_GIB:
            print(f"less than {NEEDED_GIB} GiB free at {run.data}")
            return 1
        run.everything(given.only)
        measured = run.measured
    if given.json:
        given.json.write_text(json.dumps({"rounds": measured.rounds, "once": measured.once}))
    if given.only:
        return 0
    text = report.write(measured, given.minio)
    results.put(text)
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
