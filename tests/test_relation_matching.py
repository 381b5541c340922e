"""`POST /relations/match`: what tax packages ask (domain rules 34, 38, 44, 45; domain.md 5.5)."""

from typing import Any, get_args

import httpx
import pytest

from app import filings
from app.access import P, Role
from app.schemas.relation_details import DetailsRead
from app.schemas.relation_identifiers import FilingType
from app.services.relation_matching import FILINGS
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.servers import serve

pytestmark = pytest.mark.anyio

PATH = "/v1/relations/match"
BSN, RSIN, KVK = "111222333", "123456782", "69599084"
PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}


async def match(client: httpx.AsyncClient, filing_type: str, identifier: str, **more: str) -> dict[str, Any]:
    return made(await client.post(PATH, json={"filing_type": filing_type, "identifier": identifier} | more), 200)


@pytest.fixture
async def known(office: Tenant) -> dict[str, str]:
    """A person, his sole trader's business with the same BSN, a company, and a partnership."""
    numbers: dict[str, dict[str, Any]] = {
        "person": PERSON | {"bsn": BSN},
        "trader": {"legal_form": "sole_trader", "bsn": BSN, "ob_number": f"{BSN}B01", "lh_numbers": [f"{BSN}L01"]},
        "bv": {"rsin": RSIN, "ob_number": f"{RSIN}B01", "lh_numbers": [f"{RSIN}L01", f"{RSIN}L02"], "kvk_number": KVK},
        "vof": {"legal_form": "vof", "rsin": "999990056", "ob_number": "999990056B01"},
    }
    return {
        name: (await office.relation(str(place), **values))["id"]
        for place, (name, values) in enumerate(numbers.items(), 1)
    }


@pytest.mark.parametrize(
    ("filing_type", "identifier", "whose", "by"),
    [
        ("income_tax", BSN, "person", "bsn"),
        ("income_tax", "1112.22.333", "person", "bsn"),
        ("allowances", BSN, "person", "bsn"),
        ("provisional_assessment", BSN, "person", "bsn"),
        ("provisional_assessment", RSIN, "bv", "rsin"),
        ("corporation_tax", RSIN, "bv", "rsin"),
        ("vat", f"{BSN}B01", "trader", "ob_number"),
        ("vat", "nl 123456782 b01", "bv", "ob_number"),
        ("vat_correction", f"{RSIN}B01", "bv", "ob_number"),
        ("eu_sales_list", "999990056B01", "vof", "ob_number"),
        ("payroll_tax", f"{RSIN}L02", "bv", "lh_number"),
        ("payroll_tax", f"{BSN}L01", "trader", "lh_number"),
        ("annual_accounts", KVK, "bv", "kvk_number"),
        ("credit_report", RSIN, "bv", "rsin"),
    ],
)
async def test_exactly_one(
    office: Tenant, known: dict[str, str], filing_type: str, identifier: str, whose: str, by: str
) -> None:
    found = await match(office.anna, filing_type, identifier)
    one: dict[str, Any] = {
        "relation_id": known[whose],
        "matched_by": by,
        "reason": None,
        "candidates": [],
        "period_fits": None,
    }
    assert found == one


async def test_none_several_or_not_for_this_type(office: Tenant, known: dict[str, str]) -> None:
    assert (await match(office.anna, "income_tax", "999990019"))["reason"] == "none"
    assert (await match(office.anna, "vat", f"{RSIN}B02"))["reason"] == "none"
    partnership = await match(office.anna, "corporation_tax", "999990056")
    assert (partnership["reason"], partnership["candidates"]) == ("not_for_this_type", [known["vof"]])
    second = (await office.relation("9", rsin=RSIN, ob_number=f"{RSIN}B01"))["id"]
    several = await match(office.anna, "vat", f"{RSIN}B01")
    assert (several["relation_id"], several["reason"]) == (None, "several")
    assert several["candidates"] == [known["bv"], second]
    await office.admin.delete(f"/v1/relations/{second}")
    assert (await match(office.anna, "vat", f"{RSIN}B01"))["relation_id"] == known["bv"]


async def test_a_number_that_is_a_bsn_and_an_rsin(office: Tenant, known: dict[str, str]) -> None:
    """Every one is both to look at. Whoever has it by either counts; two are never one."""
    person = (await office.relation("7", **PERSON, bsn="999990019"))["id"]
    for filing_type in ("provisional_assessment", "extension"):
        assert (await match(office.anna, filing_type, "999990019"))["relation_id"] == person
    company = (await office.relation("8", rsin="999990019"))["id"]
    for filing_type in ("provisional_assessment", "extension"):
        several = await match(office.anna, filing_type, "999990019")
        assert (several["relation_id"], several["reason"], several["matched_by"]) == (None, "several", None)
        assert several["candidates"] == [person, company]
    assert (await match(office.anna, "credit_report", "999990019"))["relation_id"] == company
    assert (await match(office.anna, "income_tax", "999990019"))["relation_id"] == person
    trader = (await office.relation("9", legal_form="sole_trader", bsn="999990056"))["id"]
    no_person = await match(office.anna, "income_tax", "999990056")
    assert (no_person["reason"], no_person["candidates"]) == ("not_for_this_type", [trader])


