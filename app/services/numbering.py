"""The number that a relation or a contact gets when none is given: the next one, or the next below its parent
(domain.md 6). Two separate name spaces (domain rule 40)."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import invalid
from app.models import Contact, Relation
from app.services import offices
from app.text import natural

AFTER_DIGITS = ":"  # the character after 9
MAX_NUMBER = 50

Numbered = type[Relation] | type[Contact]


async def propose(session: AsyncSession, actor: Actor, model: Numbered, parent: Relation | None = None) -> str:
    """A number that no such row of the office has; who proposes at the same time waits for this transaction."""
    await offices.queue(session, actor)
    above = "" if parent is None else f"{natural(parent.number)}."
    last = await _last(session, actor, model, f"{above}0", f"{above}{AFTER_DIGITS}")
    number = str(_leading(last[len(above) :]) + 1)
    number = number if parent is None else f"{parent.number}.{number}"
    if len(number) > MAX_NUMBER:
        detail = f"The next number would have more than {MAX_NUMBER} characters; give one."
        raise invalid("/number", "number_too_long", detail)
    return number


async def _last(session: AsyncSession, actor: Actor, model: Numbered, start: str, end: str) -> str:
    """Of all sort keys, of rows seen by the caller or not, the last between these; empty: there is none."""
    numbers = (
        select(model.number_sort)
        .where(model.office_id == actor.office_id, model.number_sort >= start, model.number_sort < end)
        .order_by(model.number_sort.desc())
    )
    return await session.scalar(numbers.limit(1)) or ""


def _leading(key: str) -> int:
    """The number that a sort key begins with: two digits that say how many follow (app.text.natural), and these."""
    digits = re.match(r"[0-9]{3,}", key)
    return int(digits[0][2 : 2 + int(digits[0][:2])]) if digits else 0
