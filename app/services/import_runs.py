"""One worker at one import: it takes it, says how far it is, and gives it back; whoever took it for dead takes over.

Progress is told in transactions of its own, so that it is seen while a large one is still open.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, ActorKind
from app.db import RETRYABLE, Database, sqlstate
from app.errors import Problem, Unavailable
from app.models import Import
from app.schemas.import_masks import without_bsn
from app.sheets.reading import SheetRefused
from app.sheets.rows import cut, place_of
from app.storage import Storage

log = structlog.get_logger()

MOST_SAID = 2_000  # characters
BEAT_SECONDS = 5
SILENT = timedelta(seconds=20)  # so long without a word, and another takes over; the queue waits longer for a dead one
# Classes of PostgreSQL's errors that pass: lost connections, lack of resources, a server that stops or starts.
PASSING = ("08", "53", "57P")
INDEXES_ONLY = text("SET LOCAL enable_seqscan = off")


@asynccontextmanager
async def going_through(session: AsyncSession) -> AsyncIterator[None]:
    """Each table once: what PostgreSQL has no statistics of yet it takes for next to nothing, and would go through all
    of it for each of thousands of rows; so it would through a list of ids that is larger than its usual memory."""
    await session.execute(INDEXES_ONLY)
    await session.execute(
        text(
            "SELECT set_config('enable_nestloop', 'off', true), "
            "set_config('work_mem', greatest(65536, pg_size_bytes(current_setting('work_mem')) / 1024) || 'kB', true)"
        )
    )
    yield
    await session.execute(text("SET LOCAL enable_nestloop TO DEFAULT"))
    await session.execute(text("SET LOCAL work_mem TO DEFAULT"))


class Busy(Exception):
    """Another worker is at it, as far as one can see: the job comes again, until that one is done or silent."""


class Overtaken(Exception):
    """It was cancelled, or another worker is at it: this run ends, and writes nothing more."""


@dataclass(frozen=True)
class Run:
    db: Database
    storage: Storage
    of: Import
    run: UUID

    @property
    def office_id(self) -> UUID:
        return self.of.office_id

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Of what was written a moment ago PostgreSQL has no statistics yet, and would read all of it again and again
        for a few hundred rows: here it goes by the indexes."""
        async with self.db.transaction(self.office_id) as session:
            await session.execute(INDEXES_ONLY)
            yield session

    async def tell(self, session: AsyncSession, **values: Any) -> None:
        """Say how far it is, if the import is still this run's; else Overtaken."""
        mine = update(Import).where(Import.office_id == self.office_id, Import.id == self.of.id, Import.run == self.run)
        told = await session.execute(mine.values(beat_at=func.now(), **values).returning(Import.id))
        if told.first() is None:
            raise Overtaken

    async def progress(self, done: int, **values: Any) -> None:
        async with self.db.transaction(self.office_id) as session:
            await self.tell(session, done=done, **values)

    async def end(self, session: AsyncSession, state: str, **values: Any) -> None:
        await self.tell(session, state=state, run=None, version=Import.version + 1, updated_at=func.now(), **values)


async def take(db: Database, payload: dict[str, Any], states: tuple[str, str]) -> tuple[Import, UUID] | None:
    """The import, if it waits for this (``states``: from, to) or its worker has been silent; None: nothing to do."""
    office_id, import_id = UUID(payload["office_id"]), UUID(payload["import_id"])
    async with db.transaction(office_id) as session:
        found = select(Import, func.now()).where(Import.office_id == office_id, Import.id == import_id)
        row = (await session.execute(found.with_for_update())).first()
        if row is None or row[0].state not in states or str(row[0].order_id) != str(payload.get("order_id")):
            return None
        of, now = row
        if of.run is not None and of.beat_at is not None and of.beat_at > now - SILENT:
            raise Busy
        of.state, of.run, of.run_since, of.beat_at, of.done, of.problem = states[1], uuid4(), now, now, 0, None
        return of, of.run


@asynccontextmanager
async def running(
    db: Database, storage: Storage, payload: dict[str, Any], states: tuple[str, str]
) -> AsyncIterator[Run | None]:
    """The run of a job. What passes by itself is raised, and the job runs again; all else ends where it was ``before``,
    with the problem."""
    taken = await take(db, payload, states)
    if taken is None:
        yield None
        return
    run = Run(db, storage, *taken)
    beating = asyncio.create_task(_beat(run))
    try:
        yield run
    except Overtaken:
        log.info("import_overtaken", import_id=str(run.of.id))
    except BaseException as error:
        if not isinstance(error, Exception) or is_transient(error):
            await _leave(run)
            raise
        async with db.transaction(run.office_id) as session:
            await run.end(session, before(run.of), problem=_told(run.of, error))
    finally:
        beating.cancel()


def before(of: Import) -> str:
    """The state to which it goes back when what it is in comes to nothing."""
    if of.state == "planning":
        return "failed"
    return "undone" if of.undone_at else "committed" if of.committed_at else "planned"


def is_transient(error: Exception) -> bool:
    """What passes by itself: a store or a database that is away, a lock that was lost. The job comes again."""
    if isinstance(error, DBAPIError):
        state = sqlstate(error) or ""
        return error.connection_invalidated or state.startswith(PASSING) or state in RETRYABLE
    return isinstance(error, Unavailable | OSError) and not isinstance(error, TimeoutError)


def _told(of: Import, error: Exception) -> dict[str, Any]:
    """What the uploader reads. Where it was seen the log says, without its words: they may hold what is in the file."""
    seen = getattr(error, "cause", "") or place_of(error)
    tell = log.warning if isinstance(error, SheetRefused | Problem | IntegrityError) else log.error
    tell("import_failed", import_id=str(of.id), seen=seen)
    if isinstance(error, SheetRefused | Problem):
        errors = [each.as_dict() for each in getattr(error, "errors", ())]
        return {"code": error.code, "detail": without_bsn(cut(error.detail, MOST_SAID)), "errors": errors}
    if isinstance(error, IntegrityError):
        detail = f"Something that may be there once is there by now; {_again(of)}."
        return {"code": "clash", "detail": detail, "errors": []}
    undone = "what was not finished was not done" if of.in_batches else "nothing of it was done"
    detail = f"This was not your fault, and {undone}. Try again, and tell the operator if it stays so."
    return {"code": "internal_error", "detail": detail, "errors": []}


def _again(of: Import) -> str:
    if of.state == "undoing":
        return "undo it again"
    return "commit it again" if of.in_batches else "plan it again"


async def _beat(run: Run) -> None:
    """While the database or a child is long at one thing, nobody else is to think that this worker is dead."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        # (A TimeoutError is an OSError: a connection that died without a word keeps no other beat waiting.)
        with suppress(Overtaken, SQLAlchemyError, OSError):
            async with asyncio.timeout(BEAT_SECONDS), run.db.transaction(run.office_id) as session:
                await run.tell(session)


async def _leave(run: Run) -> None:
    """The next try need not wait for us to be taken for dead."""
    async with run.db.transaction(run.office_id) as session:
        await session.execute(
            update(Import)
            .where(Import.office_id == run.office_id, Import.id == run.of.id, Import.run == run.run)
            .values(run=None)
        )


def actor_of(payload: dict[str, Any]) -> Actor:
    """Who ordered the job; it may do what it was ordered, and is asked for nothing else."""
    kind, actor_id, name = payload["actor"]
    return Actor(UUID(payload["office_id"]), ActorKind(kind), UUID(actor_id), name, frozenset())
