"""The job that plans an import: the file is read and every row decided, and nothing of it is done yet."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from app.db import Database
from app.errors import Invalid
from app.models import Blob, Import, ImportIdentifier, ImportRow
from app.models.imports import ACTIONS
from app.schemas.import_columns import Catalogue, Headings, match
from app.schemas.import_masks import without_bsn
from app.services import bulk, import_files, import_lists, import_runs
from app.services.import_contacts import ContactPlanner
from app.services.import_lists import Lists
from app.services.import_reading import Read, RowRead, reader
from app.services.import_relations import RelationPlanner
from app.services.import_rows import Planned
from app.services.import_runs import Run
from app.settings import Settings
from app.sheets.reading import About, Reading
from app.sheets.rows import cut
from app.storage import Storage

AT_ONCE = 500  # rows
LINKS = 10_000  # of the rows at once
SECONDS = 900  # ten times what 200,000 rows take
SHOWN = 50  # of the headings and sheets that are left out


class Planner(Protocol):
    """Decides what becomes of rows. ``lists``: the office's own, where the plan is made from them."""

    catalogue: Catalogue

    @property
    def lists(self) -> Lists | None: ...

    async def plan(self, session: AsyncSession, rows: Sequence[RowRead]) -> list[Planned]: ...

    async def settle(self, session: AsyncSession) -> None: ...


PLANNERS: dict[str, Callable[[Import, Lists], Planner]] = {"relations": RelationPlanner, "contacts": ContactPlanner}


