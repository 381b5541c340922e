"""Many rows in one statement: as one JSON value, which PostgreSQL itself reads into rows.

COPY does not go with row-level security, and a parameter for each value costs ten times as much.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Base

_DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]


def columns_of(model: type[Base], names: Sequence[str]) -> str:
    """The columns with their types, as ``jsonb_to_recordset`` wants them."""
    return ", ".join(f"{name} {model.__table__.c[name].type.compile(_DIALECT)}" for name in names)


async def insert(session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """All have the names of the first; what a row does not name is the database's default."""
    if not rows:
        return
    names = list(rows[0])
    listed = ", ".join(names)
    statement = text(
        f"INSERT INTO {model.__tablename__} ({listed}) "  # noqa: S608 - names of our own models
        f"SELECT {listed} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS made ({columns_of(model, names)})"
    )
    await session.execute(statement, {"rows": to_json(rows).decode()})


def hexed(value: bytes | None) -> str | None:
    """Bytes as PostgreSQL reads them in JSON."""
    return None if value is None else f"\\x{value.hex()}"
