"""A file of contacts and their links: what is planned, and that exactly that is committed (domain rules 33 to 40)."""

from typing import Any

import pytest
from sqlalchemy import text

from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import HEADINGS as RELATIONS
from tests.factories.imports import (
    PATH,
    committed,
    contacts,
    done,
    links,
    planned,
    rows,
    sheet,
)
from tests.factories.mail import workers
from tests.factories.waiting import at_once

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

HEADINGS = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers")
LINKED = (*HEADINGS, "Functie", "Toegang", "Voorkeurscontact", "UBO")
VRIES = sheet(
    (*LINKED, "Voornamen", "Tussenvoegsel", "Telefoon", "Samenvatting"),
    (
        "100.1",
        "Henk@fietsen.nl",
        "Vries",
        "100; 200",
        "vennoot",
        "ja",
        "ja; nee",
        "ja",
        "Henk",
        "de",
        "0205550100",
        None,
    ),
    ("c2", "ria@fietsen.nl", "Bakker", None, None, None, None, None, None, None, None, "wekelijks"),
)


async def plan(office: Tenant, content: bytes, **options: str) -> dict[str, Any]:
    return await planned(office, content, "contacts", **options)


async def two_relations(office: Tenant) -> dict[str, str]:
    """Their ids."""
    return {number: (await office.relation(number))["id"] for number in ("100", "200")}


async def archived(office: Tenant, relation_id: str) -> None:
    assert (await office.admin.delete(f"/v1/relations/{relation_id}")).status_code == 204


async def events_of(office: Tenant, found: dict[str, Any]) -> list[Any]:
    """What this import left in the history, in order."""
    query = text(
        "SELECT action, subject_type, data - 'import_id' FROM events WHERE data->>'import_id' = :id ORDER BY at"
    )
    async with office.db.transaction(office.id) as session:
        return [tuple(row) for row in await session.execute(query, {"id": found["id"]})]


async def test_from_file_to_contacts(office: Tenant) -> None:
    ids = await two_relations(office)
    found = await plan(office, VRIES)
    assert found["counts"] == {"create": 2, "update": 0, "unchanged": 0, "duplicate": 0, "error": 0, "committed": 0}
    assert [row["title"] for row in await rows(office, found)] == ["100.1 Henk de Vries", "c2 Bakker"]
    assert await contacts(office) == {}
    await committed(office, found)
    there = await contacts(office)
    henk, ria = there["100.1"], there["c2"]
    assert (henk["name"], henk["phone_e164"], henk["login_status"]) == ("Henk de Vries", "+31205550100", "none")
    assert ria["notifications"] == {"messages": True, "document_requests": True, "reminders": True, "digest": "weekly"}
    his = await links(office, "100.1")
    said = {number: (link["portal_access"], link["is_preferred"], link["is_ubo"]) for number, link in his.items()}
    assert said == {"100": (True, True, True), "200": (True, False, True)}
    assert await links(office, "c2") == {}
    assert made(await office.admin.get("/v1/contacts", params={"q": "henk@fiets"}), 200)["items"] == [henk]
    after = {
        "function": "vennoot", "portal_access": True, "is_preferred": True, "preferred_for": [], "may_approve": [],
        "is_ubo": True, "valid_from": None, "valid_until": None,
    }  # fmt: skip
    told = [event for event in await events_of(office, found) if event[0] != "import.committed"]
    linked = {"contact_id": henk["id"], "portal_access": True}
    assert sorted(told, key=str) == [  # of one moment, in no order
        ("contact.created", "contact", {"number": "100.1"}),
        ("contact.created", "contact", {"number": "c2"}),
        ("contact_link.created", "relation", linked | {"after": after | {"is_preferred": False}}),
        ("contact_link.created", "relation", linked | {"after": after}),
    ]
    timeline = made(await office.admin.get("/v1/timeline", params={"relation_id": ids["200"]}), 200)["items"]
    assert timeline[0]["action"] == "contact_link.created"
    again = await plan(office, VRIES)
    assert again["counts"]["unchanged"] == 2, await rows(office, again)