@pytest.mark.parametrize("kind", ["supplier", "internal"])
async def test_who_is_no_client_has_no_returns(office: Tenant, kind: str) -> None:
    """Neither as the hit nor as a candidate: one number of a client and a supplier is the client's."""
    numbers: dict[str, Any] = {"rsin": RSIN, "ob_number": f"{RSIN}B01", "kvk_number": KVK}
    await office.relation("1", type=kind, **numbers)
    asked = (("corporation_tax", RSIN), ("vat", f"{RSIN}B01"), ("annual_accounts", KVK), ("credit_report", RSIN))
    for filing_type, identifier in asked:
        found = await match(office.anna, filing_type, identifier)
        assert (found["reason"], found["candidates"]) == ("none", [])
    client = await office.relation("2", **numbers)
    assert client["warnings"] == []
    for filing_type, identifier in asked:
        assert (await match(office.anna, filing_type, identifier))["relation_id"] == client["id"]


class TestPeriod:
    @pytest.mark.parametrize(
        ("filing_type", "filing_period", "fitting", "others"),
        [
            ("payroll_tax", "month", ["2026-01", "2026-12"], ["2026", "2026-H1", "2026-Q1", "2026-P01"]),
            ("payroll_tax", "four_weeks", ["2026-P01", "2026-P13"], ["2026-01", "2026"]),
            ("payroll_tax", "half_year", ["2026-H1"], ["2026-01"]),
            ("payroll_tax", "year", ["2026"], ["2026-H2"]),
            ("payroll_tax", "none", [], ["2026", "2026-01"]),
            ("vat", "quarter", ["2026-Q4"], ["2026-10", "2026-10/11", "2026"]),
            ("eu_sales_list", "quarter", ["2026-Q1", "2026-01/02"], ["2026-01", "2026"]),
            ("eu_sales_list", "month", ["2026-02", "2026-04/05"], ["2026-Q1"]),
            ("eu_sales_list", "year", ["2026"], ["2026-01/02"]),
        ],
    )
    async def test_as_the_relation_files(
        self, office: Tenant, filing_type: str, filing_period: str, fitting: list[str], others: list[str]
    ) -> None:
        """Told, and never a reason to lose the match."""
        number = f"{RSIN}L01" if filing_type == "payroll_tax" else f"{RSIN}B01"
        values = {filings.PERIOD_FIELDS[filing_type]: filing_period, "ob_number": f"{RSIN}B01"}
        relation = await office.relation("1", **values, lh_numbers=[f"{RSIN}L01"])
        for period in fitting + others:
            found = await match(office.anna, filing_type, number, period=period)
            assert (found["relation_id"], found["period_fits"]) == (relation["id"], period in fitting), period

    async def test_where_nobody_knows(self, office: Tenant, known: dict[str, str]) -> None:
        for filing_type, number, period, fits in (
            ("vat", f"{RSIN}B01", "2026-Q1", None),
            ("vat_correction", f"{RSIN}B01", "2026-Q1", None),
            ("extension", BSN, "2026", None),
            ("income_tax", BSN, "2026", True),
            ("income_tax", BSN, "2026-01", False),
            ("annual_accounts", KVK, "2026", True),
            ("income_tax", "999990019", "2026", None),
        ):
            assert (await match(office.anna, filing_type, number, period=period))["period_fits"] is fits, filing_type

    async def test_hostile(self, office: Tenant) -> None:
        words = (
            "1989", "2201", "2026-00", "2026-13", "2026-1", "2026-Q5", "2026-Q0", "2026-P14", "2026-P00", "2026-H3",
            "2026-02/03", "2026-W01", "26", "٢٠٢٦", "2026 ", "2026-Q1\n",
        )  # fmt: skip
        body = {"filing_type": "vat", "identifier": f"{RSIN}B01"}
        for word in words:
            problem(await office.anna.post(PATH, json=body | {"period": word}), 422, None, "/period")
        problem(await office.anna.post(PATH, json=body | {"period": 2026}), 422, None, "/period")


