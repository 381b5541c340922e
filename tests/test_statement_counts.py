"""One request costs a constant number of statements, whatever the page holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.db import Database
from tests.factories import Tenant
from tests.factories.tenants import Client

pytestmark = pytest.mark.anyio

ROWS = 50
MOST = 4  # who asks, what the list hangs below, its rows, their numbers


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
            answer = await client.get(path, params={"limit": limit})
        assert len(answer.json()["items"]) == limit, answer.text
        counts[limit] = statements
    assert len(counts[1]) == len(counts[ROWS]) <= MOST, counts


@pytest.fixture
async def full(office: Tenant) -> Tenant:
    """Fifty relations of Anna's with numbers, of which the last is linked to fifty contacts."""
    for number in range(1, ROWS + 1):
        relation = await office.relation(str(number), rsin="123456782", kvk_number="69599084")
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
    linked = (await full.admin.get("/v1/relations", params={"sort": "-number", "limit": 1})).json()["items"][0]["id"]
    contact = (await full.admin.get("/v1/contacts", params={"limit": 1})).json()["items"][0]["id"]
    paths = (
        "/v1/relations",
        "/v1/relations?sort=-name&type=organisation",
        "/v1/relations?q=relation",
        "/v1/contacts",
        "/v1/dossiers",
        f"/v1/relations/{linked}/contacts",
        f"/v1/contacts/{contact}/relations",
    )
    for client in (full.admin, full.anna):
        for path in paths:
            await costs(db, client, path)
