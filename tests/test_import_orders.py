"""Orders that were cancelled, undos that are ordered again, and several imports of the same."""

from typing import Any

import pytest

from app.access import Role
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made
from tests.factories.imports import (
    HEADINGS,
    PATH,
    committed,
    company,
    contacts,
    done,
    links,
    outcomes,
    outcomes_of_undo,
    planned,
    relations,
    rows,
    send,
    sheet,
    undone,
)
from tests.factories.mail import workers

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]


@pytest.mark.usefixtures("nothing_queued")
async def test_who_ordered_it_is_who_did_not_cancel_it(office: Tenant, settings: Settings) -> None:
    _, manager = await office.member(Role.MANAGER, "Mia Manager")
    path = await send(office.admin, sheet(HEADINGS, company("1")))
    async with workers(settings):
        await done(office.admin, path, "planned")
    made(await manager.post(f"{path}/commit"), 202)
    made(await manager.post(f"{path}/cancel"), 202)
    made(await office.admin.post(f"{path}/commit"), 202)
    async with workers(settings):
        await done(office.admin, path, "committed")
    assert (await relations(office))["1"]["created_by"] != "Mia Manager"


@pytest.mark.usefixtures("worker")
class TestUndoAgain:
    async def test_first_what_hangs_on_it(self, office: Tenant) -> None:
        """In the wrong order: the relations stay for their contacts, and go when these are gone."""
        first = await committed(office, await planned(office, sheet(HEADINGS, company("1"), company("2"))))
        heads = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers")
        people = sheet(heads, ("1", "a@v.nl", "Een", "1"))
        second = await committed(office, await planned(office, people, "contacts"))
        ended = await undone(office, first)
        assert await outcomes(office, first) == ["has_contacts", "undone"]
        assert (ended["state"], ended["counts"]["committed"]) == ("undone", 1)
        assert [row["outcome"] for row in await rows(office, first, is_kept="true")] == ["done"]
        await undone(office, second)
        ended = await undone(office, first)
        assert (await outcomes(office, first), ended["counts"]["committed"]) == (["undone", "undone"], 0)
        assert (await relations(office), await contacts(office)) == ({}, {})
        assert made(await office.admin.post(f"{PATH}/{first['id']}/undo"), 202)["state"] == "undone"

    async def test_imports_in_the_wrong_order(self, office: Tenant) -> None:
        files = [sheet(HEADINGS, company("1", name)) for name in ("Een", "Twee")]
        first, second = [await committed(office, await planned(office, content)) for content in files]
        await undone(office, first)
        assert await outcomes(office, first) == ["changed_since"]
        await undone(office, second)
        await undone(office, first)
        assert (await outcomes(office, first), await relations(office)) == (["undone"], {})

    async def test_one_that_is_cancelled_is_undone_still(self, office: Tenant) -> None:
        found = await committed(office, await planned(office, sheet(HEADINGS, company("1"))))
        there = (await relations(office))["1"]
        made(await office.admin.patch(f"/v1/relations/{there['id']}", json={"memo": "later"}), 200)
        await undone(office, found)
        path = f"{PATH}/{found['id']}"
        assert made(await office.admin.post(f"{path}/undo"), 202)["state"] == "undoing"
        await office.admin.post(f"{path}/cancel")
        assert (await done(office.admin, path, "undone"))["counts"]["committed"] == 1


PEOPLE = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers", "Functie", "Toegang")


async def people(office: Tenant, *lines: tuple[str | None, ...]) -> dict[str, Any]:
    """Their import, committed."""
    return await committed(office, await planned(office, sheet(PEOPLE, *lines), "contacts"))


async def back(office: Tenant, *imports: dict[str, Any]) -> list[list[str | None]]:
    """Undone in this order: what became of their rows."""
    return [await outcomes_of_undo(office, each) for each in imports]


@pytest.mark.usefixtures("worker")
class TestSeveral:
    async def by_hand(self, office: Tenant, number: str, **values: Any) -> None:
        path = f"/v1/contacts/{(await contacts(office))[number]['id']}"
        made(await office.admin.patch(path, json=values), 200)

    async def test_what_somebody_did_is_not_forgotten_by_an_undo_of_another(self, office: Tenant) -> None:
        """An undo that is ordered again, with nothing left to do for this contact, vouches for nothing."""
        await office.relation("100")
        first = await people(
            office, ("1", "1@v.nl", "Een", None, None, None), ("2", "2@v.nl", "Twee", None, None, None)
        )
        second = await people(office, ("1", None, None, "100", None, None), ("2", None, "Anders", None, None, None))
        await self.by_hand(office, "2", initials="Q.")
        assert await back(office, second) == [["undone", "changed_since"]]
        await self.by_hand(office, "1", surname="Met de hand")
        ended = await back(office, first, second, first)
        assert ended == [["changed_since"] * 2, ["undone", "changed_since"], ["changed_since"] * 2]
        assert (await contacts(office))["1"]["surname"] == "Met de hand"

    async def test_one_of_them_is_about_links_alone(self, office: Tenant) -> None:
        await office.relation("100")
        await people(office, ("1", "1@v.nl", "Was", "100", "a", None))
        first = await people(office, ("1", None, "Anders", None, None, None))
        second = await people(office, ("1", None, None, "100", "b", None))
        assert await back(office, first, second) == [["undone"], ["undone"]]
        assert (await contacts(office))["1"]["surname"] == "Was"
        assert (await links(office, "1"))["100"]["function"] == "a"

    async def test_a_link_that_looks_as_the_first_one_left_it(self, office: Tenant) -> None:
        await office.relation("100")
        await people(office, ("1", "1@v.nl", "Een", None, None, None))
        found = [await people(office, ("1", None, None, "100", function, None)) for function in "aba"]
        assert await back(office, found[0]) == [["link_changed_since"]]
        assert await back(office, *reversed(found)) == [["undone"]] * 3
        assert await links(office, "1") == {}

    async def test_a_relation_that_another_undo_needs(self, office: Tenant) -> None:
        heads = (*HEADINGS, "Hoofdrelatie")
        for number in ("C", "Q"):
            await office.relation(number)
        lines = ((*company("P"), None), ("C", None, None, None, "P"))
        first = await committed(office, await planned(office, sheet(heads, *lines)))
        moved = sheet(heads, ("C", None, "Anders", None, "Q"))
        second = await committed(office, await planned(office, moved))
        assert await back(office, first) == [["other_import_needs_it", "changed_since"]]
        assert await back(office, second, first) == [["undone"], ["undone", "undone"]]
        there = await relations(office)
        assert (list(there), there["C"]["parent_id"]) == (["C", "Q"], None)
