"""``python -m bench.exports [RELATIONS ...]``: what an export takes of the API's process, at several sizes of office.

Memory is to be the same whatever the size; what else waits for the loop meanwhile is the lag of a sleep of 10 ms.
"""

import http.client
import sys
import time

from bench.crmstage import Client, stage
from bench.procs import Watch
from bench.seed import RELATIONS
from bench.stage import HOST

SIZES = (5_000, 50_000)
FILES = ("relations.csv", "relations.xlsx", "contacts.csv", "contacts.xlsx")
HEADS = ("relations", "file", "MB", "seconds", "memory before", "at most", "lag, median", "lag, worst")
PIECE = 64 * 1024


def _read(client: Client, path: str) -> int:
    """Its bytes, none of them kept."""
    connection = http.client.HTTPConnection(HOST, client.server.port, timeout=600)
    connection.request("GET", path, headers={"Authorization": f"Bearer {client.token}"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: {answer.read(300)!r}")
    size = 0
    while piece := answer.read(PIECE):
        size += len(piece)
    connection.close()
    return size


def measure(relations: int) -> None:
    with stage(relations / RELATIONS) as on:
        client = on.client("key")
        for file in FILES:
            _read(client, f"/v1/exports/{file}?login_status=blocked" if "contacts" in file else f"/v1/exports/{file}")
            before = on.api.process.rss_mib
            on.api.ask("/_bench?start")
            started = time.monotonic()
            with Watch(on.api.process) as watch:
                size = _read(client, f"/v1/exports/{file}")
            seconds = time.monotonic() - started
            lag = sorted(on.api.ask("/_bench?stop"))
            figures = (f"{size / 1e6:.1f}", f"{seconds:.1f} s", f"{before:.0f} MiB", f"{watch.peak_mib:.0f} MiB",
                       f"{lag[len(lag) // 2]:.1f} ms", f"{lag[-1]:.0f} ms")  # fmt: skip
            print(" | ".join((f"{relations:,}", file, *figures)), flush=True)


if __name__ == "__main__":
    print(" | ".join(HEADS))
    for each in [int(size) for size in sys.argv[1:]] or SIZES:
        measure(each)
