"""``make faults``: the API as a real process, killed with SIGKILL at every step of the write protocol and at random
moments under load; then rows and objects are counted (storage.md; F01, F03, F13, F22, F44, F45)."""

import argparse
import asyncio
import hashlib
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from app.local import servers
from app.services import housekeeping
from app.settings import Settings, get_settings, set_environment
from bench.faultstage import PATIENCE, Scene, scene_of
from bench.remote import ROOT
from tests.factories.proxy import Do, always

MIB = 1024 * 1024
MINIO = ROOT / ".tools" / "minio"

PENDING = "SELECT count(*) > 0 FROM blobs WHERE state = 'pending'"


async def claimed(scene: Scene, name: str, body: bytes) -> None:
    await scene.begin(name, body, 1)
    await scene.until("SELECT count(*) > 0 FROM idempotency_keys WHERE state = 'running'")


async def reserved(scene: Scene, name: str, body: bytes) -> None:
    await scene.begin(name, body, 1000)
    await scene.until(PENDING)


async def in_parts(scene: Scene, name: str, body: bytes) -> None:
    await scene.begin(name, body, len(body) - 10)
    await scene.until("SELECT count(*) > 0 FROM blobs WHERE state = 'pending' AND upload_id IS NOT NULL")


async def sending(scene: Scene, name: str, body: bytes) -> None:
    scene.proxy.hanging.clear()
    scene.proxy.rule = always(Do.HANG, "PUT")
    await scene.begin(name, body)
    async with asyncio.timeout(PATIENCE):
        await scene.proxy.hanging.wait()


async def joining(scene: Scene, name: str, body: bytes) -> None:
    scene.proxy.hanging.clear()
    scene.proxy.rule = always(Do.HANG, "POST", "uploadId")
    await scene.begin(name, body)
    async with asyncio.timeout(PATIENCE):
        await scene.proxy.hanging.wait()


