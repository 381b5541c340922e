"""Finding by `q`: words anywhere in a row's ``search`` column, and what is nearly so where that finds nothing.

Row-level security keeps LIKE and similarity away from indexes, since they are not leakproof. So ids come from small
functions of the tables' owner, which look in the office of the transaction alone (migrations: ``found_...``).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, and_, false, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import among
from app.text import fold

MANY = 2000  # more hits than that are found by walking the list in its own order
NEAR = 100  # at most so many that are nearly so
NEARLY = 0.8  # of the likeness of the nearest
WORDS = 6


def text_of(*parts: str | None) -> str:
    """The ``search`` column: folded, each word behind a blank, so that a beginning of one or two letters is found."""
    return "".join(f" {fold(part)}" for part in parts if part)


def patterns(text: str) -> list[str]:
    """LIKE patterns, the longest word first: it is the one that the index is asked for. Short words begin a word."""
    words = sorted(dict.fromkeys(fold(text).split()), key=len, reverse=True)[:WORDS]
    return [f"%{' ' if len(word) < 3 and word.isalnum() else ''}{_escaped(word)}%" for word in words]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def matches(session: AsyncSession, found: Select[Any], model: Any, text: str) -> ColumnElement[bool]:
    """The condition that a row of ``model`` is what ``text`` looks for, among those that ``found`` selects.

    What the caller does not see, or has filtered away, decides nothing: neither whether names that are nearly so are
    asked for, nor how near these must be, nor which are too many.
    """
    wanted = patterns(text)
    if not wanted:
        return and_(True)
    function = getattr(func, f"found_{model.__tablename__}")
    hits = select(function(literal(wanted, ARRAY(Text)), MANY + 1)).scalar_subquery()
    ids = await session.scalar(select(func.array(hits, type_=ARRAY(Uuid)))) or []  # one value is quicker than rows
    alike = among(model.id, ids)
    if len(ids) > MANY:
        alike = and_(*(model.search.like(pattern, escape="\\") for pattern in wanted))
    only_ids = found.with_only_columns(model.id).order_by(None)
    if ids and await session.scalar(only_ids.where(alike).limit(1)) is not None:
        return alike
    if any(char.isalpha() for char in text):  # a name may be misspelt; a number is another number
        return among(model.id, await _near(session, only_ids, model, text))
    return false()


async def _near(session: AsyncSession, found: Select[Any], model: Any, text: str) -> list[UUID]:
    """Those most like it, and what is nearly as like as the first of them."""
    near = getattr(func, f"near_{model.__tablename__}")(fold(text)).table_valued("id", "likeness").alias("near")
    like = found.join(near, near.c.id == model.id).add_columns(near.c.likeness)
    rows = (await session.execute(like.order_by(near.c.likeness.desc(), model.id).limit(NEAR))).all()
    return [row_id for row_id, likeness in rows if likeness > NEARLY * rows[0].likeness]
