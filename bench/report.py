"""The part of ``RESULTS.md`` on uploads: goal, measured, met. Nothing of the day or of the machine's name is in it."""

from pathlib import Path
from typing import Any

import psutil

from bench.cases import BATCH, CLIENTS, LEAST_ROUNDS, READERS, SMALL_CLIENTS, Measured
from bench.procs import version_of
from bench.results import Row, at_least, at_most, goals, met, others, stolen, table, versions
from bench.vanished import AT_ONCE, VANISH

DIRECT, RIVAL, OURS = "put_object", "uploadfile+sha", "ordner"
PACKAGES = (
    "minio",
    "urllib3",
    "uvicorn",
    "uvloop",
    "httptools",
    "fastapi",
    "python-multipart",
    "sqlalchemy",
    "asyncpg",
)


def write(measured: Measured, minio: Path) -> str:
    return "\n\n".join(
        [
            "# Uploads, measured",
            "Written by `make bench-upload` (`python -m bench.upload`); do not edit. What the cases are: `README.md`.",
            goals(_goals(measured)),
            _ratio_note(),
            "## Figures (medians of the rounds; each ratio is taken within a round)",
            _large(measured),
            _more(measured),
            "## Vanished clients",
            _vanished(measured.once["vanished"]),
            "## Where",
            _where(measured, minio),
        ]
    ) + "\n"  # fmt: skip


def _ratio_note() -> str:
    return (
        f"Yardsticks: *direct* is `Minio.put_object` as it comes, {CLIENTS} threads, no hash but its signature's; "
        "*UploadFile* also makes the SHA-256 that the API makes. The other variant of each stands in the figures."
    )


def _goals(measured: Measured) -> list[Row]:
    to_direct = measured.ratios(OURS, DIRECT, "rate")
    to_rival = measured.ratios(OURS, RIVAL, "rate")
    cpu = measured.ratios(OURS, RIVAL, "cpu_ms")
    batch = measured.ratios("in one request", "one by one", "rate")
    read = measured.ratios("read through the API", "read by the SDK", "rate")
    room = 120 + 32 * CLIENTS
    peak, lag = measured.worst(OURS, "peak"), measured.worst(OURS, "lag_max")
    gone = measured.once["vanished"]
    return [
        at_least(f"{CLIENTS} x 100 MB, MiB/s to direct `put_object`", 0.9, to_direct),
        at_least(f"{CLIENTS} x 100 MB, MiB/s to `UploadFile`", 2.3, to_rival),
        at_most("CPU of the API to that of `UploadFile`", 0.5, cpu),
        (f"Peak memory, {CLIENTS} uploads, worst round", f"<= {room} MiB", f"{peak:.0f} MiB", met(peak <= room)),
        (f"Loop lag, {CLIENTS} uploads, worst of all rounds", "<= 50 ms", f"{lag:.0f} ms", met(lag <= 50)),
        (
            f"Left of {VANISH} vanished clients",
            "nothing",
            f"{'nothing' if gone['clean'] else 'something'} after {gone['waited']:.1f} s",
            met(gone["clean"]),
        ),
        at_least(f"{BATCH} files of 50 kB: one request to one at a time", 2, batch),
        at_least(f"Download through the API to the SDK's own, {READERS} readers", 0.6, read),
    ]


def _large(measured: Measured) -> str:
    names = {
        "put_object": "`put_object`, 8 threads, no API",
        "put_object+sha": "the same, with the file's SHA-256",
        "uploadfile": "`UploadFile`, then `put_object`",
        "uploadfile+sha": "the same, with the file's SHA-256",
        "ordner": "**Ordner**, SHA-256 and CRC-32",
        "ordner+livez": "the same, `/livez` asked every 10 ms",
    }
    rows = []
    for case, name in names.items():
        has = measured.rounds[case][0]
        value = lambda what, case=case: f"{measured.median(case, what):.0f}"  # noqa: E731
        rows.append(
            (
                name,
                value("rate"),
                value("cpu_ms"),
                value("minio_ms"),
                value("client_ms") if "peak" in has else "-",
                f"{measured.worst(case, 'peak'):.0f}" if "peak" in has else "-",
            )
        )
    head = (
        f"{CLIENTS} x 100 MB",
        "MiB/s",
        "CPU of the server (or direct client), ms per 100 MB",
        "of MinIO",
        "of the load generator",
        "peak RSS, MiB",
    )
    return table(head, rows)


def _more(measured: Measured) -> str:
    def line(case: str, name: str) -> str:
        at = " / ".join(f"{measured.median(case, f'{name}_{point}'):.1f}" for point in ("p50", "p99"))
        return f"{at} / {measured.worst(case, f'{name}_max'):.1f} ms"

    def rate(case: str) -> str:
        return f"{measured.median(case, 'rate'):.0f}"

    each = measured.median("small ordner", "cpu_ms")
    rows = [
        ("Loop lag in the API (overshoot of a sleep of 10 ms): p50 / p99 / worst", line("ordner", "lag")),
        ("Answer of `/livez` meanwhile, seen by a client: p50 / p99 / worst", line("ordner+livez", "livez")),
        *(
            (f"50 kB files a second, {SMALL_CLIENTS} clients: {name}", rate(f"small {name}"))
            for name in ("put_object", "uploadfile", "ordner")
        ),
        ("CPU of the API for one request with one such file", f"{each:.1f} ms"),
        ("Files of 50 kB, one request each, one at a time", f"{rate('one by one')} a second"),
        (f"{BATCH} files of 50 kB in one request", f"{rate('in one request')} a second"),
        ("Download, 100 MB, read by the SDK", f"{rate('read by the SDK')} MiB/s"),
        ("Download, 100 MB, through the API", f"{rate('read through the API')} MiB/s"),
    ]  # fmt: skip
    return table(("Also", "Measured"), rows)


def _vanished(gone: dict[str, Any]) -> str:
    rows = [
        (name, str(gone["before"][name]), str(gone["at_once"][name]), str(gone["after"][name]))
        for name in gone["before"]
    ]
    text = (
        f"{VANISH} clients, {AT_ONCE} at a time, cut at random bytes of a body (from the part's head to 40 MiB), half "
        f"with FIN, half with RST. Before, {AT_ONCE} whole uploads at once had filled the pools of threads and "
        "connections, which are kept. Open uploads are counted on MinIO's disk."
    )
    after = f"after {gone['waited']:.1f} s"
    return text + "\n\n" + table(("What", "before", "at once", after), rows)


def _where(measured: Measured, minio: Path) -> str:
    place = "in memory" if Path("/dev/shm").is_dir() else "on disk"
    memory = psutil.virtual_memory().total / 1024**3
    lines = [
        f"{psutil.cpu_count()} processors for clients, API, MinIO and PostgreSQL together; {memory:.0f} GiB of memory.",
        f"All on loopback; the data of MinIO and PostgreSQL, and what `UploadFile` spools, {place}.",
        f"{versions(PACKAGES)}; {version_of([str(minio), '--version'])}.",
        _rounds(measured),
        stolen([result["stolen"] for case in measured.rounds.values() for result in case]),
        others(measured.once["others"]),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _rounds(measured: Measured) -> str:
    cases = {"large files": OURS, "downloads": "read through the API", "small files": "small ordner"}
    counts = {name: len(measured.rounds[case]) for name, case in cases.items()}
    text = "Rounds: " + ", ".join(f"{count} of {name}" for name, count in counts.items())
    return text + (": **too few for a verdict**." if min(counts.values()) < LEAST_ROUNDS else ".")
