"""Orders that were cancelled, and undos that are ordered again."""

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
    outcomes,
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