class TestTraced:
    async def test_whose_number_it_was(self, office: Tenant, known: dict[str, str]) -> None:
        """BSN-08: by kind, never the number; what is open, and what found nothing, leaves no line."""
        await match(office.anna, "income_tax", BSN)
        await match(office.anna, "vat", f"{RSIN}B01")
        await match(office.anna, "corporation_tax", RSIN)
        await match(office.anna, "annual_accounts", KVK)
        await match(office.anna, "income_tax", "999990019")
        for number in (BSN, KVK, RSIN, "999990019"):
            made(await office.anna.post("/v1/relations/search", json={"identifier": number}), 200)
        assert await traces(office) == [
            ("relation.matched", known["person"], {"kinds": ["bsn"], "filing_type": "income_tax"}),
            ("relation.matched", known["bv"], {"kinds": ["ob_number"], "filing_type": "vat"}),
            ("relation.found_by_number", known["person"], {"kinds": ["bsn"]}),
            ("relation.found_by_number", known["trader"], {"kinds": ["bsn"]}),
        ]

    async def test_of_candidates_too(self, office: Tenant, known: dict[str, str]) -> None:
        second = (await office.relation("9", **PERSON, bsn=BSN))["id"]
        await match(office.anna, "income_tax", BSN)
        assert {relation for _, relation, _ in await traces(office)} == {known["person"], second}

    async def test_not_without_end(self, office: Tenant, settings: Settings) -> None:
        """AZ-08: together, by whoever asks; open numbers are not counted."""
        secret = (PATH, {"filing_type": "vat", "identifier": f"{RSIN}B01"})
        either = ("/v1/relations/search", {"identifier": RSIN})
        is_open = (PATH, {"filing_type": "annual_accounts", "identifier": KVK})
        wrong = (PATH, {"filing_type": "income_tax", "identifier": "111222334"})
        async with serve(settings, number_searches_per_hour=2) as served, served.like(office.anna) as anna:
            asked = (secret, wrong, is_open, either, secret, either, is_open)
            statuses = [(await anna.post(path, json=body)).status_code for path, body in asked]
            assert statuses == [200, 422, 200, 200, 429, 429, 200]
            async with served.like(office.admin) as admin:
                assert (await admin.post(secret[0], json=secret[1])).status_code == 200


async def traces(office: Tenant) -> list[tuple[str, str, dict[str, Any]]]:
    lines = made(await office.admin.get("/v1/timeline", params={"sort": "at", "limit": 200}), 200)["items"]
    words = ("relation.matched", "relation.found_by_number")
    return [(line["action"], line["relation_id"], line["data"]) for line in lines if line["action"] in words]


async def test_only_what_the_caller_may_see(office: Tenant, other_office: Tenant, known: dict[str, str]) -> None:
    """AZ-02, BSN-06: a relation of others is no hit, and no hint."""
    _, mutator = await office.member(Role.MUTATOR)
    nothing: dict[str, Any] = {
        "relation_id": None,
        "matched_by": None,
        "reason": "none",
        "candidates": [],
        "period_fits": None,
    }
    for client in (mutator, other_office.admin):
        assert await match(client, "income_tax", BSN) == nothing
    key = await office.key(P.RELATIONS_MATCH)
    assert (await match(key, "income_tax", BSN))["relation_id"] == known["person"]
    _, reader = await office.member(Role.READER)
    problem(await reader.post(PATH, json={"filing_type": "vat", "identifier": f"{RSIN}B01"}), 403)


@pytest.mark.parametrize(
    ("filing_type", "identifier", "code"),
    [
        ("income_tax", "111222334", "bsn_check"),
        ("vat", RSIN, "ob_number_format"),
        ("payroll_tax", f"{RSIN}B01", "lh_number_format"),
        ("annual_accounts", "1", "kvk_number_format"),
    ],
)
async def test_a_wrong_number_says_what_is_wrong(office: Tenant, filing_type: str, identifier: str, code: str) -> None:
    refused = problem(await office.anna.post(PATH, json={"filing_type": filing_type, "identifier": identifier}), 422)
    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [("/identifier", code)]
    assert identifier == "1" or identifier not in str(refused)


async def test_bodies(office: Tenant) -> None:
    good = {"filing_type": "vat", "identifier": f"{RSIN}B01"}
    for wrong in ({}, {"filing_type": "x"}, {"identifier": ""}, {"identifier": 5}, {"more": 1}):
        body = good | wrong if wrong else {}
        problem(await office.anna.post(PATH, json=body), 422)


def test_every_type_of_filing_has_its_key() -> None:
    literal = get_args(FilingType)[0]
    assert set(get_args(literal)) == set(FILINGS)
    assert get_args(literal) == filings.FILING_TYPES


def test_periods_are_the_same_in_every_layer() -> None:
    for field, periods in (
        ("lh_filing_period", filings.LH_PERIODS),
        ("btw_filing_period", filings.BTW_PERIODS),
        ("icp_filing_period", filings.ICP_PERIODS),
    ):
        offered = get_args(get_args(DetailsRead.model_fields[field].annotation)[0])
        assert offered == periods
