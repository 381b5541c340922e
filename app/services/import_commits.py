"""The jobs that commit an import and undo it: by the database itself, in one transaction, exactly as planned; or in
batches, where that was chosen.

Nothing is decided here: each statement takes what stands in the plan. Before the first of them, or of each batch,
everything that its rows were planned from is compared with what is there now.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.errors import Conflict, FieldError
from app.models import Import, ImportRow
from app.schemas.import_outcomes import LEFT_OUT, OTHER_LEFT_OUT
from app.services import (
    import_contact_checks,
    import_contact_writes,
    import_lists,
    import_relation_checks,
    import_relation_writes,
    import_runs,
    import_writes,
)
from app.services.import_doing import ACTIONS, MOST, NOT_DONE, Doing, Group
from app.services.import_runs import Run
from app.settings import Settings
from app.storage import Storage

AT_ONCE = 500  # rows of a transaction, where there are several
NAMED = 100  # rows that a refusal names
WRITES: dict[str, Any] = {"relations": import_relation_writes, "contacts": import_contact_writes}
CHECKS: dict[str, Any] = {"relations": import_relation_checks, "contacts": import_contact_checks}


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
    await _writes(do).hold(do)
    await check(do.session, do.run.of)
    done = 0
    for action in ACTIONS:
        numbers = await do.rows(ImportRow.action == action, NOT_DONE)
        done = await do.some_at_once(numbers, getattr(_writes(do), action), done)


async def _commit_in_batches(run: Run, payload: dict[str, Any]) -> None:
    """Each batch in a transaction of its own: whoever comes after a crash goes on behind the last whole one. A row
    that was planned from what has changed since is left out, and says so."""
    done, before = 0, run.of.counts.get("committed", 0)
    async with _doing(run, payload) as do:
        groups = await do.groups()
        same = await do.rows(ImportRow.action == "unchanged", NOT_DONE)
        changed = await import_lists.changed(do.session, run.of)
        async with import_runs.going_through(do.session):
            await import_writes.leave(do, await _outdated(do.session, run.of, changed, same) if same else {})
    for batch in batches(groups, AT_ONCE):
        async with _doing(run, payload) as do:
            await _writes(do).hold(do, [number for group in batch for number, _ in group])
            rows = [row for group in await _leave_out(do, batch) for row in group]
            for action in ACTIONS:
                numbers = [number for number, becomes in rows if becomes == action]
                for start in range(0, len(numbers), MOST):
                    part = numbers[start : start + MOST]
                    await do.portion(part, getattr(_writes(do), action), done)
                    done += len(part)
            await run.tell(do.session, done=done, counts=run.of.counts | {"committed": before + done})


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
    changed = await import_lists.changed(do.session, do.run.of)
    while late := await _outdated(do.session, do.run.of, changed, [number for group in batch for number, _ in group]):
        kept = []
        for group in batch:
            if any(number in late for number, _ in group):
                late |= {number: OTHER_LEFT_OUT for number, _ in group if number not in late}
            else:
                kept.append(group)
        await import_writes.leave(do, late)
        batch = kept
    return batch


def _writes(do: Doing) -> Any:
    """The statements for what the import is of."""
    return WRITES[do.run.of.kind]


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


async def _outdated(
    session: AsyncSession, of: Import, changed: Sequence[str], numbers: Sequence[int] | None = None
) -> dict[int, str]:
    """Rows that can no longer be written as planned, and why; without ``numbers``: of all that are left.

    ``changed``: entries of the office's lists that mean something else by now.
    """
    these = "true" if numbers is None else "r.number = ANY(:numbers)"
    values: dict[str, Any] = {"office_id": of.office_id, "import_id": of.id, "changed": changed}
    found: dict[int, str] = await CHECKS[of.kind].outdated(session, these, values | {"numbers": numbers})
    return found


async def forget_outcomes(session: AsyncSession, of: Import) -> None:
    """What batches left out that did nothing at all: it is looked at again."""
    rows = update(ImportRow).where(ImportRow.office_id == of.office_id, ImportRow.import_id == of.id)
    await session.execute(rows.where(ImportRow.outcome.is_not(None)).values(outcome=None))


async def check(session: AsyncSession, of: Import) -> None:
    """Conflict where something that the plan was made from is no longer so; it names the rows."""
    changed = await import_lists.changed(session, of)
    async with import_runs.going_through(session):
        found = await _outdated(session, of, changed)
    if found:
        detail = f"{len(found)} rows were planned from what has changed since; plan it again. The first are named."
        first = sorted(found)[:NAMED]
        errors = [FieldError(f"/rows/{number}", found[number], LEFT_OUT[found[number]]) for number in first]
        raise Conflict(detail, code="plan_outdated", errors=errors)


async def undo(db: Database, storage: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    """Take back what was committed, row by row but for what somebody went on with since: that stays, and says why."""
    async with import_runs.running(db, storage, payload, ("undoing", "undoing")) as run:
        if run is None:
            return
        async with _doing(run, payload) as do:
            await _writes(do).hold(do, removes=True)
            await CHECKS[run.of.kind].keep_what_went_on(do)
            mine = (ImportRow.outcome == "done", ImportRow.stays.is_(None))
            changed = await do.rows(ImportRow.action == "update", *mine)
            made = await do.rows(ImportRow.action == "create", *mine, last_first=True)
            done = await do.some_at_once(changed, _writes(do).restore, 0)
            await do.some_at_once(made, _writes(do).remove, done)
            await run.end(do.session, "undone", undone_at=func.now(), counts=await _counts(do))
