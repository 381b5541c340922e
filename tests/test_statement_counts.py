"""One request costs a constant number of statements, whatever the page holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.db import Database
from app.services import relation_gaps
from tests.factories import Tenant
from tests.factories.clients import Client

pytestmark = pytest.mark.anyio

ROWS = 50
MOST = 4  # who asks, what the list hangs below, its rows, their numbers
NOTHING_DUE = 1  # whether anything has to be looked at first
MORE_TO_FIND = 2  # how many it may be in; whose number it is
NEARLY_SO = 3  # what is rather like it, or else a little; and the page of these


MISSPELT = "q=relatoin"


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The SQL that runs inside, but for BEGIN and COMMIT."""
    statements: list[str] = []

    def executes(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", executes)
    try:
        yield statements
    finally:
        event.remove(db.engine.sync_engine, "before_cursor_execute", executes)


async def costs(db: Database, client: Client, path: str) -> None:
    """A page of 50 as much as a page of 1, and both little."""
    counts = {}
    for limit in (1, ROWS):
        with counted(db) as statements:
            answer = await client.get(f"{path}{'&' if '?' in path else '?'}limit={limit}")
        assert len(answer.json()["items"]) == limit, answer.text
        counts[limit] = statements
    most = MOST + NOTHING_DUE * ("missing=" in path) + MORE_TO_FIND * ("q=" in path) + NEARLY_SO * (MISSPELT in path)
    assert len(counts[1]) == len(counts[ROWS]) <= most, (path, counts)


async def costs_to_find(db: Database, client: Client, one: str, many: str) -> None:
    """By a number that one has and by one that all have."""
    counts = []
    for number in (one, many):
        with counted(db) as statements:
            answer = await client.post("/v1/relations/search", json={"identifier": number})
        assert len(answer.json()["items"]) == (1 if number == one else ROWS), answer.text
        # Counted apart: what may be a citizen number is counted, and leaves its lines.
        counts.append([statement for statement in statements if "INSERT INTO" not in statement])
    assert len(counts[0]) == len(counts[1]) <= MOST + 1, counts


@pytest.fixture
async def full(office: Tenant) -> Tenant:
    """Fifty relations of Anna's with all that hangs on a relation, of which the last is linked to fifty contacts."""
    admin = office.admin
    lists = {}
    for name in ("labels", "products", "relation-kinds", "relation-groups", "team-roles"):
        for number in range(ROWS):
            own = {"key": f"own_{number}", "position": number + 10} if name == "team-roles" else {}
            answer = await admin.post(f"/v1/{name}", json={"name": f"{name} {number}"} | own)
            assert answer.status_code == 201, answer.text
            lists[name] = answer.json()["id"]
    for number in range(ROWS):
        day = str(date(2199, 1, 1) + timedelta(days=number))
        pair = {"team_member_id": str(office.anna_id), "deputy_member_id": str(office.admin_id)}
        answer = await admin.post("/v1/deputies", json=pair | {"starts_on": day, "ends_on": day})
        assert answer.status_code == 201, answer.text
    for number in range(1, ROWS + 1):
        relation = await office.relation(
            str(number),
            rsin="123456782",
            kvk_number="69599084" if number > 1 else "69599085",
            bank_accounts=["NL91ABNA0417164300"],
            ob_number="123456782B01",
            lh_numbers=["123456782L01", "123456782L02"],
            label_ids=[lists["labels"]],
            products=[{"product_id": lists["products"]}],
            kind_id=lists["relation-kinds"],
            group_id=lists["relation-groups"],
            external_ids={"afas": str(number), "nmbrs": str(number)},
        )
        body = {"number": f"C{number}", "email": f"c{number}@example.nl", "surname": "Vries"}
        made = await office.admin.post("/v1/contacts", json=body)
        assert made.status_code == 201, made.text
    contacts = (await office.admin.get("/v1/contacts")).json()["items"]
    for contact in contacts:
        linked = await office.admin.put(f"/v1/relations/{relation['id']}/contacts/{contact['id']}", json={})
        assert linked.status_code == 201, linked.text
    relations = (await office.admin.get("/v1/relations")).json()["items"]
    for each in relations[:-1]:
        linked = await office.admin.put(f"/v1/relations/{each['id']}/contacts/{contacts[0]['id']}", json={})
        assert linked.status_code == 201, linked.text
    return office


async def test_lists(full: Tenant, db: Database) -> None:
    """For who sees everything and for who needs a role."""
    await relation_gaps.check_all(db, full.id)  # who asks first does the checks; the worker has been before
    linked = (await full.admin.get("/v1/relations", params={"sort": "-number", "limit": 1})).json()["items"][0]["id"]
    contact = (await full.admin.get("/v1/contacts", params={"limit": 1})).json()["items"][0]["id"]
    row = (await full.admin.get("/v1/relations", params={"limit": 1})).json()["items"][0]
    paths = (
        "/v1/relations",
        "/v1/relations?sort=-name&type=organisation",
        "/v1/relations?q=relation",
        "/v1/relations?q=relatoin",
        "/v1/relations?q=123456782",
        "/v1/relations?missing=addresses",
        f"/v1/relations?label_id={row['label_ids'][0]}",
        f"/v1/relations?product_id={row['products'][0]['product_id']}",
        f"/v1/relations?kind_id={row['kind_id']}&group_id={row['group_id']}&q=relation",
        f"/v1/relations?team_member_id={full.anna_id}",
        "/v1/contacts",
        "/v1/contacts?q=vries",
        "/v1/contacts?q=vreis",
        "/v1/dossiers",
        f"/v1/relations/{linked}/contacts",
        f"/v1/contacts/{contact}/relations",
        "/v1/labels",
        "/v1/products",
        "/v1/relation-kinds",
        "/v1/relation-groups",
        "/v1/team-roles",
        "/v1/deputies",
    )
    for client in (full.admin, full.anna):
        for path in paths:
            await costs(db, client, path)


async def test_searching_by_a_number(full: Tenant, db: Database) -> None:
    for client in (full.admin, full.anna):
        await costs_to_find(db, client, "69599085", "123456782")
