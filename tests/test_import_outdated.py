"""What changes between a plan and its commit: the commit is refused and names the rows, and batches leave them out."""

import re
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import import_contact_checks, import_relation_checks, import_writes
from app.services.import_doing import Doing
from app.services.import_runs import going_through
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import (
    HEADINGS,
    PATH,
    committed,
    company,
    contacts,
    done,
    links,
    ordered_in_batches,
    outcomes,
    planned,
    relations,
    sheet,
)

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

CONTACTS = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers", "Toegang")


async def refused(office: Tenant, found: dict[str, Any]) -> dict[str, str]:
    """By row, why the plan can not be committed."""
    answer = problem(await office.admin.post(f"{PATH}/{found['id']}/commit"), 409, "plan_outdated")
    return {each["pointer"]: each["code"] for each in answer["errors"]}


async def in_batches(office: Tenant, found: dict[str, Any]) -> list[str | None]:
    return await outcomes(office, await done(office.admin, await ordered_in_batches(office, found), "committed"))


async def change(office: Tenant, path: str, **values: Any) -> None:
    made(await office.admin.patch(path, json=values), 200)


async def other_has_number(office: Tenant) -> None:
    """100 was the baker; now it is the butcher."""
    there = (await relations(office))["100"]
    await change(office, f"/v1/relations/{there['id']}", number="900")
    await office.relation("100", name="Slager")


class TestNumbers:
    async def test_a_contact_sees_whom_the_plan_named(self, office: Tenant) -> None:
        """Or nobody: access goes by the number that somebody looked at (rule 33)."""
        await office.relation("100", name="Bakker")
        content = sheet(CONTACTS, ("1", "a@v.nl", "Een", "100", "ja"), ("2", "b@v.nl", "Twee", None, None))
        found = await planned(office, content, "contacts")
        await other_has_number(office)
        assert await refused(office, found) == {"/rows/2": "relation_renumbered"}
        assert await in_batches(office, found) == ["relation_renumbered", "done"]
        assert list(await contacts(office)) == ["2"]

    async def test_nor_does_a_relation_come_below_another(self, office: Tenant) -> None:
        await office.relation("100", name="Bakker")
        content = sheet((*HEADINGS, "Hoofdrelatie"), (*company("1"), "100"), (*company("2"), None))
        found = await planned(office, content)
        await other_has_number(office)
        assert await refused(office, found) == {"/rows/2": "parent_renumbered"}
        assert await in_batches(office, found) == ["parent_renumbered", "done"]


async def test_a_link_that_was_as_the_file_says(office: Tenant) -> None:
    """Nothing was to be done about it; by now there is."""
    path = f"/v1/relations/{(await office.relation('100'))['id']}/contacts"
    people = [(number, f"{number}@v.nl", "Vries", "100", "nee") for number in "12"]
    await committed(office, await planned(office, sheet(CONTACTS, *people), "contacts"))
    people[0] = ("1", "1@v.nl", "Anders", "100", "nee")
    found = await planned(office, sheet(CONTACTS, *people), "contacts")
    assert (found["counts"]["update"], found["counts"]["unchanged"]) == (1, 1)
    for contact in (await contacts(office)).values():
        await change(office, f"{path}/{contact['id']}", portal_access=True)
    assert await refused(office, found) == {"/rows/2": "link_changed", "/rows/3": "link_changed"}
    assert await in_batches(office, found) == ["link_changed", "link_changed"]
    assert (await links(office, "1"))["100"]["portal_access"]


class TestLists:
    HEADS = (*HEADINGS, "Labels")

    async def test_what_no_row_names_does_not_matter(self, office: Tenant) -> None:
        label = made(await office.admin.post("/v1/labels", json={"name": "Vip"}))["id"]
        found = await planned(office, sheet(HEADINGS, company("1")))
        made(await office.admin.post("/v1/labels", json={"name": "Nieuw"}))
        await change(office, f"/v1/labels/{label}", name="Anders")
        await committed(office, found)
        assert list(await relations(office)) == ["1"]

    @pytest.mark.parametrize("values", [{"name": "Anders"}, {"is_archived": True}, None])
    async def test_what_a_row_names(self, office: Tenant, values: dict[str, Any] | None) -> None:
        """Another entry may have the name by now."""
        label = f"/v1/labels/{made(await office.admin.post('/v1/labels', json={'name': 'Vip'}))['id']}"
        found = await planned(office, sheet(self.HEADS, (*company("1"), "Vip"), (*company("2"), None)))
        if values:
            await change(office, label, **values)
        else:
            assert (await office.admin.delete(label)).status_code == 204
        assert await refused(office, found) == {"/rows/2": "list_changed"}
        assert await in_batches(office, found) == ["list_changed", "done"]
        rejected = await office.admin.get(f"{PATH}/{found['id']}/rejected-rows.csv")
        lines = rejected.content.decode("utf-8-sig").splitlines()
        assert [line.partition(";")[0] for line in lines] == ["Relatienummer", "1"]
        assert "was changed, archived or removed since. Import it again." in lines[1]


async def test_an_office_that_keeps_no_citizen_numbers_any_more(office: Tenant) -> None:
    heads = ("Relatienummer", "Type", "Achternaam", "BSN")
    found = await planned(
        office, sheet(heads, ("1", "persoon", "Vries", "111222333"), ("2", "persoon", "Bakker", None))
    )
    await change(office, "/v1/office", keeps_citizen_numbers=False)
    assert await refused(office, found) == {"/rows/2": "citizen_numbers_off"}
    assert await in_batches(office, found) == ["citizen_numbers_off", "done"]


@dataclass
class Explaining:
    """A session, and a run, that tells how PostgreSQL would do it."""

    session: AsyncSession
    values: dict[str, Any]
    plan: list[str] = field(default_factory=list)

    async def execute(self, statement: TextClause, values: dict[str, Any]) -> list[Any]:
        self.plan += await self.session.scalars(text(f"EXPLAIN VERBOSE {statement}"), values)
        return []

    async def __call__(self, statement: str) -> None:
        await self.execute(text(statement), self.values)


async def test_no_list_is_gone_through_for_each_row(office: Tenant) -> None:
    """For 200,000 rows that would not end, where the list is larger than what PostgreSQL would keep in memory."""
    found = await planned(office, sheet(HEADINGS, company("1")))
    values = {"office_id": office.id, "import_id": found["id"]}
    async with office.db.transaction(office.id) as session:
        explaining = Explaining(session, values)
        async with going_through(session):
            for checks in (import_relation_checks, import_contact_checks):
                await checks.outdated(cast("AsyncSession", explaining), "true", values | {"changed": []})
        doing = cast("Doing", explaining)
        await import_writes.let_be(doing, "contacts", import_contact_checks.WENT_ON, import_contact_checks.SINCE)
        await import_writes.let_be(doing, "relations", import_relation_checks.WENT_ON, import_relation_checks.NEEDED)
    plan = "\n".join(explaining.plan)
    assert "Hash" in plan
    # (What has more columns than one is no list, but another way to look for one that exists, where there are few.)
    assert re.findall(r"SubPlan \d+\)\.col1\)\)", plan) == []
