"""AZ-03: the database refuses what code forgets."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ForeignKeyConstraint, text
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from app.db import Database, server_settings
from app.models import Base
from app.settings import Settings
from tests.factories import Tenant, make_family

pytestmark = pytest.mark.anyio

OWNED = [table for table in Base.metadata.sorted_tables if "office_id" in table.columns]
# The tenant itself, and counters that exist before anybody has said which office he means.
NOT_OWNED = {"offices", "rate_limits"}


# Their owner may read all offices, for the functions of app.search; the application is never the owner.
SEARCHED = {"relations", "contacts"}


def test_every_table_is_owned_or_said_not_to_be() -> None:
    assert {table.name for table in Base.metadata.sorted_tables} - {table.name for table in OWNED} == NOT_OWNED


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)
def test_the_office_leads_every_key(table: Any) -> None:
    """So no row can point into another office, and tables can be spread by office as they are."""
    assert [column.name for column in table.primary_key.columns][:2] == ["office_id", "id"]
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            assert constraint.column_keys[0] == "office_id", constraint.name
    for index in table.indexes:
        assert index.columns[0].name == "office_id", index.name


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)
def test_something_vouches_for_the_office(table: Any) -> None:
    """A key to `offices`, or one to a row of the same office that must be there (``OfficeOwned.is_part``)."""
    owned = {each.name for each in OWNED}
    keys = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
    to_office = [key for key in keys if key.referred_table.name == "offices"]
    to_row = [key for key in keys if key.referred_table.name in owned and not any(c.nullable for c in key.columns)]
    assert to_office or to_row


async def test_row_level_security_on_every_table(db: Database) -> None:
    query = text(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, count(p.polname) AS policies, "
        "pg_get_userbyid(c.relowner) AS owner FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY c.oid"
    )
    async with db.transaction(None) as session:
        rows = {row.relname: row for row in await session.execute(query)}
        role = (
            await session.execute(
                text("SELECT rolsuper, rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user")
            )
        ).one()
    assert (role.rolsuper, role.rolbypassrls, role.rolname) == (False, False, "ordner_app")
    for table in OWNED:
        row = rows[table.name]
        policies = 2 if table.name in SEARCHED else 1
        assert (row.relrowsecurity, row.relforcerowsecurity, row.policies) == (True, True, policies), table.name
        assert row.owner != role.rolname, table.name
    assert rows["offices"].relrowsecurity


async def test_the_second_policy_is_for_reading_by_the_owner(db: Database) -> None:
    query = text(
        "SELECT tablename, roles::text[], cmd FROM pg_policies WHERE policyname = 'finder' "
        "AND roles::text[] = (SELECT array_agg(tableowner::text) FROM pg_tables t "
        "WHERE t.tablename = pg_policies.tablename)"
    )
    async with db.transaction(None) as session:
        found = {row.tablename: row.cmd for row in await session.execute(query)}
    assert found == dict.fromkeys(SEARCHED, "SELECT")


async def test_search_looks_in_one_office(db: Database, office: Tenant, other_office: Tenant) -> None:
    await office.relation(name="Fietsen")
    for asked, count in ((office.id, 1), (other_office.id, 0), (None, 0)):
        async with db.transaction(asked) as session:
            for function in ("found_relations(ARRAY['%fietsen%'])", "near_relations('fietsn', 0.3)"):
                assert await session.scalar(text(f"SELECT count(*) FROM {function}")) == count, function


async def test_without_an_office_there_are_no_rows(db: Database, office: Tenant) -> None:
    await make_family(office)
    async with db.transaction(None) as session:
        for table in (*OWNED, Base.metadata.tables["offices"]):
            assert await session.scalar(text(f"SELECT count(*) FROM {table.name}")) == 0, table.name
    async with db.transaction(office.id) as session:
        assert await session.scalar(text("SELECT count(*) FROM relations")) == 3
        offices = set(await session.scalars(text("SELECT DISTINCT office_id FROM relations")))
    assert offices == {office.id}


@pytest.mark.parametrize("statement", ["UPDATE relations SET memo = 'x'", "DELETE FROM folder_templates"])
async def test_other_offices_rows_can_not_be_reached(
    db: Database, office: Tenant, other_office: Tenant, statement: str
) -> None:
    await make_family(office)
    async with db.transaction(other_office.id) as session:
        await session.execute(text(statement))
    async with db.transaction(office.id) as session:
        assert await session.scalar(text("SELECT count(*) FROM relations WHERE memo IS NULL")) == 3
        assert await session.scalar(text("SELECT count(*) FROM folder_templates")) == 4


async def test_a_row_can_not_be_written_into_another_office(db: Database, office: Tenant, other_office: Tenant) -> None:
    insert = (
        "INSERT INTO folder_templates (office_id, id, name, position, purpose, is_open, version) "
        "VALUES (:office, :id, 'x', 99, 'general', true, 1)"
    )
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.transaction(office.id) as session:
            await session.execute(text(insert), {"office": other_office.id, "id": uuid7()})


async def test_a_row_can_not_point_into_another_office(db: Database, office: Tenant, other_office: Tenant) -> None:
    theirs = UUID((await other_office.relation())["id"])
    mine = UUID((await office.relation())["id"])
    with pytest.raises(DBAPIError, match="fk_relations_parent_id"):
        async with db.transaction(office.id) as session:
            await session.execute(
                text("UPDATE relations SET parent_id = :theirs WHERE id = :mine"), {"theirs": theirs, "mine": mine}
            )


@pytest.mark.parametrize("statement", ["UPDATE events SET action = 'x'", "DELETE FROM events", "TRUNCATE events"])
async def test_what_happened_stays(db: Database, office: Tenant, statement: str) -> None:
    """LO-01: the application role can neither change nor remove an event."""
    await office.relation()
    with pytest.raises(DBAPIError, match="permission denied"):
        async with db.transaction(office.id) as session:
            await session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE x (y int)",
        "ALTER TABLE relations DISABLE ROW LEVEL SECURITY",
        "DROP POLICY office ON relations",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
async def test_the_role_owns_nothing(settings: Settings, address: str, statement: str) -> None:
    """OP-06."""
    connection = await asyncpg.connect(
        settings.database_url.get_secret_value(), server_settings=server_settings(settings)
    )
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
