"""What is missing in each relation, kept beside it: lists of what few relations lack would read all of them.

The rules stay those of ``relation_completeness``. Whatever changes something of a relation leaves a check (the
database does), what will hold until some day leaves one for the day after; and who asks does the checks that are due
first, so that what is kept is never older than the question.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.access import Actor
from app.db import Database
from app.models import ContactLink, GapCheck, Relation, RelationGap, RelationProduct
from app.models.base import among, today
from app.schemas.relation_completeness import Gap
from app.services.relation_completeness import RULES, is_missing

MOST = 200  # checks that a question waits for; with more of them it asks the rules themselves
BATCH = 1000


async def lacks(session: AsyncSession, actor: Actor, field: Gap) -> ColumnElement[bool]:
    """The condition that this is missing in a relation, at this moment."""
    if not await check(session, actor.office_id, MOST):
        return is_missing(field)
    gaps = select(RelationGap.relation_id).where(RelationGap.office_id == actor.office_id, RelationGap.field == field)
    return Relation.id.in_(gaps)


async def check_all(db: Database, office_id: UUID, is_over: Callable[[], bool] = lambda: False) -> None:
    """Every check that is due, some at a time."""
    is_done = False
    while not (is_done or is_over()):
        async with db.transaction(office_id) as session:
            is_done = await check(session, office_id, BATCH) or not await _done_alone(session, office_id)


async def check(session: AsyncSession, office_id: UUID, most: int) -> bool:
    """Look at the relations whose check is due, up to ``most`` checks. Whether none is left."""
    due = select(GapCheck.id, GapCheck.relation_id).where(GapCheck.office_id == office_id, GapCheck.due_on <= today())
    due = due.limit(most + 1)
    if not (await session.execute(due)).first():
        return True
    if not await _done_alone(session, office_id):
        return False
    # Asked again: whoever did them meanwhile may have ended just now, and what he kept is not looked at twice.
    rows = (await session.execute(due)).all()
    await _look(session, office_id, {row.relation_id for row in rows[:most]}, [row.id for row in rows[:most]])
    return len(rows) <= most


async def _done_alone(session: AsyncSession, office_id: UUID) -> bool:
    """One at a time in an office: who began to look earlier must not write later what he saw."""
    lock = func.pg_try_advisory_xact_lock
    return bool(await session.scalar(select(lock(func.hashtextextended(f"gaps/{office_id}", 0)))))


async def _look(session: AsyncSession, office_id: UUID, relation_ids: set[UUID], done: Sequence[UUID]) -> None:
    """Keep what is missing in these; their checks are done, and what ends by itself is checked the day after."""
    ids = sorted(relation_ids)
    rules = [is_missing(field).label(field) for field in RULES]
    found = select(Relation.id, _last_day().label("last_day"), *rules).where(
        Relation.office_id == office_id, among(Relation.id, ids)
    )
    rows = (await session.execute(found)).all()
    later = (GapCheck.due_on > today()) & among(GapCheck.relation_id, ids)
    await session.execute(delete(GapCheck).where(GapCheck.office_id == office_id, among(GapCheck.id, done) | later))
    old = delete(RelationGap).where(RelationGap.office_id == office_id, among(RelationGap.relation_id, ids))
    await session.execute(old)
    gaps = [{"relation_id": row.id, "field": field} for row in rows for field in RULES if getattr(row, field)]
    days = [{"relation_id": row.id, "due_on": row.last_day + timedelta(days=1)} for row in rows if row.last_day]
    for model, values in ((RelationGap, gaps), (GapCheck, days)):
        if values:
            await session.execute(insert(model), [{"office_id": office_id, "id": uuid7()} | each for each in values])


def _last_day() -> ColumnElement[date]:
    """Of a relation: the last day on which, if nobody changes anything, as much is missing as today."""
    ends = [
        select(func.min(day))
        .where(model.office_id == Relation.office_id, model.relation_id == Relation.id, day >= today())
        .correlate(Relation)
        .scalar_subquery()
        for model, day in ((RelationProduct, RelationProduct.ends_on), (ContactLink, ContactLink.valid_until))
    ]
    review = case((Relation.wwft_review_on >= today(), Relation.wwft_review_on))
    return func.least(*ends, review)
