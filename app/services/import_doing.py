"""One run of a job that commits an import or undoes it, and what all its statements are given."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models import ImportRow
from app.services.import_runs import Run

LOOK_AFTER = 5_000  # rows, and PostgreSQL looks at what an empty database has got by then; after the first ones too
MOST = 2_000  # rows of a statement
ACTIONS = ("create", "update")  # in this order: what is changed may hang below new ones
NOT_DONE = ImportRow.outcome.is_(None)
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
            .where(ImportRow.action.in_(ACTIONS), NOT_DONE)
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
