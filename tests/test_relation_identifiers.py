"""Numbers of relations: refused with their reason, masked, warned of, changed."""

from typing import Any

import pytest

from tests.factories import Tenant, make_family
from tests.factories.conventions import made, problem
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
BSN, RSIN, RANDOM_VAT = "111222333", "123456782", "NL000099998B57"
PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}
TRADER = {"legal_form": "sole_trader"}
TRADER_NUMBERS = {"bsn": BSN, "ob_number": f"{BSN}B01", "vat_id": RANDOM_VAT, "lh_numbers": [f"{BSN}L01", f"{BSN}L02"]}
COMPANY_NUMBERS = {
    "rsin": RSIN,
    "ob_number": f"{RSIN}B01",
    "vat_id": f"NL{RSIN}B01",
    "lh_numbers": [f"{RSIN}L01"],
    "kvk_number": "69599084",
    "branch_numbers": ["000037178598"],
}


def codes(relation: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in relation["warnings"]]


class TestShown:
    async def test_of_a_company_as_they_are(self, office: Tenant) -> None:
        relation = await office.relation("1", **COMPANY_NUMBERS)
        assert {field: relation[field] for field in COMPANY_NUMBERS} == COMPANY_NUMBERS
        assert made(await office.anna.get(f"{PATH}/{relation['id']}"), 200) == relation
        listed = made(await office.anna.get(PATH), 200)["items"][0]
        assert listed == {field: value for field, value in relation.items() if field != "warnings"}

    @pytest.mark.parametrize("own", [PERSON, TRADER], ids=["person", "sole trader"])
    async def test_of_a_natural_person_masked(self, office: Tenant, own: dict[str, Any]) -> None:
        """BSN-03: three digits on one relation, none in a list."""
        relation = await office.relation("1", **own, **TRADER_NUMBERS)
        masked = {"bsn": "******333", "ob_number": "******333B01", "vat_id": RANDOM_VAT}
        assert {field: relation[field] for field in masked} == masked
        assert relation["lh_numbers"] == ["******333L01", "******333L02"]
        listed = made(await office.anna.get(PATH), 200)["items"][0]
        assert [listed[field] for field in ("bsn", "ob_number", "vat_id")] == ["*********"] * 2 + [RANDOM_VAT]
        assert BSN not in (await office.anna.get(PATH)).text

    async def test_a_client_sees_none(self, office: Tenant) -> None:
        relation = await office.relation("1", **COMPANY_NUMBERS)
        family = await make_family(office)
        link = f"{PATH}/{relation['id']}/contacts/{family.henk_id}"
        assert (await office.admin.put(link, json={"portal_access": True})).status_code == 201
        henk = family.henk
        for answer in (await henk.get(f"{PATH}/{relation['id']}"), await henk.get(PATH)):
            assert answer.status_code == 200
            assert RSIN not in answer.text

    async def test_usual_forms_are_one(self, office: Tenant) -> None:
        relation = await office.relation("1", rsin="1234.56.782", ob_number="nl123456782b01", kvk_number="6959 9084")
        assert (relation["rsin"], relation["ob_number"], relation["kvk_number"]) == (RSIN, f"{RSIN}B01", "69599084")


class TestRefused:
    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("bsn", "111222334", "bsn_check"),
            ("bsn", "12", "bsn_format"),
            ("bsn", "******333", "masked"),
            ("rsin", "000000000", "rsin_format"),
            ("ob_number", RANDOM_VAT, "vat_id_in_ob_number"),
            ("vat_id", "NL123456782B00", "vat_id_format"),
            ("lh_numbers", ["111222333L01", "x"], "lh_number_format"),
            ("kvk_number", "1", "kvk_number_format"),
            ("branch_numbers", ["37178598"], "branch_number_format"),
            ("bsn", 111222333, "string_type"),
        ],
    )
    async def test_by_itself(self, office: Tenant, field: str, value: Any, code: str) -> None:
        body = {"number": "1", "name": "x", "type": "organisation", **TRADER, field: value}
        refused = problem(await office.anna.post(PATH, json=body), 422)
        error = refused["errors"][0]
        assert error["pointer"].startswith(f"/{field}")
        assert error["code"] == code
        assert "1112223" not in str(refused), "what was sent is not repeated"

    @pytest.mark.parametrize(
        ("own", "numbers", "field", "code"),
        [
            (PERSON, {"rsin": RSIN}, "rsin", "rsin_of_natural_person"),
            (TRADER, {"rsin": RSIN}, "rsin", "rsin_of_natural_person"),
            ({}, {"bsn": BSN}, "bsn", "bsn_of_organisation"),
            (TRADER, {"vat_id": f"NL{BSN}B01"}, "vat_id", "ob_number_in_vat_id"),
            ({}, {"vat_id": RANDOM_VAT}, "vat_id", "vat_id_of_sole_trader"),
        ],
    )
    async def test_together(
        self, office: Tenant, own: dict[str, Any], numbers: dict[str, Any], field: str, code: str
    ) -> None:
        body = {"number": "1", "name": "x", "type": "organisation", "legal_form": "bv", **own, **numbers}
        refused = problem(await office.anna.post(PATH, json=body), 422, code)
        assert refused["errors"][0]["pointer"] == f"/{field}"
        assert made(await office.anna.get(PATH), 200)["items"] == []

    async def test_a_legal_form_that_does_not_fit_the_numbers(self, office: Tenant) -> None:
        relation = await office.relation("1", **COMPANY_NUMBERS)
        change: dict[str, str | None] = {"legal_form": "sole_trader"}
        problem(await office.anna.patch(f"{PATH}/{relation['id']}", json=change), 422, "rsin_of_natural_person")
        change |= {"rsin": None, "vat_id": None}
        changed = made(await office.anna.patch(f"{PATH}/{relation['id']}", json=change), 200)
        assert codes(changed) == []


