"""Lists: filter, sort, keyset page; once for all of them.

The order is always total (the id comes last) and the page condition is one row-value comparison, which
an index serves at any depth; OFFSET and a chain of ORs are not used anywhere.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import Invalid, invalid
from app.schemas.base import DIGITS
from app.text import clean_line

T = TypeVar("T")
Row = TypeVar("Row")
Column = InstrumentedAttribute[Any]


class PageQuery(BaseModel):
    """Parameters of everything that is paged."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200, description="rows on a page"), DIGITS] = 50
    cursor: Annotated[str | None, Field(max_length=10_000, description="`next_cursor` of the page before")] = None

    def fingerprint(self) -> str:
        """What a cursor is bound to: filters and order, not the page's own parameters."""
        meaning = self.model_dump(mode="json", exclude={"limit", "cursor", "include"})
        text = json.dumps([type(self).__name__, meaning], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class ListQuery(PageQuery):
    """Parameters of every list; a feature adds its filters and narrows ``sort`` to its own orders."""

    include: Annotated[Literal["total"] | None, Field(description="`total` adds the number of all rows")] = None


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")
    total: int | None = Field(None, description="number of all rows, with `include=total` only")


async def paginate(
    session: AsyncSession,
    statement: Select[Row],
    query: ListQuery,
    sorts: Mapping[str, Sequence[Column]],
    key: Column,
) -> Page[Row]:
    """Run ``statement`` (visible and filtered already) for one page in the order that ``query.sort`` names."""
    sort: str = getattr(query, "sort")  # noqa: B009 - each list declares its own, with its own default
    descending = sort.startswith("-")
    columns = (*sorts[sort.removeprefix("-")], key)
    paged = statement.order_by(*(column.desc() if descending else column.asc() for column in columns))
    if query.cursor:
        given = read_cursor(query, *(column.type.python_type for column in columns))
        values = [literal(value, column.type) for value, column in zip(given, columns, strict=True)]
        here = tuple_(*columns)
        paged = paged.where(here < tuple_(*values) if descending else here > tuple_(*values))
    rows = list(await session.scalars(paged.limit(query.limit + 1)))
    page = rows[: query.limit]
    cursor = None
    if len(rows) > query.limit:
        cursor = write_cursor(query, *(getattr(page[-1], column.key) for column in columns))
    session.info["next_cursor"] = cursor  # for the Link header
    return Page.model_construct(
        items=page,
        next_cursor=cursor,
        total=await _count(session, statement) if query.include else None,
    )


async def _count(session: AsyncSession, statement: Select[Row]) -> int:
    return await session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def write_cursor(query: PageQuery, *values: Any) -> str:
    """Where a page ended: these values, bound to the query."""
    text = json.dumps([query.fingerprint(), *values], default=_plain, ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: UUID | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def read_cursor(query: PageQuery, *types: type[Any]) -> list[Any]:
    """The values of the query's cursor, of exactly these types."""
    cursor = query.cursor or ""
    try:
        fingerprint, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        parsed = [_parse(value, wanted) for value, wanted in zip(values, types, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise invalid("/cursor", "cursor_invalid", "Give `next_cursor` of a page as it was.", "query") from None
    if fingerprint != query.fingerprint():
        raise Invalid(
            "The cursor belongs to other filters or another order; begin again without it.",
            code="cursor_mismatch",
        )
    return parsed


def _parse(value: Any, wanted: type[Any]) -> Any:
    if type(value) is not (str if wanted in (UUID, datetime) else wanted):
        raise TypeError(value)
    if wanted is UUID:
        return UUID(value)
    if wanted is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC)
    if isinstance(value, str):
        clean_line(value)  # refuses what no key holds; the key itself stays as it is, it need not be in NFC
    return value
