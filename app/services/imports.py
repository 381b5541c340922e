"""The life of an import: uploaded, planned by a worker, looked at, committed, and undone or planned again.

What takes long is a job; here is only said what shall be, and refused what can not.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app import jobs
from app.access import Actor, visible
from app.errors import Conflict, Gone, Invalid, TooLarge
from app.models import Import, ImportIdentifier, ImportRow
from app.models.imports import AT_REST, STATES
from app.schemas.imports import CommitOptions, ImportOptions, ImportQuery, ImportRowQuery
from app.services import blobs, events, import_commits, import_files, import_runs
from app.services.uploads import Upload
from app.settings import MIB
from app.sheets.reading import Limits

SORTS = {"created_at": (Import.created_at,)}
ROW_SORTS = {"number": (ImportRow.number,)}
ORDERED = ("committing", "undoing")
UNFINISHED = tuple(state for state in STATES if state not in AT_REST)
LOST = timedelta(days=1)  # longer than any queue of a worker that is there
NOBODY = {"code": "no_worker", "detail": "No worker did it within a day; is one running? Try again.", "errors": []}
OPEN = ("waiting", "planning", "planned")


def find_all(actor: Actor, query: ImportQuery) -> Select[Import]:
    found = visible(actor, Import)
    for field in ("kind", "state"):
        if (value := getattr(query, field)) is not None:
            found = found.where(getattr(Import, field) == value)
    return found


def rows(actor: Actor, of: Import, query: ImportRowQuery) -> Select[ImportRow]:
    found = visible(actor, ImportRow).where(ImportRow.import_id == of.id)
    if query.action is not None:
        found = found.where(ImportRow.action == query.action)
    if query.has_findings is not None:
        found = found.where((func.jsonb_array_length(ImportRow.findings) > 0) == query.has_findings)
    if query.is_kept is not None:
        found = found.where(ImportRow.stays.is_not(None) == query.is_kept)
    if query.is_left_out is not None:
        found = found.where(ImportRow.left_out() == query.is_left_out)
    return found


async def create(session: AsyncSession, actor: Actor, options: ImportOptions, upload: Upload) -> Import:
    """The file is stored; a worker plans it."""
    if upload.files and upload.files[0].problem:
        raise upload.files[0].problem
    stored = await upload.store(session)
    if len(stored) != 1:
        raise Invalid("Send one file, in a part named `files`.", code="one_file")
    received, blob = stored[0]
    if received.facts["size"] > Limits().file_bytes:
        raise TooLarge(f"A file to import may have at most {Limits().file_bytes // MIB} MiB.", code="file_too_large")
    of = Import(
        office_id=actor.office_id,
        id=uuid7(),
        file_name=received.name,
        blob_id=blob.id,
        created_by=actor.name,
        **options.model_dump(),
    )
    session.add(of)
    await session.flush()
    events.record(session, actor, "import.uploaded", of, kind=of.kind)
    await _order(session, actor, of, "imports.plan")
    return of


async def plan(session: AsyncSession, actor: Actor, of: Import) -> None:
    """From the same file anew, on what the office has now."""
    if of.state not in ("planned", "failed", "cancelled"):
        raise _not_now(of, "planned anew")
    _check_file(of)
    if _is_begun(of):
        detail = "A part of it was committed: commit the rest, or undo it; to plan it anew, upload the file again."
        raise Conflict(detail, code="partly_committed")
    await _turn(session, actor, of, "waiting")
    await _order(session, actor, of, "imports.plan")


async def commit(session: AsyncSession, actor: Actor, of: Import, options: CommitOptions) -> None:
    """Once it is ordered, the same call again changes nothing."""
    if of.state in ("committing", "committed"):
        return
    if of.state != "planned":
        raise _not_now(of, "committed")
    _check_file(of)
    if not _is_begun(of):
        await import_commits.forget_outcomes(session, of)
        of.in_batches = options.in_batches
    if not of.in_batches:
        await import_commits.check(session, of)
    await _turn(session, actor, of, "committing")
    events.record(session, actor, "import.committed", of, kind=of.kind, counts=of.counts)
    await _order(session, actor, of, "imports.commit")


async def undo(session: AsyncSession, actor: Actor, of: Import) -> None:
    """Once it is ordered, the same call again changes nothing; once it is over, it is about the rows that stayed."""
    if of.state == "undoing" or (of.state == "undone" and not of.counts.get("committed")):
        return
    _check_file(of)
    if of.state not in ("committed", "undone") and not (of.state == "planned" and _is_begun(of)):
        raise _not_now(of, "undone")
    await _turn(session, actor, of, "undoing")
    events.record(session, actor, "import.undone", of, kind=of.kind)
    await _order(session, actor, of, "imports.undo")


async def cancel(session: AsyncSession, actor: Actor, of: Import) -> None:
    """Nothing more is done; what a worker is in the middle of is as if it had never begun.

    Of which batches were committed, that waits for the rest or for its undo.
    """
    if of.state == "cancelled" or (of.state == "planned" and _is_begun(of)):
        return
    if of.state in ORDERED:
        await _turn(session, actor, of, import_runs.before(of))
    elif of.state in OPEN:
        await _turn(session, actor, of, "cancelled")
    else:
        raise _not_now(of, "cancelled")
    events.record(session, actor, "import.cancelled", of, kind=of.kind)


def _is_begun(of: Import) -> bool:
    """Were batches of it committed, and not all?"""
    return of.in_batches and of.counts.get("committed", 0) > 0


async def _turn(session: AsyncSession, actor: Actor, of: Import, state: str) -> None:
    """Another state; whichever worker is at it finds that it is no longer his."""
    of.state, of.order_id, of.run, of.problem, of.done, of.updated_by = state, None, None, None, 0, actor.name
    await session.flush()


async def _order(session: AsyncSession, actor: Actor, of: Import, job: str) -> None:
    of.order_id = uuid7()
    payload: dict[str, Any] = {
        "office_id": of.office_id,
        "import_id": of.id,
        "order_id": of.order_id,
        "actor": [str(actor.kind), str(actor.id), actor.name],
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }
    await jobs.enqueue(session, job, payload)


def _not_now(of: Import, what: str) -> Conflict:
    return Conflict(f"An import that is {of.state} can not be {what}.", code=f"import_{of.state}")


def _check_file(of: Import) -> None:
    if of.blob_id is None:
        raise Gone(import_files.GONE, code="file_gone")


async def expire(session: AsyncSession, office_id: UUID, age: timedelta) -> None:
    """Files hold whole clienteles: they are not kept longer than somebody may want to undo them, nor is what was read
    of them. What they did stays.

    One whose worker never came back is told to have failed, so that it can be planned again.
    """
    lost = update(Import).where(
        Import.office_id == office_id, Import.state.in_(UNFINISHED), Import.updated_at < func.now() - LOST
    )
    await session.execute(lost.where(Import.state.in_(("waiting", "planning"))).values(state="failed", problem=NOBODY))
    was = case(
        (Import.undone_at.is_not(None), "undone"), (Import.committed_at.is_not(None), "committed"), else_="planned"
    )
    await session.execute(lost.where(Import.state.in_(ORDERED)).values(state=was, problem=NOBODY))
    over = select(Import).where(
        Import.office_id == office_id,
        Import.updated_at < func.now() - age,
        Import.blob_id.is_not(None),
        Import.state.not_in(UNFINISHED),
    )
    found = list(await session.scalars(over.with_for_update(skip_locked=True)))
    for model in (ImportRow, ImportIdentifier):
        gone = delete(model).where(model.office_id == office_id, model.import_id.in_([each.id for each in found]))
        await session.execute(gone)
    unused = [each.blob_id for each in found if each.blob_id]
    for each in found:
        each.blob_id, each.about = None, {}
        if each.problem:
            each.problem = {"code": each.problem["code"], "detail": import_files.GONE, "errors": []}
    await session.flush()
    await blobs.release_unused(session, office_id, unused)
