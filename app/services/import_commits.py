"""The jobs that commit an import and undo it: by the database itself, in one transaction, exactly as planned.

Nothing is decided here: each statement takes what stands in the plan. Before the first of them everything that the
plan was made from is compared with what is there now.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.db import Database
from app.errors import Conflict, FieldError
from app.models import Import, ImportRow
from app.services import (
    import_contact_writes,
    import_lists,
    import_relation_checks,
    import_relation_writes,
    import_runs,
    import_writes,
)
from app.services.import_runs import Run
from app.settings import Settings
from app.storage import Storage

AT_ONCE = 500
LOOK_AFTER = (0, 10 * AT_ONCE)  # rows, and PostgreSQL looks at what an empty office has got by then
NAMED = 100  # rows that a refusal names
WRITES: dict[str, Any] = {"relations": import_relation_writes, "contacts": import_contact_writes}
CHECKS: dict[str, Any] = {"relations": import_relation_checks, "contacts": import_contact_writes}
LEFT = ImportRow.outcome.is_(None)
Work = Callable[["Doing", Sequence[int]], Awaitable[None]]


@dataclass(frozen=True)
class Doing:
    """One run of such a job: who ordered it, and what all its statements are given."""

    run: Run
    session: AsyncSession
    actor: Actor
    request_id: str | None

    async def __call__(self, statement: str, numbers: Sequence[int] = (), **more: Any) -> Any:
        values = {"office_id": self.run.office_id, "import_id": self.run.of.id} | more
        return await self.session.execute(text(statement), values | ({"numbers": list(numbers)} if numbers else {}))

    async def rows(self, *conditions: Any, last_first: bool = False) -> list[int]:
        """Numbers of rows of the import; whoever others hang below first, or last."""
        found = select(ImportRow.number).where(
            ImportRow.office_id == self.run.office_id, ImportRow.import_id == self.run.of.id, *conditions
        )
        order = (ImportRow.wave, ImportRow.number)
        return list(await self.session.scalars(found.order_by(*(key.desc() if last_first else key for key in order))))

    async def some_at_once(self, numbers: Sequence[int], work: Work, done: int) -> int:
        for start in range(0, len(numbers), AT_ONCE):
            part = numbers[start : start + AT_ONCE]
            await work(self, part)
            if start in LOOK_AFTER:
                await self("SELECT look_at_imported()")
            done += len(part)
            await self.run.progress(done)
        return done


async def commit(db: Database, storage: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    async with import_runs.running(db, storage, settings, payload, ("committing", "committing"), "planned") as run:
        if run is None:
            return
        if run.of.in_batches:
            await _commit_in_batches(run, payload)
        async with _doing(run, payload) as (do, writes):
            await writes.hold(do)
            await check(do.session, run.of)
            done = run.of.done
            for action, work in _works(writes):
                done = await do.some_at_once(await do.rows(ImportRow.action == action, LEFT), work, done)
            await CHECKS[run.of.kind].check_whole(do)
            await run.end(do.session, "committed", committed_at=func.now(), counts=await _counts(do))


def _works(writes: Any) -> tuple[tuple[str, Work], ...]:
    """New ones first: what is changed may hang below them."""
    return ("create", writes.create), ("update", writes.change)


async def _commit_in_batches(run: Run, payload: dict[str, Any]) -> None:
    """Each batch in a transaction of its own: whoever comes after a crash goes on behind the last whole one. A row
    that was planned from what has changed since is left out, and says so."""
    done, writes = 0, WRITES[run.of.kind]
    for action, work in _works(writes):
        async with _doing(run, payload) as (do, _):
            numbers = await do.rows(ImportRow.action == action, LEFT)
        for start in range(0, len(numbers), AT_ONCE):
            part = numbers[start : start + AT_ONCE]
            async with _doing(run, payload) as (do, _):
                await writes.hold(do, part)
                while late := await _outdated(do.session, run.of, part):
                    part = [number for number in part if number not in late]
                    await import_writes.leave(do, late)
                if part:
                    await work(do, part)
                done += len(part)
                await run.tell(do.session, done=done)


@asynccontextmanager
async def _doing(run: Run, payload: dict[str, Any]) -> AsyncIterator[tuple[Doing, Any]]:
    """One transaction; and the statements for what the import is of."""
    async with run.transaction() as session:
        yield Doing(run, session, import_runs.actor_of(payload), payload.get("request_id")), WRITES[run.of.kind]


async def _counts(do: Doing) -> dict[str, int]:
    return do.run.of.counts | {"committed": len(await do.rows(ImportRow.outcome == "done"))}


async def _outdated(session: AsyncSession, of: Import, numbers: Sequence[int]) -> dict[int, str]:
    statement = f"SELECT number, code FROM ({CHECKS[of.kind].OUTDATED}) o WHERE number = ANY(:numbers)"
    values = {"office_id": of.office_id, "import_id": of.id, "numbers": list(numbers)}
    return {row.number: row.code for row in await session.execute(text(statement), values)} if numbers else {}


async def check(session: AsyncSession, of: Import) -> None:
    """Conflict where something that the plan was made from is no longer so; it names the rows."""
    planned_from = of.about["lists"]
    if planned_from and planned_from != (await import_lists.load(session, of.office_id)).fingerprint:
        detail = "Labels, products, kinds or groups of the office were changed since the plan was made; plan it again."
        raise Conflict(detail, code="plan_outdated")
    checks = CHECKS[of.kind]
    found = await session.execute(text(checks.OUTDATED), {"office_id": of.office_id, "import_id": of.id})
    rows = [(row.number, row.code) for row in found]
    if rows:
        detail = f"{len(rows)} rows were planned from what has changed since; plan it again. The first are named."
        errors = [FieldError(f"/rows/{number}", code, checks.REASONS[code]) for number, code in rows[:NAMED]]
        raise Conflict(detail, code="plan_outdated", errors=errors)


async def undo(db: Database, storage: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    """Take back what was committed, row by row but for what somebody went on with since: that stays, and says why."""
    async with import_runs.running(db, storage, settings, payload, ("undoing", "undoing"), "committed") as run:
        if run is None:
            return
        async with _doing(run, payload) as (do, writes):
            await writes.hold(do)
            await CHECKS[run.of.kind].keep_what_went_on(do)
            mine = ImportRow.outcome == "done"
            changed = await do.rows(ImportRow.action == "update", mine)
            made = await do.rows(ImportRow.action == "create", mine, last_first=True)
            done = await do.some_at_once(changed, writes.restore, 0)
            await do.some_at_once(made, writes.remove, done)
            await run.end(do.session, "undone", undone_at=func.now())
