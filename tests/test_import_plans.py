"""What a plan says of each row of relations: what becomes of it, or what is wrong, where, and what to do."""

from typing import Any, get_args

import pytest
from sqlalchemy import text

from app.db import Database
from app.sheets.rows import Encoding
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import HEADINGS, PATH, committed, company, done, planned, relations, rows, send, sheet

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

BSN, RSIN = "111222333", "123456782"


async def found_in(office: Tenant, content: bytes, **options: str) -> list[tuple[int, str, list[tuple[Any, str]]]]:
    """Of each row: its number, what becomes of it, and the columns and codes of its findings."""
    found = await planned(office, content, **options)
    return [
        (row["number"], row["action"], [(each["field"], each["code"]) for each in row["findings"]])
        for row in await rows(office, found, limit="200")
    ]


async def test_rows_that_say_the_same_number(office: Tenant) -> None:
    content = sheet(HEADINGS, company("1"), company("2"), company(" 1 "), company("1"))
    assert await found_in(office, content) == [
        (2, "create", []),
        (3, "create", []),
        (4, "duplicate", [("number", "number_twice")]),
        (5, "duplicate", [("number", "number_twice")]),
    ]


async def test_what_a_row_must_have(office: Tenant) -> None:
    content = sheet(
        (*HEADINGS, "Achternaam", "RSIN", "BSN"),
        (None, "organisatie", "Naamloos", "BV", None, None, None),
        ("1", None, "Zonder type", "BV", None, None, None),
        ("2", "organisatie", None, None, None, None, None),
        ("3", "persoon", None, None, None, None, None),
        ("4", "persoon", None, None, "Vries", RSIN, None),
        ("5", "organisatie", "Met BSN", "BV", None, None, BSN),
        ("6", "organisatie", "Fout", "BV", None, "123456783", None),
    )
    assert await found_in(office, content) == [
        (2, "error", [("number", "number_missing")]),
        (3, "error", [("type", "type_missing")]),
        (4, "error", [("name", "type_fields"), ("legal_form", "type_fields")]),
        (5, "error", [("surname", "type_fields")]),
        (6, "error", [("rsin", "rsin_of_natural_person")]),
        (7, "error", [("bsn", "bsn_of_organisation")]),
        (8, "error", [("rsin", "rsin_check")]),
    ]


class TestParents:
    HEADINGS = (*HEADINGS, "Hoofdrelatie")

    async def test_in_any_order(self, office: Tenant) -> None:
        content = sheet(
            self.HEADINGS,
            (*company("1.1.1"), "1.1"),
            (*company("1.1"), "1"),
            (*company("1"), None),
            (*company("2"), "1"),
        )
        found = await planned(office, content)
        assert found["counts"]["create"] == 4
        await committed(office, found)
        there = await relations(office)
        above = {number: row["parent_id"] for number, row in there.items()}
        ids = {number: row["id"] for number, row in there.items()}
        assert above == {"1": None, "1.1": ids["1"], "1.1.1": ids["1.1"], "2": ids["1"]}
        assert (await planned(office, content))["counts"]["unchanged"] == 4

    async def test_who_is_not_there(self, office: Tenant) -> None:
        content = sheet(
            self.HEADINGS,
            (*company("1"), "9"),
            (*company("2"), "1"),
            (*company("3"), "4"),
            ("4", "organisatie", None, "BV", None),
        )
        assert await found_in(office, content) == [
            (2, "error", [("parent_number", "parent_unknown")]),
            (3, "error", [("parent_number", "parent_unknown")]),
            (4, "error", [("parent_number", "parent_unknown")]),
            (5, "error", [("name", "type_fields")]),
        ]

    async def test_rings(self, office: Tenant) -> None:
        """Also one that the file closes with what the office has."""
        above = await office.relation("10")
        await office.relation("11", parent_id=above["id"])
        content = sheet(
            self.HEADINGS,
            (*company("1"), "2"),
            (*company("2"), "3"),
            (*company("3"), "1"),
            (*company("4"), "4"),
            ("10", None, None, None, "11"),
        )
        ring = [("parent_number", "parent_ring")]
        assert await found_in(office, content) == [(number, "error", ring) for number in range(2, 7)]

    async def test_a_ring_with_one_that_stays_after_all(self, office: Tenant) -> None:
        """20 can not go below 21, so it stays below 22, which therefore can not go below it."""
        above = await office.relation("22")
        await office.relation("21")
        await office.relation("20", parent_id=above["id"])
        content = sheet(
            self.HEADINGS,
            ("20", None, None, None, "21"),
            ("21", None, None, None, "20"),
            ("22", None, None, None, "20"),
        )
        ring = [("parent_number", "parent_ring")]
        assert await found_in(office, content) == [(number, "error", ring) for number in range(2, 5)]

    async def test_of_another_office(self, office: Tenant, other_office: Tenant) -> None:
        await other_office.relation("77")
        unknown = [("parent_number", "parent_unknown")]
        assert await found_in(office, sheet(self.HEADINGS, (*company("1"), "77"))) == [(2, "error", unknown)]


