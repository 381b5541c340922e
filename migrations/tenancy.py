"""What every table needs besides its columns: row-level security for the office, and the application's rights."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.settings import get_settings

ROWS = 5_000  # that are read and written together
OFFICE = "nullif(current_setting('app.office_id', true), '')::uuid"


def role() -> str:
    return get_settings().database_role


def protect(
    table: str,
    *,
    column: str = "office_id",
    rights: str = "SELECT, INSERT, UPDATE, DELETE",
    force: bool = True,
) -> None:
    """Rows of other offices do not exist for the application role, in no statement."""
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    if force:
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY office ON "{table}" USING ({column} = {OFFICE}) WITH CHECK ({column} = {OFFICE})')
    grant(table, rights)


def grant(table: str, rights: str) -> None:
    op.execute(f'GRANT {rights} ON "{table}" TO "{role()}"')


def each_office() -> Iterator[str]:
    """Ids of all offices, each the one whose rows are there: row-level security is forced on a plain owner too."""
    connection = op.get_bind()
    for office_id in list(connection.scalars(sa.text("SELECT office_ids()"))):
        connection.execute(sa.text("SELECT set_config('app.office_id', :id, true)"), {"id": str(office_id)})
        yield str(office_id)
    connection.execute(sa.text("SELECT set_config('app.office_id', '', true)"))


def fill(table: str, column: str, office: str, *names: str, value: Callable[..., str | None]) -> None:
    """Set a text column in every row of the office to what the program makes of these other columns of it."""
    connection = op.get_bind()
    rows = sa.text(
        f"SELECT id, {', '.join(names)} FROM {table} WHERE office_id = :office AND id > :after ORDER BY id LIMIT {ROWS}"
    )
    change = sa.text(
        f"UPDATE {table} SET {column} = made.value "
        "FROM unnest(CAST(:ids AS uuid[]), CAST(:made AS text[])) AS made (id, value) "
        f"WHERE {table}.office_id = :office AND {table}.id = made.id AND {table}.{column} IS DISTINCT FROM made.value"
    )
    own: dict[str, Any] = {"office": UUID(office)}
    after = UUID(int=0)
    while found := connection.execute(rows, own | {"after": after}).all():
        connection.execute(change, own | {"ids": [row[0] for row in found], "made": [value(*row[1:]) for row in found]})
        after = found[-1][0]
