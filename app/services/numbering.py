"""The number that a relation or a contact gets when none is given: the next one, or the next below its parent
(domain.md 6). Two separate name spaces (domain rule 40)."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models import Contact, Relation
from app.services import offices
from app.text import natural

AFTER_DIGITS = ":"  # the character after 9

Numbered = type[Relation] | type[Contact]


async def propose(session: AsyncSession, actor: Actor, model: Numbered, parent: Relation | None = None) -> str:
    """A number that no such row of the office has; who proposes at the same time waits for this transaction."""
    await offices.queue(session, actor)
    if parent is None:
        last = await _last(session, actor, model, "0", AFTER_DIGITS)
        return str(_leading(last) + 1)
    start = natural(parent.number)
    last = await _last(session, actor, model, f"{start}.0", f"{start}.{AFTER_DIGITS}")
    return f"{parent.number}.{_leading(last[len(parent.number) + 1 :]) + 1}"


async def _last(session: AsyncSession, actor: Actor, model: Numbered, start: str, end: str) -> str:
    """Of all numbers, seen by the caller or not, the one that sorts last between these keys; empty: there is none."""
    numbers = (
        select(model.number)
        .where(model.office_id == actor.office_id, model.number_sort >= start, model.number_sort < end)
        .order_by(model.number_sort.desc())
    )
    return await session.scalar(numbers.limit(1)) or ""


def _leading(number: str) -> int:
    digits = re.match(r"[0-9]{1,15}", number)
    return int(digits[0]) if digits else 0
