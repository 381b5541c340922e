"""What is missing in each relation is kept beside it, and is never older than the question (`missing=`)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.clock import today
from app.db import Database
from app.models import GapCheck, Relation, RelationGap
from app.services import housekeeping, relation_gaps
from app.services.relation_completeness import RULES, is_missing
from tests.factories import Tenant
from tests.factories.changes import writing
from tests.factories.conventions import made

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
RSIN = "123456782"


async def lacking(office: Tenant, field: str) -> set[str]:
    rows = made(await office.admin.get(PATH, params={"missing": field, "limit": "200"}), 200)["items"]
    return {row["id"] for row in rows}


async def due(office: Tenant, db: Database) -> int:
    async with db.transaction(office.id) as session:
        count = select(func.count()).where(GapCheck.office_id == office.id, GapCheck.due_on <= today())
        return await session.scalar(count) or 0


async def kept(office: Tenant, db: Database) -> set[tuple[str, str]]:
    async with db.transaction(office.id) as session:
        rows = await session.execute(select(RelationGap.relation_id, RelationGap.field))
        return {(str(relation_id), field) for relation_id, field in rows}


async def a_day_passes(office: Tenant, db: Database, table: str, column: str) -> None:
    """What held until today held until yesterday; nobody changed anything, so no check comes of that."""
    async with db.transaction(office.id) as session:
        await session.execute(text(f"UPDATE {table} SET {column} = {column} - 1"))
        await session.execute(text("DELETE FROM relation_gap_checks WHERE due_on = '-infinity'"))
        await session.execute(update(GapCheck).values(due_on=GapCheck.due_on - 1))


async def test_whoever_asks_looks_first(office: Tenant, db: Database) -> None:
    relation = await office.relation()
    assert await due(office, db)
    assert await lacking(office, "rsin") == {relation["id"]}
    assert not await due(office, db)
    made(await office.anna.patch(f"{PATH}/{relation['id']}", json={"rsin": RSIN}), 200)
    assert await due(office, db)
    assert await lacking(office, "rsin") == set()


async def test_more_than_a_question_waits_for(
    office: Tenant, alone: None, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules themselves answer, and the worker catches up."""
    monkeypatch.setattr(relation_gaps, "MOST", 2)
    monkeypatch.setattr(relation_gaps, "BATCH", 5)
    ids = {(await office.relation(str(number)))["id"] for number in range(6)}
    before = await due(office, db)
    assert before > 5
    assert await lacking(office, "rsin") == ids
    assert await due(office, db) in range(1, before)
    await housekeeping.check_gaps(db)
    assert not await due(office, db)
    assert await lacking(office, "rsin") == ids
    assert {relation_id for relation_id, field in await kept(office, db) if field == "rsin"} == ids


@pytest.mark.parametrize(
    ("field", "table", "column"),
    [
        ("products", "relation_products", "ends_on"),
        ("contacts", "contact_links", "valid_until"),
        ("wwft_review", "relations", "wwft_review_on"),
    ],
)
async def test_what_ends_by_itself_is_looked_at_on_that_day(
    office: Tenant, db: Database, field: str, table: str, column: str
) -> None:
    item = {"product_id": made(await office.admin.post("/v1/products", json={"name": "Advies"}))["id"]}
    relation = await office.relation(products=[item])
    await office.linked_contact(relation)
    day = today()
    async with db.transaction(office.id) as session:
        await session.execute(text(f"UPDATE {table} SET {column} = :day"), {"day": day})
    assert await lacking(office, field) == set()
    async with db.transaction(office.id) as session:
        planned = list(await session.scalars(select(GapCheck.due_on)))
    assert planned == [day + timedelta(days=1)]
    await a_day_passes(office, db, table, column)
    assert await lacking(office, field) == {relation["id"]}


async def test_a_product_that_leads_to_another_return(office: Tenant, db: Database) -> None:
    product = made(await office.admin.post("/v1/products", json={"name": "Advies"}))
    relation = await office.relation(legal_form="vof", products=[{"product_id": product["id"]}])
    other = await office.relation("101")
    assert await lacking(office, "kvk_number") == {other["id"]}
    made(await office.admin.patch(f"/v1/products/{product['id']}", json={"filing_type": "annual_accounts"}), 200)
    assert await lacking(office, "kvk_number") == {relation["id"], other["id"]}


async def test_who_writes_while_another_looks(office: Tenant, db: Database) -> None:
    """Each order of the two ends with what is true."""
    relation = await office.relation()
    change = text("UPDATE relations SET addresses = '{\"postal\": {}}' WHERE id = :id")
    async with writing(db, office, "SELECT 1") as session:
        await session.execute(change, {"id": relation["id"]})
        assert await lacking(office, "addresses") == {relation["id"]}
    assert await lacking(office, "addresses") == set()


async def test_two_who_look_at_once(office: Tenant, db: Database) -> None:
    ids = {(await office.relation(str(number)))["id"] for number in range(4)}
    async with db.transaction(office.id) as session:
        assert await relation_gaps.check(session, office.id, 1) is False
        assert await lacking(office, "rsin") == ids  # by the rules: the other one holds the lock
    found = await asyncio.gather(*(lacking(office, "rsin") for _ in range(8)))
    assert all(each == ids for each in found)


async def test_every_field_at_once_is_what_the_rules_say(office: Tenant, other_office: Tenant, db: Database) -> None:
    for tenant in (office, other_office):
        await tenant.relation("1", legal_form="sole_trader", btw_filing_period="quarter")
        await tenant.relation("2", type="supplier")
        await tenant.relation("3", addresses={"postal": {"city": "Delft"}})
    await housekeeping.check_gaps(db)
    for tenant in (office, other_office):
        async with db.transaction(tenant.id) as session:
            expected = {
                (str(relation_id), field)
                for field in RULES
                for relation_id in await session.scalars(select(Relation.id).where(is_missing(field)))
            }
        assert await kept(tenant, db) == expected
        assert not await due(tenant, db)


async def test_the_relation_is_gone_meanwhile(office: Tenant, db: Database) -> None:
    relation = await office.relation()
    async with db.transaction(office.id) as session:
        await session.execute(
            text(
                "INSERT INTO relation_gap_checks (office_id, id, relation_id, due_on) "
                "VALUES (:office, gen_random_uuid(), gen_random_uuid(), '2020-01-01')"
            ),
            {"office": office.id},
        )
    assert await lacking(office, "rsin") == {relation["id"]}
    assert not await due(office, db)
