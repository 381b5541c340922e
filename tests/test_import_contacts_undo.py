"""A committed file of contacts is taken back, row by row, but for what somebody went on with."""

from typing import Any

import pytest
from sqlalchemy import text

from app.models import Base
from app.services.import_contact_checks import WENT_ON
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import committed, contacts, links, outcomes_of_undo, planned, sheet, undone
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

HEADINGS = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers", "Functie", "Voorkeurscontact", "Toegang")
OWN = {"updated_at", "updated_by", "version"}


async def done_with(office: Tenant, *lines: tuple[Any, ...]) -> dict[str, Any]:
    """The import of these rows, committed."""
    return await committed(office, await planned(office, sheet(HEADINGS, *lines), "contacts"))


def both(one: str, two: str) -> list[tuple[Any, ...]]:
    """Contacts 1 and 2, and of which of both relations each is the preferred one."""
    return [(n, f"{n}@v.nl", "Vries", "100; 200", None, each) for n, each in (("1", one), ("2", two))]


async def relation(office: Tenant, number: str = "100") -> str:
    """Its path."""
    return f"/v1/relations/{(await office.relation(number))['id']}"


async def path_of(office: Tenant, number: str) -> str:
    return f"/v1/contacts/{(await contacts(office))[number]['id']}"


def without(own: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in own.items() if name not in OWN}


async def test_what_was_made_is_gone_and_what_was_changed_is_as_it_was(office: Tenant) -> None:
    for number in ("100", "200"):
        await office.relation(number)
    await done_with(office, ("1", "een@v.nl", "Een", "100", "vennoot", "ja"))
    before, linked = (await contacts(office))["1"], (await links(office, "1"))["100"]
    lines = (("1", "nieuw@v.nl", "Nieuw", "200; 100", "directeur", None), ("2", "twee@v.nl", "Twee", "100", None, "ja"))
    found = await done_with(office, *lines)
    assert set(await links(office, "1")) == {"100", "200"}
    assert (await links(office, "2"))["100"]["is_preferred"]
    assert await outcomes_of_undo(office, found) == ["undone", "undone"]
    assert list(await contacts(office)) == ["1"]
    after, again = (await contacts(office))["1"], await links(office, "1")
    assert without(after) == without(before)
    assert list(again) == ["100"]
    assert again["100"]["version"] == linked["version"] + 4  # his own change and the other's, and both back
    assert {**without(again["100"]), "contact": None} == {**without(linked), "contact": None}
    events = text("SELECT action FROM events WHERE data->>'import_id' = :id AND data ? 'is_undone' ORDER BY action")
    async with office.db.transaction(office.id) as session:
        told = list(await session.scalars(events, {"id": found["id"]}))
    assert told == [
        "contact.changed", "contact_link.changed", "contact_link.changed", "contact_link.deleted",
        "contact_link.deleted",
    ]  # fmt: skip

    async def is_gone() -> bool:  # no change is told before all that began before it has ended, in whatever database
        feed = made(await office.admin.get("/v1/changes", params={"type": "contact"}), 200)["items"]
        return [each["data"] is None for each in feed].count(True) == 1

    await eventually(is_gone, "the contact that is gone", 30)
    renewed = await planned(office, sheet(HEADINGS, *lines), "contacts")
    assert (renewed["counts"]["create"], renewed["counts"]["update"]) == (1, 1)


async def test_two_that_changed_places(office: Tenant) -> None:
    for number in ("100", "200"):
        await office.relation(number)

    await done_with(office, *both("ja; nee", "nee; ja"))
    before = await links(office, "1"), await links(office, "2")
    found = await done_with(office, *both("nee; ja", "ja; nee"))
    assert await outcomes_of_undo(office, found) == ["undone", "undone"]
    after = await links(office, "1"), await links(office, "2")
    for was, now in zip(before, after, strict=True):
        assert {number: link["is_preferred"] for number, link in now.items()} == {
            number: link["is_preferred"] for number, link in was.items()
        }


async def test_imports_go_back_one_after_another(office: Tenant) -> None:
    """Of the same contacts, the last one first: each finds them as it left them."""
    for number in ("100", "200"):
        await office.relation(number)
    files = [
        both("ja; nee", "nee; ja"),
        [("1", "nieuw@v.nl", "Anders", "100", "directeur", None), *both("nee; ja", "ja; nee")[1:]],
        [("1", None, "Weer", "100; 200", "vennoot", "nee; ja"), ("2", None, "Dus", None, None, None)],
    ]
    found, states = [], []
    for lines in files:
        states.append([without(each) for each in (await contacts(office)).values()])
        found.append(await done_with(office, *lines))
    for state, each in zip(reversed(states), reversed(found), strict=True):
        assert await outcomes_of_undo(office, each) == ["undone"] * 2
        assert [without(contact) for contact in (await contacts(office)).values()] == state


