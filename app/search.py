"""Finding by `q`: words anywhere in a row's ``search`` column, and what is nearly so where that finds nothing.

Row-level security keeps LIKE and similarity away from indexes, since they are not leakproof. So ids come from small
functions of the tables' owner, which look in the office of the transaction alone (migrations: ``found_...``).
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, and_, column, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.listing import Page, paginate
from app.models.base import among
from app.text import fold

MANY = 3000  # more hits than that, as PostgreSQL guesses, are found by walking the list in its own order
NEAR = 100  # at most so many that are nearly so
LEAST = (0.5, 0.3)  # likeness that is asked for first, and where nothing has it
NEARLY = 0.8  # of the likeness of the nearest
WORDS = 6

Sorts: TypeAlias = Mapping[str, Sequence[Any]]


def text_of(*parts: str | None) -> str:
    """The ``search`` column: folded, each word behind a blank, so that a beginning of one or two letters is found."""
    return "".join(f" {fold(part)}" for part in parts if part)


def patterns(text: str) -> list[str]:
    """LIKE patterns, the longest word first: it is the one that the index is asked for. Short words begin a word."""
    words = sorted(dict.fromkeys(fold(text).split()), key=len, reverse=True)[:WORDS]
    return [f"%{' ' if len(word) < 3 and word.isalnum() else ''}{_escaped(word)}%" for word in words]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def page(
    session: AsyncSession, found: Select[Any], model: Any, query: Any, sorts: Sorts, also: Sequence[UUID] = ()
) -> Page[Any]:
    """The page of those that ``query.q`` looks for among those that ``found`` selects; ``also`` are some of them.

    What the caller does not see, or has filtered away, decides nothing: neither whether names that are nearly so are
    asked for, nor how near these must be.
    """
    wanted = patterns(query.q or "")
    if not wanted:
        return await paginate(session, found, query, sorts, model.id)
    if await _likely(session, model, wanted) > MANY:
        alike = and_(*(model.search.like(pattern, escape="\\") for pattern in wanted))
        exact, orders, key = found.where(or_(alike, among(model.id, also)) if also else alike), sorts, model.id
    else:
        hits, orders = _in_order(_hits(model, wanted, also), query.sort, sorts)
        exact, key = found.join(hits, hits.c.id == model.id), hits.c.id
    exactly = await paginate(session, exact, query, orders, key)
    if exactly.items or not any(char.isalpha() for char in query.q):  # a number is another number, never misspelt
        return exactly
    if query.cursor and await session.scalar(_ids(exact, model).limit(1)) is not None:
        return exactly  # those of the page before are gone since
    nearly = among(model.id, await _near(session, _ids(found, model), model, query.q))
    return await paginate(session, found.where(nearly), query, sorts, model.id)


def _ids(found: Select[Any], model: Any) -> Select[Any]:
    return found.with_only_columns(model.id).order_by(None)


async def _likely(session: AsyncSession, model: Any, wanted: list[str]) -> int:
    """How many rows of the office hold these, as PostgreSQL guesses from its statistics: that costs nothing."""
    function = getattr(func, f"likely_{model.__tablename__}")
    guess: int = (await session.scalars(select(function(literal(wanted, ARRAY(Text)))))).one()
    return guess


def _hits(model: Any, wanted: list[str], also: Sequence[UUID]) -> Any:
    """The ids of those found by the index, with all that lists are sorted by."""
    keys = [model.id, model.number_sort, model.name_key, model.updated_at]
    function = getattr(func, f"found_{model.__tablename__}")(literal(wanted, ARRAY(Text)))
    found = function.table_valued(*(column(key.key, key.type) for key in keys)).c
    texts = {key.key: found[key.key].collate("C").label(key.key) for key in keys if isinstance(key.type, Text)}
    hits = select(*(texts.get(key.key, found[key.key]) for key in keys))
    return (hits.union(select(*keys).where(among(model.id, also))) if also else hits).subquery("hits")


def _in_order(hits: Any, sort: str, sorts: Sorts) -> tuple[Any, Sorts]:
    """In the list's own order before their rows are looked up: then only those of a page are."""
    by = [hits.c[key.key] for key in (*sorts[sort.removeprefix("-")], hits.c.id)]
    ordered = select(hits).order_by(*(key.desc() if sort.startswith("-") else key for key in by)).subquery("ordered")
    return ordered, {name: [ordered.c[key.key] for key in order] for name, order in sorts.items()}


async def _near(session: AsyncSession, found: Select[Any], model: Any, text: str) -> list[UUID]:
    """Those most like it, and what is nearly as like as the first of them. What is far from it is asked for last,
    since much is."""
    for least in LEAST:
        near = getattr(func, f"near_{model.__tablename__}")(fold(text), least).table_valued("id", "likeness")
        near = near.alias("near")
        like = found.join(near, near.c.id == model.id).add_columns(near.c.likeness)
        rows = (await session.execute(like.order_by(near.c.likeness.desc(), model.id).limit(NEAR))).all()
        if rows:
            return [row_id for row_id, likeness in rows if likeness > NEARLY * rows[0].likeness]
    return []
