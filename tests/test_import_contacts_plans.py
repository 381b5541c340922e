"""What a plan says of each row of contacts: what becomes of it, or what is wrong, where, and what to do."""

from typing import Any

import pytest

from tests.factories import Tenant
from tests.factories.conventions import made
from tests.factories.imports import (
    committed,
    contacts,
    findings,
    planned,
    rows,
    sheet,
)

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

HEADINGS = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers")
LINKED = (*HEADINGS, "Functie", "Toegang", "Voorkeurscontact", "UBO")


async def plan(office: Tenant, content: bytes, **options: str) -> dict[str, Any]:
    return await planned(office, content, "contacts", **options)


async def found_in(office: Tenant, content: bytes) -> list[Any]:
    return await findings(office, content, "contacts")


async def two_relations(office: Tenant) -> dict[str, str]:
    """Their ids."""
    return {number: (await office.relation(number))["id"] for number in ("100", "200")}


async def archived(office: Tenant, relation_id: str) -> None:
    assert (await office.admin.delete(f"/v1/relations/{relation_id}")).status_code == 204


async def test_what_a_row_must_have(office: Tenant) -> None:
    content = sheet(
        HEADINGS,
        (None, "a@v.nl", "Vries", None),
        ("1", None, None, None),
        ("2", "geen adres", "Vries", None),
        ("3", "c@v.nl", "Vries", None),
        (" 3", "d@v.nl", "Vries", None),
    )
    assert await found_in(office, content) == [
        (2, "error", [("number", "number_missing")]),
        (3, "error", [("email", "missing"), ("surname", "missing")]),
        (4, "error", [("email", "value_error")]),
        (5, "create", []),
        (6, "duplicate", [("number", "number_twice")]),
    ]


async def test_one_address_is_one_contact(office: Tenant) -> None:
    await committed(office, await plan(office, sheet(HEADINGS, ("1", "a@v.nl", "A", None), ("2", "b@v.nl", "B", None))))
    content = sheet(
        HEADINGS,
        ("3", "A@V.NL", "Drie", None),
        ("1", "new@v.nl", "A", None),
        ("4", "NEW@v.nl", "Vier", None),
        ("2", "a@v.nl", "B", None),
        ("5", "e@v.nl", "Vijf", None),
        ("6", "E@v.nl", "Zes", None),
    )
    found = await plan(office, content)
    shown = await rows(office, found)
    assert [(row["number"], [(each["field"], each["code"]) for each in row["findings"]]) for row in shown] == [
        (2, [("email", "taken")]),
        (3, []),
        (4, [("email", "email_twice")]),
        (5, [("email", "taken")]),
        (6, []),
        (7, [("email", "email_twice")]),
    ]
    assert [row["action"] for row in shown] == ["error", "update", "error", "error", "create", "error"]
    assert "Row 6" in shown[5]["findings"][0]["reason"]
    await committed(office, found)
    again = [row["action"] for row in await rows(office, await plan(office, content))]
    assert again == ["create", "unchanged", "error", "error", "unchanged", "error"]  # 3 and 2 want it both: 3 is first


async def test_what_was_deleted_is_free(office: Tenant) -> None:
    content = sheet(HEADINGS, ("1", "a@v.nl", "Eerste", None))
    await committed(office, await plan(office, content))
    contact = (await contacts(office))["1"]
    assert (await office.admin.delete(f"/v1/contacts/{contact['id']}")).status_code == 204
    await committed(office, await plan(office, content))
    assert (await contacts(office))["1"]["id"] != contact["id"]


async def test_relations_that_can_not_be_linked(office: Tenant, other_office: Tenant) -> None:
    ids = await two_relations(office)
    await other_office.relation("300")
    await committed(office, await plan(office, sheet(HEADINGS, ("1", "a@v.nl", "Vries", "200"))))
    await archived(office, ids["200"])
    content = sheet(
        LINKED,
        ("2", "b@v.nl", "Twee", "100; 300; 400", None, None, None, None),
        ("3", "c@v.nl", "Drie", "200", None, None, None, None),
        ("1", "a@v.nl", "Vries", "200", "gevolmachtigde", None, None, None),
        ("4", "d@v.nl", "Vier", "111222333", None, None, None, None),
    )
    found = await plan(office, content)
    shown = await rows(office, found)
    assert [[each["code"] for each in row["findings"]] for row in shown] == [
        ["relation_unknown", "relation_unknown"], ["archived"], [], ["relation_unknown"],
    ]  # fmt: skip
    assert [row["action"] for row in shown] == ["error", "error", "unchanged", "error"]
    assert {each["field"] for row in shown for each in row["findings"]} == {"links.relation_number"}
    assert "300" in shown[0]["findings"][0]["reason"]
    assert "111222333" not in shown[3]["findings"][0]["reason"]  # it may be a citizen number in the wrong column


async def test_what_it_means_for_a_login(office: Tenant) -> None:
    """Said of who has one, and of nobody else."""
    await two_relations(office)
    content = sheet(LINKED, *((n, f"{n}@v.nl", "Vries", "100", None, "nee", None, None) for n in "124"))
    await committed(office, await plan(office, content))
    ids = {number: contact["id"] for number, contact in (await contacts(office)).items()}
    made(await office.admin.post(f"/v1/contacts/{ids['1']}/invitation"))
    await office.contact(ids["4"])
    content = sheet(LINKED, *((n, f"nieuw{n}@v.nl", None, "100; 200", None, "ja", None, None) for n in "1423"))
    found = await plan(office, content)
    invited, active, *others = await rows(office, found)
    for row in (invited, active):
        assert [(each["field"], each["code"], each["is_error"]) for each in row["findings"]] == [
            ("email", "login_changes", False), ("links.portal_access", "access_opens", False),
        ]  # fmt: skip
        assert "2 dossiers" in row["findings"][1]["reason"]
    assert [row["findings"] and row["findings"][0]["code"] for row in others] == [[], "missing"]


async def test_a_relation_has_one_preferred_contact(office: Tenant) -> None:
    await two_relations(office)
    content = sheet(
        LINKED,
        ("1", "a@v.nl", "Een", "100", None, None, "ja", None),
        ("2", "b@v.nl", "Twee", "200; 100", None, None, "ja", None),
        ("3", "c@v.nl", "Drie", "100", None, None, "nee", None),
    )
    assert await found_in(office, content) == [
        (2, "create", []),
        (3, "error", [("links.is_preferred", "preferred_twice")]),
        (4, "create", []),
    ]


async def test_a_row_in_error_takes_nothing_from_another(office: Tenant) -> None:
    await two_relations(office)
    content = sheet(
        LINKED,
        ("1", "a@v.nl", None, "100", None, None, "ja", None),
        ("2", "a@v.nl", "Twee", "100", None, "misschien", "ja", None),
        ("3", "a@v.nl", "Drie", "100", None, None, "ja", None),
        ("4", "a@v.nl", "Vier", "100", None, None, "ja", None),
    )
    assert await found_in(office, content) == [
        (2, "error", [("surname", "missing")]),
        (3, "error", [("links.portal_access", "no_yes_or_no")]),
        (4, "create", []),
        (5, "error", [("email", "email_twice"), ("links.is_preferred", "preferred_twice")]),
    ]


async def test_lists_of_the_office_mean_nothing_to_it(office: Tenant) -> None:
    found = await plan(office, sheet(HEADINGS, ("1", "a@v.nl", "Vries", None)))
    made(await office.admin.post("/v1/labels", json={"name": "Vip"}))
    await committed(office, found)
