"""The feed of changes (wijzigingen): a copy kept by it is what is here, however writers and readers meet."""

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import text

from app.db import Database
from app.models import ContactLink
from tests.factories import Tenant, make_family
from tests.factories.changes import Copy, Item, about, by_content, lists, make_contact, settled, writing
from tests.factories.conventions import made
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio


async def write(office: Tenant, db: Database, seed: int, relations: list[Item], contacts: list[Item]) -> None:
    """Changes as they come; now and then one that began before another, and writes and ends after it."""
    chance, admin = random.Random(seed), office.admin
    for turn in range(15):
        relation, person, value = chance.choice(relations)["id"], chance.choice(contacts)["id"], f"{seed}.{turn}"
        link = f"/v1/relations/{relation}/contacts/{person}"
        match chance.randrange(5):
            case 0:
                await admin.patch(f"/v1/relations/{relation}", json={"memo": value})
            case 1:
                await admin.patch(f"/v1/contacts/{person}", json={"phone": value})
            case 2:
                await admin.put(link, json={"function": value})
            case 3:
                await admin.delete(link)
            case 4:
                async with writing(db, office, "SELECT pg_current_xact_id()") as session:
                    await admin.put(link, json={"function": "meanwhile"})
                    await session.execute(text(f"UPDATE contacts SET phone = '{value}' WHERE id = '{person}'"))


async def test_a_storm(office: Tenant, db: Database) -> None:
    """Writers of all lengths, readers with all pages; in the end each copy is what the lists say."""
    relations = [await office.relation(str(number)) for number in range(4)]
    contacts = [await make_contact(office, str(number)) for number in range(4)]
    copies = [Copy(office.admin, limit) for limit in (1, 3, 200)]
    writers = [asyncio.create_task(write(office, db, seed, relations, contacts)) for seed in range(6)]

    async def read_along(copy: Copy) -> None:
        while not all(writer.done() for writer in writers):
            await copy.ask()

    await at_once(*writers, *(read_along(copy) for copy in copies))
    expected = by_content(await lists(office.admin))
    for copy in copies:
        await copy.news(db)
        assert by_content([item["data"] for item in copy.living()]) == expected


async def test_who_began_first_and_commits_last(office: Tenant, db: Database) -> None:
    """He holds the feed back, and is never jumped over."""
    first, second = await make_contact(office, "1"), await make_contact(office, "2")
    copy = Copy(office.admin, limit=1)
    await copy.news(db)
    async with writing(db, office, "UPDATE contacts SET phone = '1' WHERE number = '1'"):
        made(await office.anna.patch(f"/v1/contacts/{second['id']}", json={"phone": "2"}), 200)
        assert await copy.catch_up() == []
    assert [(item["id"], item["data"]["phone"]) for item in await copy.news(db)] == [
        (first["id"], "1"),
        (second["id"], "2"),
    ]


async def test_what_is_rolled_back_leaves_nothing(office: Tenant, db: Database) -> None:
    await make_contact(office, "1")
    copy = Copy(office.admin)
    await copy.news(db)
    with pytest.raises(ZeroDivisionError):
        async with writing(db, office, "UPDATE contacts SET phone = '1'"):
            raise ZeroDivisionError
    assert await copy.news(db) == []


async def test_linked_again_by_who_began_before_the_removal(office: Tenant, db: Database) -> None:
    """The new link stands before the removal of the old one; a copy must not remove it."""
    relation, henk = await office.relation(), await make_contact(office, "1")
    path = f"/v1/relations/{relation['id']}/contacts/{henk['id']}"
    made(await office.anna.put(path, json={}))
    copy = Copy(office.admin)
    await copy.news(db)
    async with writing(db, office, "UPDATE offices SET name = 'x'") as session:
        assert (await office.anna.delete(path)).status_code == 204
        session.add(
            ContactLink(
                office_id=office.id, relation_id=UUID(relation["id"]), contact_id=UUID(henk["id"]), function="dga"
            )
        )
    await copy.news(db)
    assert [item["data"]["function"] for item in copy.living() if item["type"] == "contact_link"] == ["dga"]


