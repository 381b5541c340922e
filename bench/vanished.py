"""Clients that leave in the middle, and what is left of them."""

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import asyncpg

from bench.disk import open_uploads
from bench.procs import MIB
from bench.stage import Stage

VANISH = 200
AT_ONCE = 32
WHOLE = 24 * MIB
DECLARED = 64 * MIB
PATIENCE = 60
KEPT = ("tasks", "threads", "descriptors")


def cuts(seed: int) -> list[int]:
    """Bytes of body until the cut: within the part's head, within one PUT, within a multipart upload."""
    chance = random.Random(seed)
    spans = ((1, 300), (300, 8 * MIB), (8 * MIB, 40 * MIB), (8 * MIB, 40 * MIB))
    return [chance.randint(*spans[chance.randrange(4)]) for _ in range(VANISH)]


def left(stage: Stage, data: Path) -> dict[str, int]:
    rows = asyncio.run(_rows(stage))
    keys = set(stage.direct("state", bucket=stage.settings.s3_bucket)["keys"])
    inside = stage.api.ask("/_bench")
    return {
        "open multipart uploads": open_uploads(data),
        "rows in blobs that are not stored": rows["unfinished"],
        "objects without a row": len(keys - rows["keys"]),
        "database connections checked out": inside["checked_out"],
        "tasks": inside["tasks"],
        "threads": stage.api.process.threads,
        "descriptors": stage.api.process.descriptors,
    }


async def _rows(stage: Stage) -> dict[str, Any]:
    connection = await asyncpg.connect(stage.settings.database_url.get_secret_value())
    try:
        return {
            "unfinished": await connection.fetchval("SELECT count(*) FROM blobs WHERE state <> 'stored'"),
            "keys": {row[0] for row in await connection.fetch("SELECT object_key FROM blobs")},
        }
    finally:
        await connection.close()


def measure(stage: Stage, data: Path, seed: int = 1) -> dict[str, Any]:
    """Warm up with as many whole uploads at once as there will be vanished ones; then count before and after."""
    for _ in range(2):
        stage.load("upload", **stage.to_api(), clients=AT_ONCE, size=WHOLE)
    time.sleep(1)
    before = left(stage, data)
    took = stage.load("vanish", **stage.to_api(), clients=AT_ONCE, cuts=cuts(seed), size=DECLARED, seed=seed)
    ended = time.monotonic()
    at_once = left(stage, data)
    after, waited = at_once, 0.0
    while not _is_clean(before, after) and waited < PATIENCE:
        time.sleep(0.1)
        after = left(stage, data)
        waited = time.monotonic() - ended
    return {
        "before": before,
        "at_once": at_once,
        "after": after,
        "clean": _is_clean(before, after),
        "waited": waited,
        "seconds": took["seconds"],
    }


def _is_clean(before: dict[str, int], after: dict[str, int]) -> bool:
    """What must be gone is gone, whatever was there before; the pools are no larger than they were."""
    return all(after[name] <= (before[name] if name in KEPT else 0) for name in before)
