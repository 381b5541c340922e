"""Where an import meets what somebody did meanwhile, or what rows of one file say of each other: nothing is damaged."""

import re
from io import BytesIO

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from app.db import Database
from tests.factories import Tenant
from tests.factories.conventions import made
from tests.factories.imports import (
    HEADINGS,
    PATH,
    committed,
    company,
    done,
    outcomes,
    planned,
    relations,
    rows,
    send,
    sheet,
    undone,
)

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

PARENTS = ("Relatienummer", "Hoofdrelatie")
BSN, RSIN = "111222333", "123456782"


class TestUndo:
    """One row that can not go back keeps no other from it."""

    async def test_a_label_that_is_gone(self, office: Tenant) -> None:
        old = made(await office.admin.post("/v1/labels", json={"name": "A"}))
        made(await office.admin.post("/v1/labels", json={"name": "B"}))
        await office.relation("1", label_ids=[old["id"]])
        found = await committed(office, await planned(office, sheet(("Relatienummer", "Labels"), ("1", "B"))))
        assert (await office.admin.delete(f"/v1/labels/{old['id']}")).status_code == 204
        await undone(office, found)
        assert await outcomes(office, found) == ["list_changed"]

    async def test_an_id_of_another_package_that_somebody_has_now(self, office: Tenant) -> None:
        await office.relation("1", external_ids={"afas": "1"})
        content = sheet((*HEADINGS, "Koppelingen"), ("1", None, None, None, "afas:2"), (*company("2"), None))
        found = await committed(office, await planned(office, content))
        await office.relation("9", external_ids={"afas": "1"})
        await undone(office, found)
        assert await outcomes(office, found) == ["external_id_taken", "undone"]

    async def test_a_bsn_that_the_office_keeps_no_more(self, office: Tenant) -> None:
        await office.relation("1", type="person", name=None, legal_form=None, surname="Vries", bsn=BSN)
        content = sheet(("Relatienummer", "BSN"), ("1", None))
        found = await committed(office, await planned(office, content, empty_cells="clear"))
        made(await office.admin.patch("/v1/office", json={"keeps_citizen_numbers": False}), 200)
        await undone(office, found)
        assert await outcomes(office, found) == ["citizen_numbers_off"]
        assert (await relations(office))["1"]["bsn"] is None

    async def test_the_order_of_numbers(self, office: Tenant) -> None:
        ibans = ["NL91ABNA0417164300", "NL20INGB0001234567"]
        await office.relation("1", bank_accounts=ibans)
        content = sheet(("Relatienummer", "IBAN"), ("1", "; ".join(reversed(ibans))))
        found = await committed(office, await planned(office, content))
        assert (await relations(office))["1"]["bank_accounts"] == ibans[::-1]
        await undone(office, found)
        assert (await relations(office))["1"]["bank_accounts"] == ibans


async def test_an_id_of_another_package_that_was_taken_meanwhile(office: Tenant) -> None:
    found = await planned(office, sheet((*HEADINGS, "Koppelingen"), (*company("1"), "afas:1")))
    await office.relation("9", external_ids={"afas": "1"})
    refused = await office.admin.post(f"{PATH}/{found['id']}/commit")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "external_id_taken")


async def test_an_id_of_another_package_that_a_row_in_error_names(office: Tenant) -> None:
    lines = ((None, "1"), ("Naam", "2"), ("Naam", "3"))
    content = sheet((*HEADINGS, "Koppelingen"), *((n, "organisatie", name, "BV", "afas:1") for name, n in lines))
    shown = await rows(office, await planned(office, content))
    assert [row["action"] for row in shown] == ["error", "create", "error"]
    assert [each["code"] for each in shown[2]["findings"]] == ["external_id_twice"]
    assert "Row 3" in shown[2]["findings"][0]["reason"]