@pytest.mark.parametrize("changed", ["1", "2"])
@pytest.mark.parametrize("places", [("nee; ja", "ja; nee"), ("nee; nee", "ja; ja")])
async def test_of_those_who_changed_places_all_go_back_or_none(
    office: Tenant, changed: str, places: tuple[str, str]
) -> None:
    for number in ("100", "200"):
        await office.relation(number)

    await done_with(office, *both("ja; nee", "nee; ja"))
    found = await done_with(office, *both(*places))
    before = await links(office, "1"), await links(office, "2")
    made(await office.admin.patch(await path_of(office, changed), json={"initials": "X."}), 200)
    assert await outcomes_of_undo(office, found) == [
        "changed_since" if number == changed else "other_row_stays" for number in ("1", "2")
    ]
    after = await links(office, "1"), await links(office, "2")
    for was, now in zip(before, after, strict=True):
        assert {number: link["version"] for number, link in now.items()} == {
            number: link["version"] for number, link in was.items()
        }


class TestWhatStays:
    async def test_a_link_to_a_relation_that_is_archived(self, office: Tenant) -> None:
        path = await relation(office)
        found = await done_with(office, ("1", "a@v.nl", "Een", "100", None, None))
        assert (await office.admin.delete(path)).status_code == 204
        assert await outcomes_of_undo(office, found) == ["relation_archived"]

    async def test_a_contact_that_was_changed(self, office: Tenant) -> None:
        await done_with(office, ("1", "a@v.nl", "Oud", None, None, None))
        found = await done_with(
            office, ("1", "a@v.nl", "Nieuw", None, None, None), ("2", "b@v.nl", "Twee", None, None, None)
        )
        for number in ("1", "2"):
            made(await office.admin.patch(await path_of(office, number), json={"initials": "X."}), 200)
        assert await outcomes_of_undo(office, found) == ["changed_since", "changed_since"]
        assert [each["surname"] for each in (await contacts(office)).values()] == ["Nieuw", "Twee"]

    async def test_who_is_somebody_more_since(self, office: Tenant) -> None:
        """Another contact was merged into him: nobody else is there any more who could be him."""
        other_id, _ = await office.linked_contact({"id": (await relation(office)).rpartition("/")[2]}, "7")
        found = await done_with(office, ("1", "a@v.nl", "Een", "100", None, None))
        path = await path_of(office, "1")
        made(await office.admin.post(f"{path}/merge", json={"contact_id": other_id}), 200)
        assert await outcomes_of_undo(office, found) == ["changed_since"]
        assert list(await links(office, "1")) == ["100"]

    async def test_a_contact_with_a_login(self, office: Tenant) -> None:
        found = await done_with(office, ("1", "a@v.nl", "Een", None, None, None))
        made(await office.admin.post(f"{await path_of(office, '1')}/invitation"))
        assert await outcomes_of_undo(office, found) == ["has_login"]

    async def test_a_contact_that_is_gone(self, office: Tenant) -> None:
        found = await done_with(office, ("1", "a@v.nl", "Een", None, None, None))
        assert (await office.admin.delete(await path_of(office, "1"))).status_code == 204
        assert await outcomes_of_undo(office, found) == ["gone"]

    async def test_a_contact_with_another_link(self, office: Tenant) -> None:
        await relation(office, "100")
        other = await relation(office, "200")
        found = await done_with(office, ("1", "a@v.nl", "Een", "100", None, None))
        contact = (await contacts(office))["1"]
        made(await office.admin.put(f"{other}/contacts/{contact['id']}", json={}))
        assert await outcomes_of_undo(office, found) == ["has_links"]
        assert set(await links(office, "1")) == {"100", "200"}

    async def test_who_takes_part_or_is_asked_for_documents(self, office: Tenant) -> None:
        one = await office.relation("100")
        found = await done_with(office, *((n, f"{n}@v.nl", "Vries", "100", None, None, "ja") for n in "123"))
        ids = [each["id"] for each in (await contacts(office)).values()]
        conversation = {"relation_id": one["id"], "subject": "Hallo", "contact_ids": [ids[0]]}
        made(await office.admin.post("/v1/conversations", json=conversation))
        line = {"title": "Jaarstukken", "folder_id": (await office.folders(one))["Permanent"]["id"]}
        asked = {"relation_id": one["id"], "contact_id": ids[1], "title": "Stukken", "lines": [line]}
        made(await office.admin.post("/v1/document-requests", json=asked))
        assert await outcomes_of_undo(office, found) == ["has_messages", "has_requests", "undone"]

    @pytest.mark.parametrize("change", ["changed", "removed"])
    async def test_a_link_that_was_changed(self, office: Tenant, change: str) -> None:
        path = await relation(office)
        await done_with(office, ("1", "a@v.nl", "Een", "100", "vennoot", None))
        found = await done_with(
            office, ("1", None, None, "100", "directeur", None), ("2", "b@v.nl", "Twee", "100", None, None)
        )
        for contact in (await contacts(office)).values():
            link = f"{path}/contacts/{contact['id']}"
            if change == "changed":
                made(await office.admin.patch(link, json={"may_approve": ["vat"]}), 200)
            else:
                assert (await office.admin.delete(link)).status_code == 204
        assert await outcomes_of_undo(office, found) == ["link_changed_since"] * 2

    async def test_access_that_was_closed_on_purpose(self, office: Tenant) -> None:
        """The link is as the import left it; but somebody opened and closed it since, and his word is the last."""
        path = await relation(office)
        await done_with(office, ("1", "a@v.nl", "Een", "100", None, None, "ja"))
        found = await done_with(office, ("1", None, None, "100", None, None, "nee"))
        link = f"{path}/contacts/{(await contacts(office))['1']['id']}"
        for opens in (True, False):
            made(await office.admin.patch(link, json={"portal_access": opens}), 200)
        assert await outcomes_of_undo(office, found) == ["link_changed_since"]
        assert not (await links(office, "1"))["100"]["portal_access"]

    async def test_who_has_another_preferred_since(self, office: Tenant) -> None:
        path = await relation(office)
        await done_with(office, ("1", "a@v.nl", "Een", "100", None, "ja"), ("2", "b@v.nl", "Twee", "100", None, None))
        found = await done_with(office, ("1", None, None, "100", None, "nee"))
        contact = (await contacts(office))["2"]
        made(await office.admin.patch(f"{path}/contacts/{contact['id']}", json={"is_preferred": True}), 200)
        assert await outcomes_of_undo(office, found) == ["preferred_taken"]
        assert (await links(office, "2"))["100"]["is_preferred"]

    async def test_an_address_that_somebody_else_has_now(self, office: Tenant) -> None:
        await done_with(office, ("1", "a@v.nl", "Een", None, None, None))
        found = await done_with(office, ("1", "new@v.nl", "Een", None, None, None))
        made(await office.admin.post("/v1/contacts", json={"number": "2", "surname": "X", "email": "A@v.nl"}))
        assert await outcomes_of_undo(office, found) == ["email_taken"]