async def test_lists_of_the_office(office: Tenant) -> None:
    for path, name in (("labels", "Vip"), ("relation-kinds", "Cliënt"), ("relation-groups", "Familie")):
        made(await office.admin.post(f"/v1/{path}", json={"name": name}))
    product = {"name": "BTW", "filing_type": "vat"}
    made(await office.admin.post("/v1/products", json=product))
    content = sheet(
        (*HEADINGS, "Labels", "Relatiesoort", "Relatiegroep", "Producten", "Tijdvak btw"),
        (*company("1"), "VIP", "client", "FAMILIE", "btw", "kwartaal"),
        (*company("2"), "Vip; Geen", "Onbekend", None, "Niets", None),
        (*company("3"), None, None, None, "BTW", None),
    )
    assert await found_in(office, content) == [
        (2, "create", []),
        (3, "error", [("kind", "unknown_in_list"), ("labels", "unknown_in_list"), ("products", "unknown_in_list")]),
        (4, "error", [("btw_filing_period", "filing_period_needed")]),
    ]


async def test_of_two_who_look_at_it_one_plans_it_anew(office: Tenant) -> None:
    """What the other looked at is not committed: it is another plan by now."""
    found = await planned(office, sheet(HEADINGS, company("1")))
    path = f"{PATH}/{found['id']}"
    looked = {"If-Match": (await office.admin.get(path)).headers["etag"]}
    made(await office.admin.post(f"{path}/plan", headers=looked), 202)
    await done(office.admin, path, "planned")
    for verb in ("commit", "cancel", "plan", "undo"):
        problem(await office.admin.post(f"{path}/{verb}", headers=looked), 412, "stale")


@pytest.mark.parametrize("encoding", get_args(Encoding))
async def test_it_is_read_as_its_uploader_says(office: Tenant, encoding: str) -> None:
    content = "\t".join(HEADINGS) + "\r\n" + "\t".join(("1", "organisatie", "Co\u00f6peratie", "BV"))
    found = await planned(office, content.encode(encoding), encoding=encoding, delimiter="tab")
    assert (await rows(office, found))[0]["title"] == "1 Co\u00f6peratie"
    assert (found["about"]["encoding"], found["about"]["delimiter"]) == (encoding, "tab")


async def test_the_type_is_changed_by_nobody_but_the_office(office: Tenant) -> None:
    await office.relation("1")
    archived = await office.relation("2")
    assert (await office.admin.delete(f"/v1/relations/{archived['id']}")).status_code == 204
    content = sheet(("Relatienummer", "Type", "Naam"), ("1", "leverancier", "x"), ("2", "organisatie", "x"))
    assert await found_in(office, content) == [
        (2, "error", [("type", "other_type")]),
        (3, "error", [("number", "archived")]),
    ]


