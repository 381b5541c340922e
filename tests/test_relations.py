"""Relations (relaties): domain rules 24, 25, 31, 35, 36, 39."""

import base64
import itertools
import json
import random
from typing import Any
from uuid import uuid4

import pytest

from app.access import Role
from tests.factories import Tenant, hostile
from tests.factories.conventions import (
    AT_ONCE,
    keeps_idempotency,
    made,
    pages,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
    walk,
)
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
BV = {"number": "7", "type": "organisation", "name": "Bakkerij Čapek", "legal_form": "bv"}
HENK = {"number": "7.1", "type": "person", "initials": "H.", "first_names": "Henk", "prefix": "de", "surname": "Vries"}

# What a relation has of the fields that were not given.
NOTHING_MORE: dict[str, Any] = {
    "bank_accounts": [],
    "born_on": None,
    "employees": None,
    "fiscal_year_end": "12-31",
    "website": None,
    "addresses": {"visiting": None, "postal": None, "invoice": None},
    "lh_filing_period": None,
    "btw_filing_period": None,
    "icp_filing_period": None,
    "extension_schemes": [],
    "bsn_purpose": None,
    "wwft": {"identified_on": None, "risk": None, "review_on": None},
    "kind_id": None,
    "group_id": None,
    "label_ids": [],
    "products": [],
    "external_ids": {},
    "created_by": "Anna Jansen",
    "updated_by": None,
}


async def actions(office: Tenant, subject_id: str) -> list[str]:
    items = (await office.admin.get("/v1/timeline", params={"subject_id": subject_id, "sort": "at"})).json()["items"]
    return [item["action"] for item in items]