async def test_all_that_can_hang_on_a_contact_is_looked_at() -> None:
    """Whoever lets something new point at contacts says what becomes of it when their import is undone."""
    looked_at = " ".join(WENT_ON.values())
    for table in Base.metadata.tables.values():
        if any(key.referred_table.name == "contacts" for key in table.foreign_key_constraints):
            assert f"FROM {table.name} " in looked_at, table.name


async def test_an_address_that_comes_back_ends_sessions(office: Tenant) -> None:
    path = await relation(office)
    contact_id, _ = await office.linked_contact({"id": path.rpartition("/")[2]}, "7")
    found = await done_with(office, ("7", "nieuw@v.nl", None, None, None, None))
    client = await office.contact(contact_id)
    assert await outcomes_of_undo(office, found) == ["undone"]
    problem(await client.get("/v1/me"), 401)
    assert (await contacts(office))["7"]["email"] == "c7@example.nl"


async def test_five_thousand(office: Tenant) -> None:
    """So many that another process reads the rows: again and again the same comes of them."""
    await relation(office, "100")
    content = sheet(HEADINGS, *((f"c{n}", f"c{n}@v.nl", "Vries", "100", "vennoot", "nee") for n in range(5000)))
    found = await committed(office, await planned(office, content, "contacts"))
    assert (await planned(office, content, "contacts"))["counts"]["unchanged"] == 5000
    await undone(office, found)
    assert await contacts(office) == {}