async def plan(db: Database, storage: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    async with import_runs.running(db, storage, payload, ("waiting", "planning")) as run:
        if run is None:
            return
        async with run.transaction() as session:
            await forget(session, run)
            lists = await import_lists.load(session, run.office_id)
            planner = PLANNERS[run.of.kind](run.of, lists)
        async with import_files.spooled(run.storage, await _file(run)) as path:
            await _in_time(_plan_file(run, planner, path))
        async with run.transaction() as session:  # of its own: nobody else may look meanwhile
            await session.execute(text("SELECT look_at_planned()"))  # who commits it comes before any autovacuum
        async with run.transaction() as session:
            await planner.settle(session)
            about = run.of.about | {"entries": planner.lists and planner.lists.used}
            await run.end(session, "planned", counts=await counts(session, run), about=about)


async def _in_time(planning: Coroutine[None, None, None]) -> None:
    """A small file can hold rows that take long one by one; others wait for the worker."""
    limit = asyncio.timeout(SECONDS)
    try:
        async with limit:
            await planning
    except TimeoutError:
        if not limit.expired():
            raise
        detail = "The rows of this file take too long to look at. Split it, or leave long cells out."
        raise Invalid(detail, code="time") from None


async def forget(session: AsyncSession, run: Run) -> None:
    """What an earlier run left."""
    for model in (ImportRow, ImportIdentifier):
        await session.execute(delete(model).where(model.office_id == run.office_id, model.import_id == run.of.id))


async def _file(run: Run) -> Blob:
    async with run.transaction() as session:
        blob = await session.scalar(select(Blob).where(Blob.office_id == run.office_id, Blob.id == run.of.blob_id))
    if blob is None:
        raise Invalid(import_files.GONE, code="file_gone")
    return blob


async def _plan_file(run: Run, planner: Planner, path: Path) -> None:
    of = run.of
    async with import_files.opened(of, path, planner.catalogue.known) as sheet:
        about = sheet.about
        headings = match(planner.catalogue, about.headings)
        _check(planner.catalogue, headings)
        of.about = _about(about, headings)
        await run.progress(0, total=about.rows, about=of.about)
        async with reader(of.kind, about.headings, about.rows, clears=of.empty_cells == "clear") as read:
            await _plan_rows(run, planner, _read_ahead(sheet, read))


async def _read_ahead(sheet: Reading, read: Read) -> AsyncIterator[list[RowRead]]:
    """While some rows are looked at, the next are read."""
    ahead: asyncio.Task[list[RowRead]] | None = None
    try:
        async for rows in sheet.batches():
            for start in range(0, len(rows), AT_ONCE):
                following = asyncio.create_task(read(rows[start : start + AT_ONCE]))
                if ahead:
                    yield await ahead
                ahead = following
        if ahead:
            yield await ahead
    finally:
        if ahead:
            ahead.cancel()


async def _plan_rows(run: Run, planner: Planner, portions: AsyncIterator[list[RowRead]]) -> None:
    done, writing = 0, asyncio.create_task(run.progress(0))
    try:
        async for portion in portions:
            for rows in _parts(portion):
                done += len(rows)
                async with run.transaction() as session:
                    planned = await planner.plan(session, rows)
                await writing
                writing = asyncio.create_task(_write_down(run, planned, done))  # PostgreSQL writes while we go on
        await writing
    finally:
        writing.cancel()


def _parts(rows: Sequence[RowRead]) -> Iterator[list[RowRead]]:
    """Fewer at once where each names thousands of relations."""
    part: list[RowRead] = []
    links = 0
    for row in rows:
        part.append(row)
        links += len(row.given.get("links") or ())
        if links > LINKS:
            yield part
            part, links = [], 0
    if part:
        yield part


async def _write_down(run: Run, planned: Sequence[Planned], done: int) -> None:
    async with run.transaction() as session:
        await write(session, run, planned)
        await run.tell(session, done=done)


def _check(catalogue: Catalogue, headings: Headings) -> None:
    if headings.doubled:
        twice = "; ".join(" and ".join(f"“{_shown(each)}”" for each in same[:3]) for same in headings.doubled)
        raise Invalid(f"Columns that mean the same: {twice}. Keep one of each.", code="column_twice")
    if catalogue.by_field["number"] not in headings.columns:
        wanted = catalogue.by_field["number"]
        detail = f"The file has no column “{wanted.dutch}” ({wanted.english}), by which its rows are recognised."
        raise Invalid(detail, code="number_column_missing")


def _shown(name: str) -> str:
    return without_bsn(cut(name, 100))


def _about(about: About, headings: Headings) -> dict[str, Any]:
    return {
        "format": about.format,
        "sheet": about.sheet and _shown(about.sheet),
        "heading_row": about.heading_row,
        "encoding": about.encoding,
        "delimiter": about.delimiter and import_files.said(about.delimiter),
        "columns": [
            {"heading": _shown(about.headings[place.position]), "field": place.column.field}
            for place in headings.places
        ],
        "unknown_columns": [_shown(each) for each in headings.unknown[:SHOWN]],
        "other_sheets": [_shown(each) for each in about.other_sheets[:SHOWN]],
    }


async def write(session: AsyncSession, run: Run, planned: Sequence[Planned]) -> None:
    """Keep what was decided."""
    # As text: asyncpg's own kind of ids takes long to become JSON.
    of = {"office_id": str(run.office_id), "import_id": str(run.of.id)}
    rows = [
        {
            **of,
            "id": str(uuid7()),
            "number": each.number,
            "action": each.action,
            "key": each.key,
            "title": each.title[:300],
            "subject_id": each.subject_id,
            "subject_version": each.subject_version,
            "wave": each.wave,
            "becomes": each.becomes,
            "fields": each.fields,
            "findings": each.findings,
        }
        for each in planned
    ]
    await bulk.insert(session, ImportRow, rows)
    numbers = [
        {
            **of,
            "id": str(uuid7()),
            "number": each.number,
            "relation_id": number.relation_id,
            "is_before": False,
            "kind": number.kind,
            "position": number.position,
            "lookup": bulk.hexed(number.lookup),
            "secret": bulk.hexed(getattr(number, "secret", None)),
            "is_personal": number.is_personal,
            "key_id": getattr(number, "key_id", None),
        }
        for each in planned
        for number in each.identifiers
    ]
    await bulk.insert(session, ImportIdentifier, numbers)


async def counts(session: AsyncSession, run: Run) -> dict[str, int]:
    """Rows by what becomes of them."""
    grouped = (
        select(ImportRow.action, func.count())
        .where(ImportRow.office_id == run.office_id, ImportRow.import_id == run.of.id)
        .group_by(ImportRow.action)
    )
    found = dict.fromkeys(ACTIONS, 0)
    for row in await session.execute(grouped):
        found[row[0]] = row[1]
    return found
