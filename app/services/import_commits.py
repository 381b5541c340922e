"""The jobs that commit an import and undo it: by the database itself, in one transaction, exactly as planned; or in
batches, where that was chosen.

Nothing is decided here: each statement takes what stands in the plan. Before the first of them, or of each batch,
everything that its rows were planned from is compared with what is there now.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
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

AT_ONCE = 500  # rows of a transaction, where there are several
LOOK_AFTER = 5_000  # rows, and PostgreSQL looks at what an empty database has got by then; after the first ones too
NAMED = 100  # rows that a refusal names
AGAIN = "plan it again (or, where a part was committed, upload the file again)"
WRITES: dict[str, Any] = {"relations": import_relation_writes, "contacts": import_contact_writes}
CHECKS: dict[str, Any] = {"relations": import_relation_checks, "contacts": import_contact_writes}
OPEN = ImportRow.outcome.is_(None)
OTHER_LEFT_OUT = "other_row_left_out"  # out of date is another row of its group
ACTIONS = ("create", "update")  # in this order: what is changed may hang below new ones
MOST = 2_000  # rows of a statement
Work = Callable[["Doing", Sequence[int]], Awaitable[None]]
Group = list[tuple[int, str]]  # numbers of rows, and what becomes of each


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

    @property
    def writes(self) -> Any:
        """The statements for what the import is of."""
        return WRITES[self.run.of.kind]

    async def rows(self, *conditions: Any, last_first: bool = False) -> list[int]:
        """Numbers of rows of the import; whoever others hang below first, or last."""
        found = select(ImportRow.number).where(
            ImportRow.office_id == self.run.office_id, ImportRow.import_id == self.run.of.id, *conditions
        )
        order = (ImportRow.wave, ImportRow.number)
        return list(await self.session.scalars(found.order_by(*(key.desc() if last_first else key for key in order))))

    async def groups(self) -> list[Group]:
        """The rows that are to be done, with what becomes of them: those that need one another together."""
        found = (
            select(ImportRow.number, ImportRow.action, func.coalesce(ImportRow.together, ImportRow.number))
            .where(ImportRow.office_id == self.run.office_id, ImportRow.import_id == self.run.of.id)
            .where(ImportRow.action.in_(ACTIONS), OPEN)
            .order_by(ImportRow.action != ACTIONS[0], ImportRow.wave, ImportRow.number)
        )
        groups: dict[int, Group] = {}
        for number, action, together in await self.session.execute(found):
            groups.setdefault(together, []).append((number, action))
        return list(groups.values())

    async def some_at_once(self, numbers: Sequence[int], work: Work, done: int) -> int:
        """A large import in large portions; a small one has its progress too."""
        step = min(MOST, max(100, len(numbers) // 20))
        telling = asyncio.create_task(self.run.progress(done))
        try:
            for start in range(0, len(numbers), step):
                part = numbers[start : start + step]
                await self.portion(part, work, done)
                await telling
                done += len(part)
                telling = asyncio.create_task(self.run.progress(done))  # while PostgreSQL goes on
            await telling
        finally:
            telling.cancel()
        return done

    async def portion(self, numbers: Sequence[int], work: Work, done: int) -> None:
        """``done``: how many rows of this run were before."""
        await work(self, numbers)
        if done == 0 or done < LOOK_AFTER <= done + len(numbers):
            await self("SELECT look_at_imported()")


async def commit(db: Database, storage: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    async with import_runs.running(db, storage, payload, ("committing", "committing")) as run:
        if run is None:
            return
        if run.of.in_batches:
            await _commit_in_batches(run, payload)
        async with _doing(run, payload) as do:
            if not run.of.in_batches:
                await _commit_whole(do)
            counts = await _counts(do)
            await run.end(do.session, "committed", committed_at=func.now(), counts=counts)
        if counts["committed"] >= AT_ONCE:
            await _look(run)


async def _look(run: Run) -> None:
    """PostgreSQL looks at what there is now. The import is done, whatever becomes of this."""
    with suppress(SQLAlchemyError, OSError):
        async with run.transaction() as session:
            await session.execute(text("SELECT look_at_written()"))


async def _commit_whole(do: Doing) -> None:
    await do.writes.hold(do)
    await check(do.session, do.run.of)
    done = 0
    for action in ACTIONS:
        numbers = await do.rows(ImportRow.action == action, OPEN)
        done = await do.some_at_once(numbers, getattr(do.writes, action), done)


async def _commit_in_batches(run: Run, payload: dict[str, Any]) -> None:
    """Each batch in a transaction of its own: whoever comes after a crash goes on behind the last whole one. A row
    that was planned from what has changed since is left out, and says so."""
    done = 0
    async with _doing(run, payload) as do:
        groups = await do.groups()
    for batch in batches(groups, AT_ONCE):
        async with _doing(run, payload) as do:
            await do.writes.hold(do, [number for group in batch for number, _ in group])
            await check_lists(do.session, run.of)
            rows = [row for group in await _leave_out(do, batch) for row in group]
            for action in ACTIONS:
                numbers = [number for number, becomes in rows if becomes == action]
                for start in range(0, len(numbers), MOST):
                    part = numbers[start : start + MOST]
                    await do.portion(part, getattr(do.writes, action), done)
                    done += len(part)
            await run.tell(do.session, done=done)


def batches(groups: Iterable[Group], at_once: int) -> Iterator[list[Group]]:
    """Of so many rows at most, but for a group that has more."""
    batch: list[Group] = []
    size = 0
    for group in groups:
        if batch and size + len(group) > at_once:
            yield batch
            batch, size = [], 0
        batch.append(group)
        size += len(group)
    if batch:
        yield batch


async def _leave_out(do: Doing, batch: list[Group]) -> list[Group]:
    """The groups of which no row is out of date; the rows of the others say why they are left out."""
    while late := await _outdated(do.session, do.run.of, [number for group in batch for number, _ in group]):
        kept = []
        for group in batch:
            if any(number in late for number, _ in group):
                late |= {number: OTHER_LEFT_OUT for number, _ in group if number not in late}
            else:
                kept.append(group)
        await import_writes.leave(do, late)
        batch = kept
    return batch


@asynccontextmanager
async def _doing(run: Run, payload: dict[str, Any]) -> AsyncIterator[Doing]:
    """One transaction."""
    async with run.transaction() as session:
        yield Doing(run, session, import_runs.actor_of(payload), payload.get("request_id"))


async def _counts(do: Doing) -> dict[str, int]:
    of_import = select(func.count()).where(
        ImportRow.office_id == do.run.office_id, ImportRow.import_id == do.run.of.id, ImportRow.outcome == "done"
    )
    return do.run.of.counts | {"committed": await do.session.scalar(of_import)}


async def _outdated(session: AsyncSession, of: Import, numbers: Sequence[int] | None = None) -> dict[int, str]:
    """Rows that can no longer be written as planned, and why; without ``numbers``: of all that are left."""
    these = "true" if numbers is None else "r.number = ANY(:numbers)"
    values = {"office_id": of.office_id, "import_id": of.id} | ({} if numbers is None else {"numbers": list(numbers)})
    found = await session.execute(text(CHECKS[of.kind].outdated(these)), values)
    return {row.number: row.code for row in found}


async def forget(session: AsyncSession, of: Import) -> None:
    """What batches left out that did nothing at all: it is looked at again."""
    rows = update(ImportRow).where(ImportRow.office_id == of.office_id, ImportRow.import_id == of.id)
    await session.execute(rows.where(ImportRow.outcome.is_not(None)).values(outcome=None))


async def check(session: AsyncSession, of: Import) -> None:
    """Conflict where something that the plan was made from is no longer so; it names the rows."""
    await check_lists(session, of)
    if found := await _outdated(session, of):
        detail = f"{len(found)} rows were planned from what has changed since; {AGAIN}. The first are named."
        reasons = CHECKS[of.kind].REASONS
        errors = [FieldError(f"/rows/{number}", code, reasons[code]) for number, code in list(found.items())[:NAMED]]
        raise Conflict(detail, code="plan_outdated", errors=errors)


async def check_lists(session: AsyncSession, of: Import) -> None:
    planned_from = of.about["lists"]
    if planned_from and planned_from != (await import_lists.load(session, of.office_id)).fingerprint:
        detail = f"Labels, products, kinds or groups of the office were changed since the plan was made; {AGAIN}."
        raise Conflict(detail, code="plan_outdated")


async def undo(db: Database, storage: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    """Take back what was committed, row by row but for what somebody went on with since: that stays, and says why."""
    async with import_runs.running(db, storage, payload, ("undoing", "undoing")) as run:
        if run is None:
            return
        async with _doing(run, payload) as do:
            await do.writes.hold(do, removes=True)
            await CHECKS[run.of.kind].keep_what_went_on(do)
            mine = ImportRow.outcome == "done"
            changed = await do.rows(ImportRow.action == "update", mine)
            made = await do.rows(ImportRow.action == "create", mine, last_first=True)
            done = await do.some_at_once(changed, do.writes.restore, 0)
            await do.some_at_once(made, do.writes.remove, done)
            await do.writes.hand_back(do)
            await run.end(do.session, "undone", undone_at=func.now())