async def before_commit(scene: Scene, name: str, body: bytes) -> None:
    """The last transaction waits for a lock that we hold, all bytes being in the store."""
    wire = await scene.begin(name, body, len(body) - 10)
    await scene.until(PENDING)
    async with scene.rows.acquire() as held, held.transaction():
        await held.execute("SELECT * FROM dossiers FOR UPDATE")
        await wire.send(body[-10:])
        await scene.until("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        await scene.api.kill()


async def after_commit(scene: Scene, name: str, body: bytes) -> None:
    await scene.begin(name, body)
    await scene.until(f"SELECT count(*) > 0 FROM dossier_items WHERE name = '{name}'")


async def answered(scene: Scene, name: str, body: bytes) -> None:
    status, _, _ = await (await scene.begin(name, body)).answer(PATIENCE)
    assert status == 201


Step = Callable[[Scene, str, bytes], Awaitable[None]]
STEPS: tuple[tuple[Step, int], ...] = (
    (claimed, 1000),
    (reserved, 100_000),
    (in_parts, 20 * MIB),
    (sending, 1000),
    (sending, 20 * MIB),
    (joining, 20 * MIB),
    (before_commit, 1000),
    (before_commit, 20 * MIB),
    (after_commit, 1000),
    (answered, 20 * MIB),
)


async def killed_at(scene: Scene, step: Step, size: int) -> str:
    name = f"{step.__name__}-{size}.bin"
    body = scene.body(name, size)
    await step(scene, name, body)
    await scene.api.kill()
    scene.proxy.rule = always(Do.PASS)
    scene.proxy.released.set()
    for wire in scene.wires:
        wire.leave(reset=True)
    scene.wires.clear()
    visible = await scene.rows.fetchval("SELECT count(*) FROM dossier_items WHERE name = $1", name)
    scene.proxy.released.clear()
    await scene.api.start()
    before = time.monotonic()
    status = await scene.repeat(name, body)
    took = time.monotonic() - before
    await scene.reap()
    expected = 1 if step in (after_commit, answered) else 0
    assert visible == expected, f"{name}: {visible} visible after the kill"
    assert status == 201, f"{name}: {status} at last"
    return f"{visible} visible after the kill; repeated with its key: 201 after {took:.1f} s"


async def frozen(scene: Scene) -> str:
    """F44: asleep for longer than its lease; the reaper takes what it holds; it must not come back."""
    name = "frozen.bin"
    body = scene.body(name, 20 * MIB)
    wire = await scene.begin(name, body, len(body) - 10)
    await scene.until("SELECT count(*) > 0 FROM blobs WHERE state = 'pending' AND upload_id IS NOT NULL")
    scene.api.signal(signal.SIGSTOP)
    await scene.until("SELECT count(*) > 0 AND max(lease_until) < now() FROM blobs WHERE state = 'pending'")
    await housekeeping.reap(scene.db, scene.storage, scene.settings)
    scene.api.signal(signal.SIGCONT)
    await wire.send(body[-10:])
    first, _, _ = await wire.answer(PATIENCE)
    assert first in (409, 503), f"{first} for an upload whose rows were reaped"
    second = await scene.repeat(name, body)
    assert second == 201
    return f"{first} when it woke up, 201 when repeated"


async def under_load(scene: Scene, kills: int, seed: int) -> str:
    chance = random.Random(seed)
    waiting = [(f"load-{n}.bin", chance.choice([500, 50_000, 3 * MIB, 9 * MIB])) for n in range(3 * kills)]
    done: dict[str, int] = {}

    async def client() -> None:
        while waiting:
            name, size = waiting.pop()
            done[name] = await scene.repeat(name, scene.body(name, size))

    clients = [asyncio.create_task(client()) for _ in range(8)]
    killed = 0
    while not all(task.done() for task in clients):
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        if killed < kills:
            await scene.api.kill()
            killed += 1
            await scene.api.start()
    await asyncio.gather(*clients)
    assert set(done.values()) == {201}, done
    return f"{killed} kills among {len(done)} uploads of 8 clients; every one answered 201 at last"


async def count(scene: Scene) -> dict[str, int]:
    """What must be none, after one pass of the reaper."""
    await scene.reap()
    items = await scene.rows.fetch(
        "SELECT i.name, b.object_key, b.state, b.size, b.sha256 FROM dossier_items i JOIN blobs b ON b.id = i.blob_id"
    )
    rows = {row["object_key"]: row for row in await scene.rows.fetch("SELECT * FROM blobs")}
    objects = {found.key for found in await scene.storage.list()}
    names = [item["name"] for item in items]
    broken = 0
    for item in items:
        digest = hashlib.sha256()
        if item["state"] == "stored" and item["object_key"] in objects:
            async for piece in await scene.storage.open(item["object_key"]):
                digest.update(piece)
        broken += not (digest.digest() == item["sha256"] and digest.hexdigest() == scene.sent[item["name"]])
    return {
        "visible items whose object is not whole": broken,
        "answered uploads that are not there": len(scene.sent.keys() - set(names)),
        "keys with more than one effect": len(names) - len(set(names)),
        "rows that are not stored": sum(row["state"] != "stored" for row in rows.values()),
        "objects without a row": len(objects - rows.keys()),
        "open multipart uploads": sum([len(await scene.storage.open_uploads(key)) for key in scene.keys | rows.keys()]),
    }


async def run(settings: Settings, kills: int, seed: int) -> bool:
    async with scene_of(settings) as scene:
        for step, size in STEPS:
            print(f"killed {step.__name__}, {size} bytes: {await killed_at(scene, step, size)}", flush=True)
        print(f"stopped for longer than its lease: {await frozen(scene)}", flush=True)
        print(f"at random, seed {seed}: {await under_load(scene, kills, seed)}", flush=True)
        found = await count(scene)
    for what, number in found.items():
        print(f"{number:4} {what}")
    return not any(found.values())


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments.add_argument("--seaweedfs", action="store_true", help="instead of MinIO")
    given = arguments.parse_args()
    minio = None if given.seaweedfs or not MINIO.exists() else MINIO
    with ExitStack() as stack:
        local = stack.enter_context(servers(None, minio=minio))
        set_environment({"ORDNER_MODE": "production", **local.environment()})
        get_settings.cache_clear()
        started = time.monotonic()
        clean = asyncio.run(run(get_settings(), given.kills, given.seed))
    verdict, store = "nothing is wrong" if clean else "WRONG", "MinIO" if minio else "SeaweedFS"
    print(f"{verdict}; {time.monotonic() - started:.0f} s on {store}")
    return 0 if clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
