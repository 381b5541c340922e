"""The second process: runs jobs, and housekeeping by the clock. Any number of it may run."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job, Schedule

from app.db import Database
from app.logs import configure_logs
from app.services import housekeeping, import_commits, import_plans, mail
from app.settings import Settings
from app.storage import Storage

log = structlog.get_logger()

MAX_TRIES = 10
JobFunction = Callable[[Database, Storage, Settings, dict[str, Any]], Awaitable[None]]

JOBS: dict[str, JobFunction] = {
    "invitations.send": mail.send_invitation,
    "imports.plan": import_plans.plan,
    "imports.commit": import_commits.commit,
    "imports.undo": import_commits.undo,
}


def retry_delay(tries: int) -> timedelta:
    """10 seconds, 20, 40 ... at most an hour between two tries."""
    return timedelta(seconds=min(3600, 10 * 2**tries))


def build(queue: PgQueuer, db: Database, storage: Storage, settings: Settings) -> PgQueuer:
    """Register every job and every clock on the queue."""
    is_over = queue.shutdown.is_set
    for name, function in JOBS.items():
        queue.entrypoint(name, on_failure="hold")(_job(name, function, db, storage, settings))

    @queue.schedule("housekeeping.reap", "* * * * *")
    async def reap(_: Schedule) -> None:
        await housekeeping.reap(db, storage, settings, is_over)

    @queue.schedule("housekeeping.check_gaps", "* * * * *")
    async def check_gaps(_: Schedule) -> None:
        await housekeeping.check_gaps(db, is_over)

    @queue.schedule("housekeeping.expire", "17 * * * *")
    async def expire(_: Schedule) -> None:
        await housekeeping.expire(db, settings, is_over)

    @queue.schedule("housekeeping.sweep", "43 3 * * *")
    async def sweep(_: Schedule) -> None:
        await housekeeping.sweep(db, storage, is_over=is_over)

    return queue


def _job(
    name: str, function: JobFunction, db: Database, storage: Storage, settings: Settings
) -> Callable[[Job], Awaitable[None]]:
    async def run(job: Job) -> None:
        try:
            await function(db, storage, settings, json.loads(job.payload or b"{}"))
        except Exception as error:
            log.warning("job_failed", job=name, tries=job.attempts + 1, error=type(error).__name__)
            if job.attempts + 1 >= MAX_TRIES:
                raise  # kept as failed, for a person to look at
            raise RetryRequested(delay=retry_delay(job.attempts), reason=type(error).__name__) from error

    return run


async def work(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Run until told to stop; a lost database connection ends in a new one, not in the end of the process."""
    configure_logs(settings)
    stop = stop or _on_signals()
    patient = {
        "database_command_timeout_seconds": max(
            settings.database_job_timeout_seconds, settings.database_command_timeout_seconds
        )
    }
    db, storage = Database(settings.model_copy(update=patient)), Storage(settings)
    try:
        while not stop.is_set():
            try:
                await _work_once(db, storage, settings, stop)
            except Exception as error:
                log.error("worker_interrupted", error=type(error).__name__)
                await _pause(stop, 2)
    finally:
        storage.close()
        await db.close()


async def _work_once(db: Database, storage: Storage, settings: Settings, stop: asyncio.Event) -> None:
    connection = await db.connect()
    try:
        queue = build(PgQueuer.from_asyncpg_connection(connection), db, storage, settings)
        stopper = asyncio.create_task(stop.wait())
        stopper.add_done_callback(lambda _: queue.shutdown.set())
        try:
            log.info("worker_ready")
            await queue.run(shutdown_on_listener_failure=True)
        finally:
            stopper.cancel()
    finally:
        await connection.close(timeout=5)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