async def test_numbers_that_become_a_natural_persons(office: Tenant, db: Database) -> None:
    await office.relation("1", legal_form="bv", ob_number=f"{RSIN}B01")
    content = sheet(("Relatienummer", "Rechtsvorm"), ("1", "eenmanszaak"))
    await committed(office, await planned(office, content))
    async with db.transaction(office.id) as session:
        kept = (await session.execute(text("SELECT kind, is_personal FROM relation_identifiers"))).all()
    assert [tuple(row) for row in kept] == [("ob_number", True)]
    assert (await planned(office, content))["counts"]["unchanged"] == 1


async def test_what_cells_clear(office: Tenant) -> None:
    """Blanks do as nothing does; what a relation always has is not cleared."""
    await office.relation("1", email="a@b.nl")
    content = sheet((*HEADINGS, "Status", "E-mail"), (*company("1"), None, "  "), (*company("2"), None, None))
    await committed(office, await planned(office, content, empty_cells="clear"))
    there = await relations(office)
    assert [(row["status"], row["email"]) for row in there.values()] == [("active", None), ("active", None)]


async def test_a_relation_below_an_archived_one_stays_as_it_is(office: Tenant) -> None:
    above = await office.relation("B")
    await office.relation("A", parent_id=above["id"])
    assert (await office.admin.delete(f"/v1/relations/{above['id']}")).status_code == 204
    assert (await planned(office, sheet(PARENTS, ("A", "B"))))["counts"]["unchanged"] == 1


async def test_a_nul_in_a_workbook(office: Tenant) -> None:
    """Any program may write one; text in PostgreSQL holds none."""
    book, file = Workbook(), BytesIO()
    assert book.active
    for cells in ((*HEADINGS, "Kleur_x0000_"), ("1", "organisatie", "Be_x0000_drijf", "BV", "rood")):
        book.active.append(list(cells))
    book.save(file)
    content = {"files": ("x.xlsx", file.getvalue())}
    path = f"{PATH}/{made(await office.admin.post(PATH, params={'kind': 'relations'}, files=content))['id']}"
    await committed(office, await done(office.admin, path, "planned"))
    assert (await relations(office))["1"]["name"] == "Bedrijf"


@pytest.mark.parametrize("written", ["111\u00a0222\u00a0333", "111/222/333", "100 111 222 333", "1112.22-333"])
async def test_a_bsn_however_it_is_written_is_shown_nowhere(office: Tenant, written: str) -> None:
    content = sheet((*HEADINGS, "E-mail", f"Nr {written}"), (*company("1"), written, "x"))
    found = await planned(office, content)
    told = f"{found} {await rows(office, found)}"
    assert re.search(r"\*\W?\*\W?\*\W?\*\W?\*\W?\*\W?333", told)
    assert written not in told


async def test_a_list_without_headings_shows_no_bsn(office: Tenant) -> None:
    path = await send(office.admin, sheet(("100", BSN, "Jan de Vries"), ("101", None, "x")))
    ended = await done(office.admin, path, "failed")
    assert ended["problem"]["code"] == "no_headings"
    assert BSN not in str(ended)


async def test_a_sheet_named_by_a_bsn(office: Tenant) -> None:
    book, content = Workbook(write_only=True), BytesIO()
    sheet_of = book.create_sheet(f"BSN {BSN}")
    for cells in (HEADINGS, company("1")):
        sheet_of.append(cells)
    book.save(content)
    path = await send(office.admin, content.getvalue(), name="file.xlsx")
    assert BSN not in str(await done(office.admin, path, "planned"))


async def test_an_archived_one_that_stays_as_it_is_stops_nothing(office: Tenant) -> None:
    archived = await office.relation("1")
    assert (await office.admin.delete(f"/v1/relations/{archived['id']}")).status_code == 204
    content = sheet(HEADINGS, ("1", None, None, None), company("2"))
    found = await planned(office, content)
    assert [row["action"] for row in await rows(office, found)] == ["unchanged", "create"]
    assert (await committed(office, found))["counts"]["committed"] == 1