class TestCreate:
    async def test_organisation_with_its_dossier(self, office: Tenant) -> None:
        """Rule 24: a dossier hangs on every relation, from the first moment."""
        answer = await office.anna.post(PATH, json=BV | {"memo": "eerste\r\ntweede", "email": "Henk@BAKKER.nl"})
        relation = made(answer)
        assert answer.headers["location"] == f"{PATH}/{relation['id']}"
        assert answer.headers["etag"] == '"1"'
        assert relation == BV | {
            "id": relation["id"],
            "status": "active",
            "initials": None,
            "first_names": None,
            "prefix": None,
            "surname": None,
            "email": "Henk@bakker.nl",
            "phone": None,
            "phone_e164": None,
            "memo": "eerste\ntweede",
            "parent_id": None,
            "archived_at": None,
            "bsn": None,
            "rsin": None,
            "ob_number": None,
            "vat_id": None,
            "lh_numbers": [],
            "kvk_number": None,
            "branch_numbers": [],
            **NOTHING_MORE,
            "warnings": [],
            "dossier_id": relation["dossier_id"],
            "created_at": relation["created_at"],
            "updated_at": relation["updated_at"],
            "version": 1,
        }
        assert relation["created_at"].endswith("Z")
        assert made(await office.anna.get(f"{PATH}/{relation['id']}"), 200) == relation
        dossier = made(await office.anna.get(f"{PATH}/{relation['id']}/dossier"), 200)
        assert (dossier["id"], dossier["relation_number"]) == (relation["dossier_id"], "7")
        assert await actions(office, relation["id"]) == ["relation.created"]

    async def test_person_is_named_by_the_parts(self, office: Tenant) -> None:
        assert made(await office.anna.post(PATH, json=HENK))["name"] == "Henk de Vries"
        parts = HENK | {"number": "2", "first_names": None, "prefix": None}
        assert made(await office.anna.post(PATH, json=parts))["name"] == "H. Vries"

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            (BV | {"name": None}, "/name"),
            (BV | {"legal_form": None}, "/legal_form"),
            (BV | {"surname": "Vries"}, "/surname"),
            (BV | {"type": "supplier", "prefix": "de"}, "/prefix"),
            (HENK | {"surname": None}, "/surname"),
            (HENK | {"name": "Henk de Vries"}, "/name"),
            (HENK | {"legal_form": "bv"}, "/legal_form"),
            ({"number": "1", "surname": "Vries"}, "/type"),
        ],
    )
    async def test_fields_follow_the_type(self, office: Tenant, body: dict[str, Any], pointer: str) -> None:
        problem(await office.anna.post(PATH, json=body), 422, None, pointer)

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-03, IN-04."""
        lines = dict.fromkeys(("initials", "first_names", "prefix"), hostile.NO_OPTIONAL_LINE)
        await refuses(office.anna, "POST", PATH, HENK, lines | {"surname": hostile.NO_LINE})
        cases = {
            "number": hostile.NO_NUMBER,
            "name": hostile.NO_LINE,
            "type": hostile.one_of("person"),
            "status": hostile.one_of("active"),
            "legal_form": [word for word in hostile.one_of("bv") if word != "null"],
            "email": hostile.NO_EMAIL,
            "phone": hostile.NO_OPTIONAL_LINE,
            "memo": hostile.NO_LONG_TEXT,
            "parent_id": (*hostile.NO_ID, f'"{uuid4()}"'),
        }
        await refuses(office.anna, "POST", PATH, BV, cases)
        await refuses_bodies(office.anna, "POST", PATH, BV)
        assert (await office.admin.get(PATH)).json()["items"] == []

    @pytest.mark.parametrize("span", [(0xAC00, 0xD7A3), (0x3300, 0x33FF), (0x1F300, 0x1F5FF), (0x61, 0x7A)])
    async def test_longest_texts_are_kept_whole(self, office: Tenant, span: tuple[int, int]) -> None:
        """IN-01: what the schema lets in, the database can hold, sort and find, whatever the letters unfold to."""
        letters = random.Random(1)
        text = "".join(chr(letters.randint(*span)) for _ in range(600))
        parts = {"first_names": text[:200], "prefix": text[200:400], "surname": text[400:]}
        relation = made(await office.anna.post(PATH, json={"number": text[:50], "type": "person"} | parts))
        assert made(await office.anna.get(f"{PATH}/{relation['id']}"), 200).items() >= parts.items()
        for number in ("1", "2"):
            made(await office.anna.post(PATH, json={"number": number, "type": "person"} | parts))
        for order in ("name", "number"):
            assert len(await walk(office.anna, PATH, 1, sort=order, q=text[200:300])) == 3
        contact = {"number": text[:50], "email": "a@b.nl"} | parts
        assert made(await office.anna.post("/v1/contacts", json=contact)).items() >= parts.items()
        folders = f"/v1/dossiers/{relation['dossier_id']}/folders"
        assert made(await office.anna.post(folders, json={"name": text[:200]}))["name"] == text[:200]

    async def test_persons_are_sorted_by_surname(self, office: Tenant) -> None:
        for number, (first, prefix, surname) in enumerate((("Aad", None, "Zwart"), ("Zus", "van den", "Berg"))):
            names = {"first_names": first, "prefix": prefix, "surname": surname}
            made(await office.anna.post(PATH, json={"number": str(number), "type": "person"} | names))
        await office.relation("9", name="Mulder BV")
        rows = await walk(office.anna, PATH, 1, sort="name")
        assert [row["name"] for row in rows] == ["Zus van den Berg", "Mulder BV", "Aad Zwart"]

    @pytest.mark.parametrize("unseen", ["\u200b", "\u2060", "\u00ad", "\U000e0041", "\u3164"])
    async def test_what_nobody_sees_is_no_part_of_a_name_or_number(self, office: Tenant, unseen: str) -> None:
        for field in ("number", "name"):
            problem(await office.anna.post(PATH, json=BV | {field: f"1{unseen}"}), 422, None, f"/{field}")

    async def test_number_is_unique_without_regard_to_case_and_width(
        self, office: Tenant, other_office: Tenant
    ) -> None:
        """Rule 39; never a word of whose it is, and nothing between offices."""
        made(await office.anna.post(PATH, json=BV | {"number": "Ab 1", "memo": "geheim"}))
        for number in ("Ab 1", "aB 1", "  AB 1  ", "ＡＢ １"):
            refused = await office.anna.post(PATH, json=BV | {"number": number, "name": "Anders"})
            problem(refused, 409, "taken", "/number")
            assert "geheim" not in refused.text
            assert "Bakkerij" not in refused.text
        assert made(await office.anna.post(PATH, json=BV | {"number": "Ab 1."}))["number"] == "Ab 1."
        assert made(await other_office.anna.post(PATH, json=BV | {"number": "Ab 1"}))["number"] == "Ab 1"

    async def test_same_number_at_once(self, office: Tenant) -> None:
        """Exactly one is made, with exactly one dossier."""
        answers = await at_once(*(office.anna.post(PATH, json=BV) for _ in range(AT_ONCE)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
        assert (await office.admin.get("/v1/dossiers", params={"include": "total"})).json()["total"] == 1

    async def test_idempotency(self, office: Tenant) -> None:
        numbers = itertools.count(1)
        await keeps_idempotency(office.anna, PATH, lambda: BV | {"number": f"I{next(numbers)}"})
        key = {"Idempotency-Key": "the same"}
        by_anna = made(await office.anna.post(PATH, json=BV | {"number": "A"}, headers=key))
        by_admin = made(await office.admin.post(PATH, json=BV | {"number": "B"}, headers=key))
        assert by_anna["id"] != by_admin["id"]
        problem(await office.anna.post(PATH, json=BV | {"number": "A"}, headers={"Idempotency-Key": "x"}), 409)
        mended = await office.anna.post(PATH, json=BV | {"number": "C"}, headers={"Idempotency-Key": "x"})
        assert made(mended)["number"] == "C"  # a refusal is not kept: the key was free again (F25)

    async def test_parent_gives_no_access(self, office: Tenant) -> None:
        """domain.md 6: the parent is for the family view only; one that is not yours is not there."""
        parent = await office.relation("100")
        child = await office.relation("100.1", parent_id=parent["id"])
        assert child["parent_id"] == parent["id"]
        _, jan = await office.linked_contact(parent)
        problem(await jan.get(f"{PATH}/{child['id']}"), 404)
        _, other = await office.member(Role.MUTATOR)
        problem(await other.post(PATH, json=BV | {"parent_id": parent["id"]}), 422, "unknown", "/parent_id")


class TestList:
    async def test_orders_and_pages(self, office: Tenant) -> None:
        """Rule 36: numbers in natural order."""
        names = {
            "100.10": "Éclair",
            "100": "zebra",
            "9": "Ananas",
            "100.2": "álef",
            "100.1": "Zee",
            "A2": "b",
            "a10": "ä",
        }
        for number, name in names.items():
            await office.relation(number, name=name)
        numbers = ["9", "100", "100.1", "100.2", "100.10", "A2", "a10"]
        by_name = ["a10", "100.2", "9", "A2", "100.10", "100", "100.1"]
        await pages(office.anna, PATH, "number", ("number", numbers), ("name", by_name), ("updated_at", list(names)))

    async def test_filters_and_search(self, office: Tenant) -> None:
        await office.relation("100", name="De Vries Fietsen VOF")
        await office.relation("100.1", name="100% Fiets_en", status="prospect", type="supplier")
        archived = await office.relation("200", name="Fietsen van toen")
        assert (await office.admin.delete(f"{PATH}/{archived['id']}")).status_code == 204
        for params, expected in (
            ({}, ["100", "100.1"]),
            ({"q": "FÍETS"}, ["100", "100.1"]),
            ({"q": "100."}, ["100.1"]),
            ({"q": "100%"}, ["100.1"]),
            ({"q": "%"}, ["100.1"]),
            ({"q": "s_e"}, ["100.1"]),
            ({"q": "\\"}, []),
            ({"type": "supplier"}, ["100.1"]),
            ({"status": "active"}, ["100"]),
            ({"status": "active", "type": "supplier"}, []),
            ({"archived": "true"}, ["200"]),
            ({"q": "fietsen", "archived": "true"}, ["200"]),
        ):
            found = (await office.anna.get(PATH, params=params)).json()["items"]
            assert [row["number"] for row in found] == expected, params

    async def test_parameters(self, office: Tenant) -> None:
        wrong = ("type=Person", "status=gone", "archived=maybe", f"q={'x' * 101}", "number=1", "office_id=1")
        await refuses_parameters(office.anna, PATH, *wrong)
        problem(await office.anna.get(PATH, params={"q": "a\0b"}), 422)

    @pytest.mark.parametrize("sort", ["number", "updated_at"])
    async def test_cursors_that_were_bent(self, office: Tenant, sort: str) -> None:
        """IN-03: a cursor is the client's to send, so every value in it is looked at."""
        for number in ("1", "2"):
            await office.relation(number)
        good = (await office.anna.get(PATH, params={"sort": sort, "limit": 1})).json()["next_cursor"]
        mark, value, row_id = json.loads(base64.urlsafe_b64decode(good + "=="))
        bent: list[Any] = ["a\0", "\ud800", 5, 1e300, None, True, [], {}]
        if sort == "updated_at":  # any readable text is a place among numbers
            bent += ["infinity", "now", "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
        every: list[list[Any]] = [
            [mark],
            [mark, value],
            [mark, value, row_id, 1],
            *([mark, odd, row_id] for odd in bent),
        ]
        ids: list[Any] = [5, None, True, [], "x", "\ud800"]
        every += [[mark, value, odd] for odd in ids]
        for values in every:
            cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
            answer = await office.anna.get(PATH, params={"sort": sort, "cursor": cursor})
            problem(answer, 422, "cursor_invalid", "/cursor")

    async def test_cursor_is_bound_to_filters(self, office: Tenant) -> None:
        for number in ("1", "2", "3"):
            await office.relation(number)
        cursor = (await office.anna.get(PATH, params={"limit": 1})).json()["next_cursor"]
        for params in ({"q": "1"}, {"type": "person"}, {"archived": "true"}):
            problem(await office.anna.get(PATH, params={**params, "cursor": cursor}), 422, "cursor_mismatch")
        assert [row["number"] for row in await walk(office.anna, PATH, 1, cursor=cursor)] == ["2", "3"]