async def test_an_update_changes_what_the_file_says_and_nothing_else(office: Tenant) -> None:
    ids = await two_relations(office)
    await committed(office, await plan(office, VRIES))
    henk = (await contacts(office))["100.1"]
    path = f"/v1/relations/{ids['200']}/contacts/{henk['id']}"
    made(await office.admin.patch(path, json={"may_approve": ["vat"]}), 200)
    content = sheet(
        ("Contactnummer", "Mobiel", "Relatienummers", "Functie", "Melding berichten"),
        ("100.1", "0612345678", "200", "directeur", "nee"),
    )
    found = await plan(office, content)
    (row,) = await rows(office, found)
    assert (row["action"], row["fields"], row["findings"]) == ("update", ["links", "mobile", "notifications"], [])
    await committed(office, found)
    there = (await contacts(office))["100.1"]
    changed = {"mobile", "mobile_e164", "notifications", "version", "updated_at", "updated_by"}
    assert {name for name in there if there[name] != henk[name]} == changed
    assert there["mobile_e164"] == "+31612345678"
    assert there["notifications"] == henk["notifications"] | {"messages": False}
    his = await links(office, "100.1")
    assert (his["200"]["function"], his["200"]["may_approve"], his["100"]["function"]) == (
        "directeur", ["vat"], "vennoot",
    )  # fmt: skip
    told = {"fields": ["function"], "before": {"function": "vennoot"}, "after": {"function": "directeur"}}
    assert (await events_of(office, found))[-2:] == [
        ("contact.changed", "contact", {"fields": ["mobile", "notifications"]}),
        ("contact_link.changed", "relation", told | {"contact_id": there["id"], "portal_access": True}),
    ]
    assert (await plan(office, content))["counts"]["unchanged"] == 1


async def test_empty_cells_clear_what_may_be_empty(office: Tenant) -> None:
    await two_relations(office)
    await committed(office, await plan(office, VRIES))
    heads = (*LINKED, "Voornamen", "Tussenvoegsel", "Telefoon", "Samenvatting", "Taal")
    found = await plan(office, sheet(heads, ("100.1", *[None] * 12)), empty_cells="clear")
    (row,) = await rows(office, found)
    assert (row["action"], row["fields"]) == ("update", ["first_names", "phone", "prefix"]), row
    await committed(office, found)
    there = (await contacts(office))["100.1"]
    assert (there["name"], there["phone"], there["phone_e164"]) == ("Vries", None, None)
    assert (there["email"], there["language"]) == ("Henk@fietsen.nl", "nl")
    assert len(await links(office, "100.1")) == 2


class TestPreferred:
    async def test_it_is_taken_from_who_has_it(self, office: Tenant) -> None:
        ids = await two_relations(office)
        old, _ = await office.linked_contact({"id": ids["100"]}, "old", is_preferred=True)
        found = await committed(office, await plan(office, VRIES))
        assert (await links(office, "100.1"))["100"]["is_preferred"]
        assert not (await links(office, "old"))["100"]["is_preferred"]
        change = {"fields": ["is_preferred"], "before": {"is_preferred": True}, "after": {"is_preferred": False}}
        told = [event for event in await events_of(office, found) if event[0] == "contact_link.changed"]
        assert told == [("contact_link.changed", "relation", change | {"contact_id": old, "portal_access": True})]

    async def test_two_that_change_places(self, office: Tenant) -> None:
        await two_relations(office)

        def both(one: str, two: str) -> bytes:
            row = (None, None, None)
            return sheet(
                LINKED, ("1", "a@v.nl", "Een", "100; 200", *row[:2], one, None),
                ("2", "b@v.nl", "Twee", "100; 200", *row[:2], two, None),
            )  # fmt: skip

        await committed(office, await plan(office, both("ja; nee", "nee; ja")))
        changed = both("nee; ja", "ja; nee")
        found = await plan(office, changed)
        assert [(row["action"], row["fields"]) for row in await rows(office, found)] == [("update", ["links"])] * 2
        await committed(office, found)
        his = await links(office, "1")
        assert (his["100"]["is_preferred"], his["200"]["is_preferred"]) == (False, True)
        assert (await plan(office, changed))["counts"]["unchanged"] == 2
        assert [event[0] for event in await events_of(office, found)] == ["contact_link.changed"] * 4


