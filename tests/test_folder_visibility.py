"""What the office opened to the client, and what follows for the folders below (rule 2, DOM-01, AZ-05, AZ-06)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.factories import Client, Tenant
from tests.factories.conventions import made, problem
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio


class Tree:
    """Folders of one dossier by name, as the office and as a client sees them."""

    def __init__(self, office: Tenant, relation: dict[str, Any], henk: Client) -> None:
        self.office, self.henk = office, henk
        self.path = f"/v1/dossiers/{relation['dossier_id']}/folders"
        self.ids: dict[str, str] = {}

    async def add(self, name: str, below: str | None = None, visibility: str = "inherit") -> None:
        body = {"name": name, "parent_id": self.ids.get(below or ""), "visibility": visibility}
        self.ids[name] = made(await self.office.anna.post(self.path, json=body))["id"]

    async def say(self, name: str, visibility: str) -> None:
        made(await self.office.anna.patch(f"/v1/folders/{self.ids[name]}", json={"visibility": visibility}), 200)

    async def open(self) -> set[str]:
        """Names of the open ones of ours: the same for the office, in the client's list and one by one."""
        rows = made(await self.office.anna.get(self.path), 200)["items"]
        said = {row["name"] for row in rows if row["is_open"]} & self.ids.keys()
        listed = {row["name"] for row in made(await self.henk.get(self.path), 200)["items"]} & self.ids.keys()
        single = {
            name for name, each in self.ids.items() if (await self.henk.get(f"/v1/folders/{each}")).status_code == 200
        }
        assert said == listed == single
        return said


@pytest.fixture
async def tree(office: Tenant) -> Tree:
    relation = await office.relation("1")
    _, henk = await office.linked_contact(relation)
    return Tree(office, relation, henk)


async def test_inherits_down_to_the_first_that_says_otherwise(tree: Tree) -> None:
    await tree.add("a")
    await tree.add("b", "a")
    await tree.add("c", "b")
    await tree.add("shut", "b", "closed")
    await tree.add("below", "shut")
    assert await tree.open() == set()  # at the top it is closed
    await tree.say("a", "open")
    assert await tree.open() == {"a", "b", "c"}
    await tree.add("new", "c")
    assert await tree.open() == {"a", "b", "c", "new"}
    await tree.say("shut", "inherit")
    assert await tree.open() == {"a", "b", "c", "new", "shut", "below"}
    await tree.say("c", "open")
    await tree.say("a", "closed")
    assert await tree.open() == {"c", "new"}
    await tree.say("c", "inherit")
    assert await tree.open() == set()


async def test_closed_above_does_not_show(tree: Tree) -> None:
    """DOM-01: an open folder below a closed one stands alone for the client; the closed one's id is nowhere."""
    await tree.add("geheim-x", None, "closed")
    await tree.add("open", "geheim-x", "open")
    await tree.add("under", "open")
    for answer in (
        await tree.henk.get(tree.path),
        await tree.henk.get(tree.path, params={"sort": "-name", "limit": 1}),
        await tree.henk.get(f"/v1/folders/{tree.ids['open']}"),
    ):
        assert tree.ids["geheim-x"] not in answer.text
        assert "geheim-x" not in answer.text
    rows = {row["name"]: row for row in made(await tree.henk.get(tree.path), 200)["items"]}
    assert rows["open"].keys() == {"id", "dossier_id", "parent_id", "name", "position"}
    assert rows["open"]["parent_id"] is None
    assert rows["under"]["parent_id"] == tree.ids["open"]
    counted = await tree.henk.get(tree.path, params={"include": "total"})
    assert counted.json()["total"] == len(rows) == 4
    problem(await tree.henk.get(f"/v1/folders/{tree.ids['geheim-x']}"), 404)


async def test_closing_holds_at_once(tree: Tree) -> None:
    """AZ-05: the next request of a client meets what the office said."""
    await tree.add("a", None, "open")
    await tree.add("b", "a")
    for _ in range(3):
        await tree.say("a", "closed")
        assert await tree.open() == set()
        await tree.say("a", "open")
        assert await tree.open() == {"a", "b"}


async def test_closing_above_while_one_below_begins_to_inherit(tree: Tree, office: Tenant) -> None:
    """AZ-06: held in the middle on purpose; in no order may the lower one stay open below a closed one."""
    await tree.add("a", None, "open")
    await tree.add("b", "a")
    await tree.add("c", "b", "closed")
    async with lock_row(office, "folders", tree.ids["b"]) as release:
        upper = asyncio.create_task(tree.say("a", "closed"))
        await eventually(lambda: waiting_for_locks(office, 1), "closing has come to the row between")
        lower = asyncio.create_task(tree.say("c", "inherit"))
        await eventually(lambda: waiting_for_locks(office, 2, lower), "the lower change waits or is done")
        await release()
    await at_once(lower, upper)
    assert await tree.open() == set()


async def test_many_changes_at_once(tree: Tree, office: Tenant) -> None:
    """AZ-06: whatever the order, what a client sees follows from what each folder says."""
    names = ["a", "b", "c", "d"]
    for above, name in zip([None, *names], names, strict=False):
        await tree.add(name, above, "open" if name == "a" else "inherit")
    for turn in range(4):
        wanted = [("a", ("open", "closed")[turn % 2]), ("b", "inherit"), ("c", ("closed", "inherit")[turn % 2])]
        calls = [
            office.anna.patch(f"/v1/folders/{tree.ids[name]}", json={"visibility": visibility})
            for name, visibility in wanted
        ]
        added = office.anna.post(tree.path, json={"name": f"n{turn}", "parent_id": tree.ids["d"]})
        answers = await at_once(*calls, added)
        assert {answer.status_code for answer in answers} <= {200, 201, 412}
        async with office.db.transaction(office.id) as session:
            wrong = await session.scalars(text(WRONG), {"dossier": tree.path.split("/")[3]})
            assert list(wrong) == []


WRONG = """
    WITH RECURSIVE said AS (
        SELECT id, visibility = 'open' AS is_open FROM folders WHERE dossier_id = :dossier AND parent_id IS NULL
        UNION ALL
        SELECT below.id, CASE below.visibility WHEN 'inherit' THEN said.is_open ELSE below.visibility = 'open' END
        FROM folders below JOIN said ON below.parent_id = said.id
    )
    SELECT name FROM folders JOIN said USING (id) WHERE folders.is_open <> said.is_open
"""
