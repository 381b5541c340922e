"""`POST /relations/match`: what tax packages ask (domain rules 34, 38, 44, 45; domain.md 5.5)."""

from typing import Any, get_args

import httpx
import pytest

from app import filings
from app.access import P, Role
from app.schemas.relation_details import DetailsRead
from app.schemas.relation_identifiers import FilingType
from app.services.relation_matching import FILINGS
from tests.factories import Tenant
from tests.factories.conventions import made, problem

pytestmark = pytest.mark.anyio

PATH = "/v1/relations/match"
BSN, RSIN, KVK = "111222333", "123456782", "69599084"
PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}


async def match(client: httpx.AsyncClient, filing_type: str, identifier: str) -> dict[str, Any]:
    return made(await client.post(PATH, json={"filing_type": filing_type, "identifier": identifier}), 200)


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
    assert found == {"relation_id": known[whose], "matched_by": by, "reason": None, "candidates": []}


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


async def test_only_what_the_caller_may_see(office: Tenant, other_office: Tenant, known: dict[str, str]) -> None:
    """AZ-02, BSN-06: a relation of others is no hit, and no hint."""
    _, mutator = await office.member(Role.MUTATOR)
    nothing: dict[str, Any] = {"relation_id": None, "matched_by": None, "reason": "none", "candidates": []}
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
