"""Finding by `q`: words anywhere in a row's ``search`` column, and what is nearly so where that finds nothing.

Row-level security keeps LIKE and similarity away from indexes, since they are not leakproof. So ids come from small
functions of the tables' owner, which look in the office of the transaction alone (migrations: ``found_...``).
"""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import among
from app.text import fold

MANY = 1000  # more hits than that are found by walking the list in its own order
NEAR = 100  # at most so many that are nearly so
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


async def matches(session: AsyncSession, model: Any, text: str) -> ColumnElement[bool]:
    """The condition that a row of ``model`` is what ``text`` looks for."""
    wanted = patterns(text)
    if not wanted:
        return and_(True)
    found = getattr(func, f"found_{model.__tablename__}")
    ids = list(await session.scalars(select(found(literal(wanted, ARRAY(Text)), MANY + 1))))
    if len(ids) > MANY:
        return and_(*(model.search.like(pattern, escape="\\") for pattern in wanted))
    if not ids and any(char.isalpha() for char in text):  # a name may be misspelt; a number is another number
        near = getattr(func, f"near_{model.__tablename__}")
        ids = list(await session.scalars(select(near(fold(text), NEAR))))
    return among(model.id, ids)
