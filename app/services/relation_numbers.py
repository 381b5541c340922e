"""The number that a relation gets when none is given: the next one, or the next below its parent (domain.md 6)."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models import Relation
from app.services import offices
from app.text import natural

AFTER_DIGITS = ":"  # the character after 9


async def propose(session: AsyncSession, actor: Actor, parent: Relation | None) -> str:
    """A number that no relation of the office has; who proposes at the same time waits for this transaction."""
    await offices.queue(session, actor)
    if parent is None:
        last = await _last(session, actor, "0", AFTER_DIGITS)
        return str(_leading(last) + 1)
    start = natural(parent.number)
    last = await _last(session, actor, f"{start}.0", f"{start}.{AFTER_DIGITS}")
    return f"{parent.number}.{_leading(last[len(parent.number) + 1 :]) + 1}"


async def _last(session: AsyncSession, actor: Actor, start: str, end: str) -> str:
    """Of all numbers, seen by the caller or not, the one that sorts last between these keys; empty: there is none."""
    numbers = (
        select(Relation.number)
        .where(Relation.office_id == actor.office_id, Relation.number_sort >= start, Relation.number_sort < end)
        .order_by(Relation.number_sort.desc())
    )
    return await session.scalar(numbers.limit(1)) or ""


def _leading(number: str) -> int:
    digits = re.match(r"[0-9]{1,15}", number)
    return int(digits[0]) if digits else 0