class TestWarned:
    async def test_but_saved(self, office: Tenant) -> None:
        odd = COMPANY_NUMBERS | {"ob_number": f"{BSN}B01", "lh_numbers": [f"{BSN}L01"], "kvk_number": "00123456"}
        relation = await office.relation("1", **odd)
        assert set(codes(relation)) == {"ob_number_base", "lh_numbers_base", "kvk_number_zeros"}
        assert {warning["pointer"] for warning in relation["warnings"]} == {"/ob_number", "/lh_numbers", "/kvk_number"}

    async def test_of_a_number_that_another_has(self, office: Tenant, other_office: Tenant) -> None:
        """BSN-06: never a hint of another office; a person and his sole trader's business share one rightly."""
        await other_office.relation("1", **PERSON, bsn=BSN)
        assert codes(await office.relation("1", **PERSON, bsn=BSN)) == []
        assert codes(await office.relation("2", **TRADER, bsn=BSN)) == []
        assert codes(await office.relation("3", **PERSON, bsn=BSN)) == ["bsn_in_use"]
        assert codes(await office.relation("4", rsin=RSIN)) == []
        assert codes(await office.relation("5", rsin=RSIN)) == ["rsin_in_use"]
        assert codes(await office.relation("6", legal_form="foundation", rsin=RSIN)) == ["rsin_in_use"]

    async def test_of_every_number_that_returns_are_matched_by(self, office: Tenant) -> None:
        """Two with one are matched with neither; of those that are archived, or no clients, it is not so."""
        path, second = PATH, {"legal_form": "foundation", **COMPANY_NUMBERS}
        first = await office.relation("1", **COMPANY_NUMBERS)
        supplier = await office.relation("2", type="supplier", **COMPANY_NUMBERS)
        assert (codes(first), codes(supplier)) == ([], [])
        assert codes(await office.relation("3", type="supplier", rsin=RSIN)) == ["rsin_in_use"]
        again = await office.relation("4", **second | {"lh_numbers": [f"{RSIN}L09", f"{RSIN}L01"]})
        in_use = {"rsin_in_use", "ob_number_in_use", "lh_numbers_in_use", "kvk_number_in_use"}
        assert set(codes(again)) == in_use
        assert {warning["pointer"] for warning in again["warnings"]} == {f"/{code[:-7]}" for code in in_use}
        assert (await office.admin.delete(f"{path}/{first['id']}")).status_code == 204
        assert codes(made(await office.anna.get(f"{path}/{again['id']}"), 200)) == []


class TestChanged:
    async def test_merge_patch(self, office: Tenant) -> None:
        relation = await office.relation("1", **TRADER, **TRADER_NUMBERS)
        path = f"{PATH}/{relation['id']}"
        assert made(await office.anna.patch(path, json={"bsn": BSN}), 200)["version"] == relation["version"]
        changed = made(await office.anna.patch(path, json={"vat_id": None, "lh_numbers": [f"{BSN}L03"]}), 200)
        assert (changed["vat_id"], changed["lh_numbers"], changed["bsn"]) == (None, ["******333L03"], "******333")
        assert changed["version"] > relation["version"]
        stale = await office.anna.patch(path, json={"bsn": None}, headers={"If-Match": f'"{relation["version"]}"'})
        problem(stale, 412, "stale")
        history = (await office.anna.get("/v1/timeline", params={"relation_id": relation["id"]})).json()["items"]
        fields = [event["data"]["fields"] for event in history if event["action"] == "relation.changed"]
        assert fields == [["lh_numbers", "vat_id"]]

    async def test_two_at_once(self, office: Tenant) -> None:
        relation = await office.relation("1", **TRADER)
        path = f"{PATH}/{relation['id']}"
        numbers = [[f"{BSN}L{suffix:02}"] for suffix in range(1, 9)]
        answers = await at_once(*(office.anna.patch(path, json={"lh_numbers": each}) for each in numbers))
        assert {answer.status_code for answer in answers} <= {200, 412}
        assert len(made(await office.anna.get(path), 200)["lh_numbers"]) == 1