async def test_a_removed_link(office: Tenant, db: Database) -> None:
    """Linked again it is the same thing, so that no copy holds the one and the other."""
    relation, henk = await office.relation(), await make_contact(office, "1")
    path = f"/v1/relations/{relation['id']}/contacts/{henk['id']}"
    copy = Copy(office.admin)
    made(await office.anna.put(path, json={}))
    await copy.news(db)
    assert (await office.anna.delete(path)).status_code == 204
    (gone,) = await copy.news(db)
    assert (gone["is_deleted"], gone["data"]) == (True, None)
    assert (gone["relation_id"], gone["contact_id"]) == (relation["id"], henk["id"])
    made(await office.anna.put(path, json={"function": "dga"}))
    (back,) = await copy.news(db)
    assert (back["id"], back["is_deleted"], back["data"]["function"]) == (gone["id"], False, "dga")


async def test_what_the_database_removes_or_moves(office: Tenant, db: Database) -> None:
    relation, henk, jan = await office.relation(), await make_contact(office, "1"), await make_contact(office, "2")
    made(await office.anna.put(f"/v1/relations/{relation['id']}/contacts/{henk['id']}", json={}))
    copy = Copy(office.admin)
    await copy.news(db)
    async with writing(db, office, f"UPDATE contact_links SET contact_id = '{jan['id']}'"):
        pass
    moved = await copy.news(db)
    assert {(item["contact_id"], item["is_deleted"]) for item in moved} == {(henk["id"], True), (jan["id"], False)}
    async with writing(db, office, f"DELETE FROM contacts WHERE id = '{jan['id']}'"):
        pass
    assert sorted(about(await copy.news(db))) == [("contact", True), ("contact_link", True)]
    fresh = Copy(office.admin)
    await fresh.catch_up()
    assert by_content([item["data"] for item in fresh.living()]) == by_content(await lists(office.admin))


async def test_a_restored_database(office: Tenant, db: Database) -> None:
    """Its rows come from a server that had run further: they are told of anew, and nobody misses them."""
    await make_family(office)
    async with writing(db, office, "UPDATE changes SET position = 1::bigint << 60"):
        pass
    copies = Copy(office.admin), Copy(office.admin)
    assert [page["has_more"] for page in await at_once(*(copy.ask() for copy in copies))].count(True) >= 1
    for copy in copies:
        await copy.news(db)
        assert len(copy.kept) == 9


@pytest.mark.parametrize("limit", [1, 2, 3, 8, 9, 200])
async def test_pages_within_one_transaction(office: Tenant, db: Database, limit: int) -> None:
    for number in range(9):
        await make_contact(office, str(number))
    async with writing(db, office, "UPDATE contacts SET phone = '1'"):
        pass
    copy = Copy(office.admin, limit)
    items = await copy.news(db)
    assert [item["id"] for item in items] == sorted(copy.kept)
    assert len(items) == 9


async def test_what_changes_again_moves(office: Tenant, db: Database) -> None:
    relation, _ = await office.relation("1"), await office.relation("2")
    copy = Copy(office.admin, limit=1)
    await settled(db)
    await copy.ask()
    made(await office.anna.patch(f"/v1/relations/{relation['id']}", json={"memo": "x"}), 200)
    made(await office.anna.patch(f"/v1/relations/{relation['id']}", json={"memo": "y"}), 200)
    assert [item["data"]["number"] for item in await copy.news(db)] == ["2", "1"]
    assert copy.kept[relation["id"]]["data"]["memo"] == "y"
    assert (await office.admin.delete(f"/v1/relations/{relation['id']}")).status_code == 204
    (item,) = await copy.news(db)
    assert item["data"]["archived_at"] is not None  # archived is not deleted
