"""The measurements, each a function of the stage."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.procs import MIB, Watch
from bench.stage import Server, Stage

LARGE = 100 * MIB
CLIENTS = 8
SMALL = 50_000
SMALL_CLIENTS = 32
SMALL_EACH = 10
BATCH = 400
ONE_BY_ONE = 100  # of the same files; more would only take longer
READERS = 4
LEAST_ROUNDS = 3

Result = dict[str, float]


@dataclass
class Measured:
    """Results by case, one a round."""

    rounds: dict[str, list[Result]] = field(default_factory=dict)
    once: dict[str, Any] = field(default_factory=dict)

    def add(self, case: str, result: Result) -> None:
        self.rounds.setdefault(case, []).append(result)

    def median(self, case: str, what: str) -> float:
        return statistics.median(result[what] for result in self.rounds[case])

    def worst(self, case: str, what: str) -> float:
        return max(result[what] for result in self.rounds[case])

    def ratios(self, case: str, other: str, what: str) -> list[float]:
        """Round by round: what disturbs one round disturbs both sides of its ratio."""
        pairs = zip(self.rounds[case], self.rounds[other], strict=True)
        return [mine[what] / others[what] for mine, others in pairs]


def _rate(answer: dict[str, Any], of: float) -> Result:
    return {"rate": of / answer["seconds"], "client_ms": answer["cpu"] * 1000 / of * 100}


def put(stage: Stage, *, sha256: bool) -> Result:
    answer = stage.direct("put", clients=CLIENTS, each=1, size=LARGE, sha256=sha256)
    return _rate(answer, CLIENTS * 100) | {"cpu_ms": answer["cpu"] * 1000 / CLIENTS}


def _watched(stage: Stage, server: Server, do: str, **arguments: Any) -> Result:
    with Watch(server.process) as watch:
        answer = stage.load(do, clients=CLIENTS, size=LARGE, **arguments)
    result = _rate(answer, CLIENTS * 100)
    result |= {"cpu_ms": watch.cpu_seconds * 1000 / CLIENTS, "peak": watch.peak_mib, "polled": watch.polled_mib}
    if "livez_ms" in answer:
        result |= spread("livez", answer["livez_ms"])
    return result


def uploadfile(stage: Stage, *, sha256: bool) -> Result:
    return _watched(stage, stage.rival, "upload", **stage.to_rival(sha256=sha256))


def ordner(stage: Stage) -> Result:
    stage.api.ask("/_bench?start")
    result = _watched(stage, stage.api, "upload", **stage.to_api())
    return result | spread("lag", stage.api.ask("/_bench?stop"))


def probed(stage: Stage) -> Result:
    return _watched(stage, stage.api, "probe", every=0.01, **stage.to_api())


def spread(name: str, values: list[float]) -> Result:
    ordered = sorted(values)
    at = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))]  # noqa: E731
    return {f"{name}_p50": at(0.5), f"{name}_p99": at(0.99), f"{name}_max": ordered[-1]}


LARGE_CASES: dict[str, Callable[[Stage], Result]] = {
    "put_object": lambda stage: put(stage, sha256=False),
    "put_object+sha": lambda stage: put(stage, sha256=True),
    "uploadfile": lambda stage: uploadfile(stage, sha256=False),
    "uploadfile+sha": lambda stage: uploadfile(stage, sha256=True),
    "ordner": ordner,
    "ordner+livez": probed,
}

_SMALL = {"clients": SMALL_CLIENTS, "each": SMALL_EACH, "size": SMALL}
_FILES = SMALL_CLIENTS * SMALL_EACH


def small_put(stage: Stage) -> Result:
    return {"rate": _FILES / stage.direct("put", **_SMALL)["seconds"]}


def small_uploadfile(stage: Stage) -> Result:
    return {"rate": _FILES / stage.load("upload_small", **stage.to_rival(sha256=False), **_SMALL)["seconds"]}


def small_ordner(stage: Stage) -> Result:
    with Watch(stage.api.process) as watch:
        answer = stage.load("upload_small", **stage.to_api(), **_SMALL)
    return {"rate": _FILES / answer["seconds"], "cpu_ms": watch.cpu_seconds * 1000 / _FILES}


def one_by_one(stage: Stage) -> Result:
    answer = stage.load("upload_small", **stage.to_api(), clients=1, each=ONE_BY_ONE, size=SMALL)
    return {"rate": ONE_BY_ONE / answer["seconds"]}


def in_one_request(stage: Stage) -> Result:
    answer = stage.load("upload_small", **stage.to_api(), clients=1, each=1, size=SMALL, files=BATCH)
    return {"rate": BATCH / answer["seconds"]}


SMALL_CASES: dict[str, Callable[[Stage], Result]] = {
    "small put_object": small_put,
    "small uploadfile": small_uploadfile,
    "small ordner": small_ordner,
    "one by one": one_by_one,
    "in one request": in_one_request,
}


def reads(stage: Stage, keys: list[str], items: list[str]) -> dict[str, Callable[[Stage], Result]]:
    """Downloads, of files that ``ordner`` stored: through the API, and by the SDK from the store."""
    paths = [f"/v1/dossier-items/{item}/content" for item in items]
    total = READERS * 100

    def sdk(_: Stage) -> Result:
        return _rate(stage.direct("get", bucket=stage.settings.s3_bucket, keys=keys), total)

    def proxied(_: Stage) -> Result:
        with Watch(stage.api.process) as watch:
            answer = stage.load("download", port=stage.api.port, paths=paths, token=stage.office.token)
        if answer["bytes"] != READERS * LARGE:
            raise SystemExit(f"{answer['bytes']} bytes came back of {READERS * LARGE}")
        return _rate(answer, total) | {"cpu_ms": watch.cpu_seconds * 1000 / READERS}

    return {"read by the SDK": sdk, "read through the API": proxied}
