"""The feed of changes (wijzigingen): all that changed since a cursor, for who may see everything."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy import event

from app.access import P, Role
from app.db import Database
from tests.factories import Tenant, make_family
from tests.factories.changes import PATH, Copy, about, by_content, lists, make_contact, settled
from tests.factories.conventions import made, problem, refuses_parameters

pytestmark = pytest.mark.anyio

BSN = "111222333"


async def test_begins_with_everything_once(office: Tenant, db: Database) -> None:
    family = await make_family(office)
    copy = Copy(office.admin, limit=2)
    items = await copy.news(db)
    assert len(items) == len(copy.kept) == 3 + 2 + 4
    assert by_content([item["data"] for item in items]) == by_content(await lists(office.admin))
    for item in items:
        ends = item["relation_id"], item["contact_id"]
        if item["type"] == "contact_link":
            assert ends == (item["data"]["relation"]["id"], item["data"]["contact"]["id"])
        else:
            assert (item["id"], None) in (ends, ends[::-1])
    assert await copy.news(db) == []
    made(await office.anna.patch(f"/v1/relations/{family.vof['id']}", json={"memo": "x"}), 200)
    (item,) = await copy.news(db)
    assert (item["id"], item["data"]["memo"], item["changed_at"]) == (
        family.vof["id"],
        "x",
        item["data"]["updated_at"],
    )


async def test_nothing_yet(office: Tenant, db: Database) -> None:
    copy = Copy(office.admin)
    assert await copy.ask() == {"items": [], "next_cursor": copy.cursor, "has_more": False}
    await office.relation()
    assert about(await copy.news(db)) == [("relation", False)]


async def test_numbers_are_the_relations(office: Tenant, db: Database) -> None:
    """And no citizen number is anywhere in the feed (BSN-03)."""
    person = {"type": "person", "name": None, "legal_form": None, "surname": "Vries"}
    relation = await office.relation("7", **person)
    copy = Copy(office.admin)
    await copy.news(db)
    made(await office.anna.patch(f"/v1/relations/{relation['id']}", json={"bsn": BSN}), 200)
    (item,) = await copy.news(db)
    assert item["data"]["bsn"] == "*" * 9
    assert BSN not in json.dumps(item)


async def test_link_header(office: Tenant, db: Database) -> None:
    await make_family(office)
    await settled(db)
    answer = await office.admin.get(PATH, params={"limit": 4, "type": "contact_link"})
    assert "link" not in answer.headers
    answer = await office.admin.get(PATH, params={"limit": 3, "type": "contact_link"})
    (last,) = made(await office.admin.get(answer.links["next"]["url"]), 200)["items"]
    assert last["id"] not in [item["id"] for item in answer.json()["items"]]


async def test_one_type(office: Tenant, db: Database) -> None:
    family = await make_family(office)
    copy = Copy(office.admin, type="contact")
    assert about(await copy.news(db)) == [("contact", False)] * 2
    before = copy.cursor
    made(await office.anna.patch(f"/v1/relations/{family.vof['id']}", json={"memo": "x"}), 200)
    assert await copy.news(db) == []
    assert copy.cursor != before  # it moves on, so that what is of other types is not gone through again
    for params in ({}, {"type": "relation"}):
        problem(await office.admin.get(PATH, params={"cursor": before, **params}), 422, "cursor_mismatch")


async def test_who_may(office: Tenant, other_office: Tenant, db: Database) -> None:
    family = await make_family(office)
    _, reader = await office.member(Role.READER)
    _, manager = await office.member(Role.MANAGER)
    for client in (family.henk, reader, office.anna, await office.key(P.RELATIONS_READ)):
        problem(await client.get(PATH), 403, "forbidden")
    assert len(await Copy(manager).news(db)) == 9
    assert await Copy(other_office.admin).news(db) == []
    elsewhere = Copy(other_office.admin)
    elsewhere.cursor = (await Copy(manager).ask())["next_cursor"]
    problem(await other_office.admin.get(PATH, params={"cursor": elsewhere.cursor}), 410, "cursor_expired")


async def test_data_is_for_who_may_read_it(office: Tenant, db: Database) -> None:
    """Whether it is there says the feed itself."""
    family = await make_family(office)
    link = f"/v1/relations/{family.vof['id']}/contacts/{family.henk_id}"
    assert (await office.anna.delete(link)).status_code == 204
    for scopes, types in (
        ((), set()),
        ((P.RELATIONS_READ,), {"relation"}),
        ((P.CONTACTS_READ, P.CONTACT_LINKS_READ), {"contact", "contact_link"}),
    ):
        items = await Copy(await office.key(P.CHANGES_READ, *scopes)).news(db)
        assert {item["type"] for item in items if item["data"]} == types
        assert [about([item]) for item in items if item["is_deleted"]] == [[("contact_link", True)]]


async def test_cursors(office: Tenant, db: Database) -> None:
    await refuses_parameters(office.admin, PATH, "type=dossier", "type=", "cursor=")
    await office.relation()
    copy = Copy(office.admin)
    await copy.news(db)
    mark, feed, position, last = read(copy.cursor)
    for values in (
        (mark, feed, position),
        (mark, feed, position, "no-id"),
        (mark, feed, str(position), last),
        (mark, feed, True, last),
        (mark, feed, 1.5, last),
        (mark, None, position, last),
        (mark, "a\x00b", position, last),
    ):
        problem(await office.admin.get(PATH, params={"cursor": wrote(*values)}), 422, "cursor_invalid", "/cursor")
    for values in ((mark, "x", position, last), *((mark, feed, odd, last) for odd in (-1, 1 << 62, 1 << 70))):
        problem(await office.admin.get(PATH, params={"cursor": wrote(*values)}), 410, "cursor_expired")
    problem(await office.admin.get(PATH, params={"cursor": wrote("x", feed, position, last)}), 422, "cursor_mismatch")
    assert len(made(await office.admin.get(PATH, params={"cursor": wrote(mark, feed, 0, last)}), 200)["items"]) == 1


def read(cursor: str | None) -> list[Any]:
    assert cursor
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    return found


def wrote(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


async def test_a_page_costs_the_same_number_of_statements(office: Tenant, db: Database) -> None:
    statements: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = []
    for number in ("1", "2", "3"):
        relation, person = await office.relation(number), await make_contact(office, number)
        made(await office.anna.put(f"/v1/relations/{relation['id']}/contacts/{person['id']}", json={}))
        await settled(db)
        statements.clear()
        page = await Copy(office.admin).ask()
        assert len(page["items"]) == int(number) * 3
        counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2] <= 8, statements
