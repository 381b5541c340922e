"""The rows that an import leaves out, as they stand in its file, each with what is the matter: to be sent again."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.db import Database
from app.errors import Conflict, Gone, Unavailable
from app.models import Blob, Import, ImportRow
from app.s3 import ObjectMissing
from app.schemas.import_cells import Unreadable, is_error
from app.schemas.import_columns import ERRORS, Headings, Place, match
from app.schemas.import_outcomes import LEFT_OUT
from app.schemas.import_templates import TEMPLATES, Form
from app.services import events, export_files, import_files
from app.services.export_files import Page, Pages
from app.services.exports import Ask
from app.sheets.reading import Broken, Reading, Row, SheetRefused, Value
from app.sheets.writing import as_text, in_workbook
from app.storage import Storage

WITH_FILE = joinedload(Import.blob)
PLANNED = ("planned", "committing", "committed", "undoing", "undone")
REJECTED = ImportRow.action.in_(("error", "duplicate")) | ImportRow.left_out()
MOST_SAID = 8_000  # characters of what is the matter with one row
NO_VALUE = "#N/B"
Again = Callable[[Place, Value], Value]


def file_of(of: Import) -> Blob:
    """Conflict before it is planned, Gone when there is no file any more."""
    _check_planned(of)
    if of.blob is None:
        raise Gone(import_files.GONE, code="file_gone")
    blob: Blob = of.blob
    return blob


async def record(session: AsyncSession, actor: Actor, of: Import, form: Form) -> None:
    """Who takes them along: in the file stands what was typed, numbers of people too."""
    rows = visible(actor, ImportRow).where(ImportRow.import_id == of.id, REJECTED)
    count = await session.scalar(rows.with_only_columns(func.count(ImportRow.id)))
    events.record(session, actor, "import.rejected_rows_read", of, kind=of.kind, form=form, count=count)


def _check_planned(of: Import | None) -> None:
    if of is None or of.state not in PLANNED:
        detail = "Which rows are left out is known once the import is planned."
        raise Conflict(detail, code=f"import_{of.state if of else 'gone'}")


async def write(db: Database, storage: Storage, ask: Ask, of: Import, form: Form, path: Path) -> None:
    """The list at ``path``: the columns that the file has, under the headings of the sample, and what is wrong."""
    catalogue = TEMPLATES[of.kind].catalogue
    try:
        async with (
            import_files.spooled(storage, file_of(of)) as file,
            import_files.opened(of, file, catalogue.known) as sheet,
        ):
            headings = match(catalogue, sheet.about.headings)
            again = partial(_again, as_text if form == "csv" else in_workbook)
            pages = _pages(db, ask, of, headings, sheet, again)
            await export_files.write(form, path, catalogue.sheet, (*headings.columns, ERRORS), pages)
    except ObjectMissing:
        raise Gone(import_files.GONE, code="file_gone") from None
    except SheetRefused as refusal:  # it was read before
        raise Unavailable(f"Reading the file again failed: {refusal.detail}", code="file_unread") from None


async def _pages(db: Database, ask: Ask, of: Import, headings: Headings, sheet: Reading, again: Again) -> Pages:
    async for rows in sheet.batches():
        async with db.transaction(of.office_id) as session:
            said = await _said(session, await ask(session), of, rows)
        yield _page(headings, [row for row in rows if row.number in said], said, again)


async def _said(session: AsyncSession, actor: Actor, of: Import, rows: Sequence[Row]) -> dict[int, str]:
    """What is the matter with those of these rows that are left out, by their number."""
    _check_planned(await session.scalar(visible(actor, Import).where(Import.id == of.id)))
    found = visible(actor, ImportRow).where(
        ImportRow.import_id == of.id,
        REJECTED,
        ImportRow.number.between(rows[0].number, rows[-1].number),
    )
    columns = found.with_only_columns(ImportRow.number, ImportRow.findings, ImportRow.outcome)
    return {row.number: _words(row.outcome, row.findings) for row in await session.execute(columns)}


def _words(outcome: str | None, findings: list[dict[str, Any]]) -> str:
    """Why a batch left it out, then errors, then the rest. No finding holds a citizen number."""
    left_out = [f"{LEFT_OUT[outcome]} Import it again."] if outcome else []
    ordered = sorted(findings, key=lambda each: not each["is_error"])
    text = " | ".join((*left_out, *map(_sentence, ordered)))
    return text if len(text) <= MOST_SAID else f"{text[: MOST_SAID - 1]}…"


def _sentence(finding: dict[str, Any]) -> str:
    where = f"{finding['column']}: " if finding["column"] else ""
    warning = "" if finding["is_error"] else "(let op) "
    return f"{warning}{where}{finding['reason']} {finding['advice']}".strip()


def _page(headings: Headings, rows: Sequence[Row], said: dict[int, str], again: Again) -> Page:
    for row in rows:
        cells = [again(place, row.cells[place.position]) for place in headings.places]
        stood = [
            f"(hier stond {place.column.dutch}: {shown})"
            for place, cell in zip(headings.places, cells, strict=True)
            if cell == NO_VALUE and (shown := place.column.shown(row.cells[place.position])) != NO_VALUE
        ]
        yield [*cells, " | ".join((said[row.number], *stood))]


def _again(written: Callable[[Value], Value], place: Place, cell: Value) -> Value:
    """As it was; but what would now pass for a value and did not is none. (A formula means nothing in another file,
    and a day that Excel made of 1-2 is text in CSV.)"""
    if isinstance(cell, Broken):
        return cell.text if is_error(cell.text) else NO_VALUE
    is_text = cell is None or isinstance(cell, str)
    return NO_VALUE if not is_text and _is_refused(place, cell) and not _is_refused(place, written(cell)) else cell


def _is_refused(place: Place, cell: Value) -> bool:
    try:
        place.read(cell)
    except Unreadable:
        return True
    return False