async def test_a_bsn_in_the_wrong_place_is_shown_nowhere(office: Tenant) -> None:
    content = sheet((*HEADINGS, "Labels", BSN), (*company("1"), BSN, "x"), (BSN, "persoon", None, None, None, None))
    found = await planned(office, content)
    assert BSN not in str(found)
    assert BSN not in str(await rows(office, found))


async def test_what_is_known_of_a_file_is_short_and_shows_no_bsn(office: Tenant) -> None:
    """Whatever its headings are; and what is told of a row, whatever it names."""
    dashes = "-" * 1_000
    content = sheet((*HEADINGS[:2], f"Naam{dashes}{BSN}", HEADINGS[3]), company("1"))
    found = await planned(office, content)
    assert found["counts"]["create"] == 1
    assert (BSN in str(found), len(str(found)) < 3_000) == (False, True)
    path = await send(office.admin, sheet((*HEADINGS, *[f"Naam{dashes}{'x' * 9_000}"] * 90), company("1")))
    told = (await done(office.admin, path, "failed"))["problem"]
    assert (told["code"], len(told["detail"]) < 1_000) == ("column_twice", True)
    numbers = "; ".join(str(number) for number in range(4_000))
    heads = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers")
    (row,) = await rows(office, await planned(office, sheet(heads, ("1", "a@v.nl", "Vries", numbers)), "contacts"))
    assert (row["action"], len(row["findings"])) == ("error", 21)
    assert row["findings"][-1]["code"] == "more_findings"


@pytest.mark.parametrize("before", ['=CONCATENATE("', "#", '=A1&"xxx'])
async def test_a_formula_without_a_value_shows_no_part_of_a_bsn(office: Tenant, before: str) -> None:
    """Wherever what is shown of it ends."""
    book, content = Workbook(), BytesIO()
    assert book.active
    book.active.append(list(HEADINGS))
    for fill in range(60, 100):
        book.active.append([str(fill), "organisatie", f'{before}{"a" * fill}"&"248163504"&"b")', "BV"])
    book.save(content)
    path = await send(office.admin, content.getvalue(), name="file.xlsx")
    found = await done(office.admin, path, "planned")
    assert "24816350" not in str(await rows(office, found, limit="200"))


async def test_a_row_that_is_refused_in_the_end_shows_no_bsn(office: Tenant) -> None:
    heads = (*HEADINGS, "Hoofdrelatie")
    lines = (("1", "organisatie", f"Bakker {BSN}", "BV", "999"), ("2", "organisatie", f"Slager {BSN}", "BV", None))
    found = await planned(office, sheet(heads, *lines))
    assert [row["title"] for row in await rows(office, found)] == ["1 Bakker ******333", "2 Slager ******333"]
    await committed(office, found)
    assert (await relations(office))["2"]["name"] == f"Slager {BSN}", "what is shown is not what is stored"


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.ods", "a.pdf", "a"])
async def test_what_a_file_is_called_says_nothing(office: Tenant, name: str) -> None:
    path = await send(office.admin, sheet(HEADINGS, company("1")), name=name)
    assert (await done(office.admin, path, "planned"))["about"]["format"] == "csv"


async def test_a_workbook_with_a_password_says_so(office: Tenant) -> None:
    """Excel puts it into its older container, still under a name that ends in .xlsx."""
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    path = await send(office.admin, content, name="relaties.xlsx")
    assert (await done(office.admin, path, "failed"))["problem"]["code"] == "password"


@pytest.mark.long
async def test_one_wrong_parent_in_a_large_file(office: Tenant) -> None:
    """More rows than a statement has parameters."""
    content = sheet((*HEADINGS, "Hoofdrelatie"), *((*company(str(number)), f"x{number}") for number in range(33_000)))
    assert (await planned(office, content))["counts"]["error"] == 33_000