class TestChangedMeanwhile:
    async def test_refuses_the_commit(self, office: Tenant) -> None:
        ids = await two_relations(office)
        await committed(office, await plan(office, VRIES))
        henk, ria = (await contacts(office)).values()
        content = sheet(
            LINKED,
            ("100.1", "h@v.nl", "Vries", "100", "directeur", None, None, None),
            ("c2", "r@v.nl", "Bakker", "100", None, None, "ja", None),
            ("c3", "c@v.nl", "Drie", "200", None, None, None, None),
            ("c4", "d@v.nl", "Vier", None, None, None, None, None),
            ("c5", "e@v.nl", "Vijf", None, None, None, None, None),
        )
        found = await plan(office, content)
        path = f"/v1/relations/{ids['100']}/contacts"
        made(await office.admin.patch(f"{path}/{henk['id']}", json={"is_ubo": False}), 200)
        made(await office.admin.post("/v1/contacts", json={"number": "C4", "surname": "X", "email": "x@v.nl"}))
        made(await office.admin.post("/v1/contacts", json={"number": "9", "surname": "X", "email": "E@v.nl"}))
        answer = await office.admin.post(f"{PATH}/{found['id']}/commit")
        named = problem(answer, 409, "plan_outdated", "/rows/2", "/rows/3", "/rows/5", "/rows/6")
        assert [each["code"] for each in named["errors"]] == [
            "link_changed", "preferred_changed", "number_taken", "email_taken",
        ]  # fmt: skip
        assert "/rows/4" not in {each["pointer"] for each in named["errors"]}
        made(await office.admin.patch(f"/v1/contacts/{ria['id']}", json={"phone": "1"}), 200)
        await archived(office, ids["200"])
        answer = await office.admin.post(f"{PATH}/{found['id']}/commit")
        codes = {each["pointer"]: each["code"] for each in problem(answer, 409, "plan_outdated")["errors"]}
        assert codes["/rows/4"] == "relation_archived"
        assert codes["/rows/3"] in ("changed", "preferred_changed")

    async def test_two_imports_with_one_address_at_once(self, office: Tenant, settings: Settings) -> None:
        files = [sheet(HEADINGS, (number, "a@v.nl", f"Naam {number}", None)) for number in ("1", "2")]
        async with workers(settings):
            found = [await plan(office, content) for content in files]
            await at_once(*(office.admin.post(f"{PATH}/{each['id']}/commit") for each in found))
            ends = [await done(office.admin, f"{PATH}/{each['id']}", "committed", "planned") for each in found]
        assert sorted(end["state"] for end in ends) == ["committed", "planned"]
        (refused,) = (end["problem"] for end in ends if end["state"] == "planned")
        assert refused is None or refused["code"] in ("plan_outdated", "clash")
        assert len(await contacts(office)) == 1


async def test_another_address_ends_sessions_and_invitations(office: Tenant) -> None:
    ids = await two_relations(office)
    contact_id, client = await office.linked_contact({"id": ids["100"]}, "7")
    _, other = await office.linked_contact({"id": ids["100"]}, "8")
    made(await office.admin.post(f"/v1/contacts/{contact_id}/invitation"))
    assert made(await client.get("/v1/me"), 200)
    rest = sheet(HEADINGS, ("7", "nieuw@v.nl", "Contact7", None), ("8", "C8@Example.nl", "Contact8", None))
    await committed(office, await plan(office, rest))
    problem(await client.get("/v1/me"), 401)
    assert made(await other.get("/v1/me"), 200)  # the same address, written in another way
    live = text("SELECT contact_id FROM invitations WHERE used_at IS NULL")
    async with office.db.transaction(office.id) as session:
        assert list(await session.scalars(live)) == []


async def test_of_very_many_relations(office: Tenant) -> None:
    """More than a cell of Excel holds: by CSV the contact comes back as it was, and a workbook is not tried."""
    numbers = [f"{number:045d}" for number in range(900)]
    companies = sheet(RELATIONS, *((number, "organisatie", "Bedrijf", "BV") for number in numbers))
    await committed(office, await planned(office, companies))
    await committed(office, await plan(office, sheet(HEADINGS, ("1", "a@v.nl", "Vries", "; ".join(numbers)))))
    problem(await office.admin.get("/v1/exports/contacts.xlsx"), 422, "cell_too_long")
    exported = await office.admin.get("/v1/exports/contacts.csv")
    assert len(exported.text) > 900 * 45
    assert (await plan(office, exported.content))["counts"]["unchanged"] == 1