async def test_empty_cells(office: Tenant) -> None:
    await office.relation("1", email="a@b.nl", addresses={"visiting": {"city": "Delft", "street": "Markt"}})
    content = sheet(("Relatienummer", "E-mail", "Bezoekadres plaats"), ("1", None, None))
    assert await found_in(office, content) == [(2, "unchanged", [])]
    found = await planned(office, content, empty_cells="clear")
    assert [row["fields"] for row in await rows(office, found)] == [["addresses", "email"]]
    await committed(office, found)
    row = (await relations(office))["1"]
    assert (row["email"], row["addresses"]["visiting"]["city"], row["addresses"]["visiting"]["street"]) == (
        None,
        None,
        "Markt",
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 nothing", "pdf"),
        (sheet(("Kleur", "Maat"), ("rood", "L")), "no_headings"),
        (sheet(("Naam", "Rechtsvorm"), ("x", "BV")), "number_column_missing"),
        (sheet(("Relatienummer", "Relatienr", "Naam"), ("1", "2", "x")), "column_twice"),
        (b"Relatienummer;Naam\n1;\x81\x8d", "encoding"),
    ],
)
async def test_files_that_are_none(office: Tenant, content: bytes, code: str) -> None:
    answer = await office.admin.post(PATH, params={"kind": "relations"}, files={"files": ("x.csv", content)})
    if code == "empty":
        assert (answer.status_code, answer.json()["code"]) == (422, "file_empty")
        return
    found = await done(office.admin, f"{PATH}/{made(answer)['id']}", "failed")
    assert found["problem"]["code"] == code
    assert await rows(office, found) == []


async def test_unknown_columns_are_told_and_kept_out(office: Tenant) -> None:
    found = await planned(office, sheet(("Kleur", *HEADINGS), ("rood", *company("1"))))
    assert found["about"]["unknown_columns"] == ["Kleur"]
    assert found["about"]["columns"][0] == {"heading": "Relatienummer", "field": "number"}
    assert found["counts"]["create"] == 1


async def test_citizen_numbers_stand_nowhere_in_clear(office: Tenant, db: Database) -> None:
    wrong = "111222334"
    content = sheet(
        (*HEADINGS, "Achternaam", "BSN", "OB-nummer", "LH-nummers"),
        ("1", "persoon", None, None, "Vries", BSN, f"{BSN}B01", f"{BSN}L01; {BSN}L02"),
        ("2", "persoon", None, None, "Jansen", wrong, None, None),
        (f"x{BSN}", "persoon", None, None, BSN, None, None, None),
    )
    found = await committed(office, await planned(office, content))
    told = made(await office.admin.get(f"{PATH}/{found['id']}/rows"), 200)
    assert wrong not in str(told)
    async with db.transaction(office.id) as session:
        for table in ("imports", "import_rows", "import_identifiers", "events"):
            kept = str((await session.execute(text(f"SELECT to_jsonb(t) FROM {table} t"))).all())
            assert wrong not in kept
            assert f"{BSN}B01" not in kept
            assert f"{BSN}L01" not in kept
    row = (await relations(office))["1"]
    assert (row["bsn"], row["ob_number"], row["lh_numbers"]) == ("*" * 9, "*" * 9, ["*" * 9] * 2)
    assert (await planned(office, content))["counts"]["unchanged"] == 2


async def test_masks_mean_as_it_is(office: Tenant) -> None:
    await office.relation("1", type="person", name=None, legal_form=None, surname="Vries", bsn=BSN)
    heads = ("Relatienummer", "BSN")
    for mask in ("*********", "******333"):
        assert await found_in(office, sheet(heads, ("1", mask))) == [(2, "unchanged", [])]
    assert await found_in(office, sheet(heads, ("1", "******334"))) == [(2, "error", [("bsn", "other_mask")])]


async def test_two_imports_of_one_file_at_once(office: Tenant) -> None:
    """Both are planned; one is committed, and the other hears of it."""
    content = sheet(HEADINGS, *(company(str(number)) for number in range(20)))
    both = [await planned(office, content), await planned(office, content)]
    paths = [f"{PATH}/{each['id']}" for each in both]
    answers = [await office.admin.post(f"{path}/commit") for path in paths]
    assert {answer.status_code for answer in answers} <= {202, 409}
    ended = [await done(office.admin, path, "committed", "planned") for path in paths]
    assert len(await relations(office)) == 20
    assert [each["state"] for each in ended].count("committed") == 1


async def test_cancelled_while_it_waits(office: Tenant) -> None:
    path = await send(office.admin, sheet(HEADINGS, company("1")))
    made(await office.admin.post(f"{path}/cancel"), 202)
    found = made(await office.admin.get(path), 200)
    assert found["state"] == "cancelled"
    refused = await office.admin.post(f"{path}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "import_cancelled")
