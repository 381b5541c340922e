"""`GET /relations/{id}/completeness` and `missing=`: which empty field stops which process (rules 37 to 46)."""

from typing import Any
from uuid import uuid4

import pytest

from app.access import Role
from app.schemas.relation_completeness import GAPS
from tests.factories import Tenant
from tests.factories.conventions import made, problem

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
PERSON: dict[str, Any] = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}
RSIN, BSN = "123456782", "111222333"


async def missing(office: Tenant, relation: dict[str, Any]) -> set[str]:
    """What one relation lacks; each list with `missing=` says the same."""
    found = made(await office.anna.get(f"{PATH}/{relation['id']}/completeness"), 200)
    fields = {gap["field"] for gap in found["missing"]}
    assert found["is_complete"] == (not any(gap["is_stopped"] for gap in found["missing"]))
    for field in GAPS:
        rows = made(await office.anna.get(PATH, params={"missing": field}), 200)["items"]
        assert (relation["id"] in {row["id"] for row in rows}) == (field in fields), field
    return fields


async def product(office: Tenant, filing_type: str | None) -> dict[str, Any]:
    body = {"name": f"For {filing_type}", "filing_type": filing_type}
    return {"product_id": made(await office.admin.post("/v1/products", json=body))["id"]}


async def test_from_empty_to_complete(office: Tenant) -> None:
    relation = await office.relation()
    bare = {"rsin", "kvk_number", "products", "addresses", "contacts"}
    assert await missing(office, relation) == bare
    values: dict[str, Any] = {
        "rsin": RSIN,
        "kvk_number": "69599084",
        "products": [await product(office, None)],
        "addresses": {"visiting": {"city": "Delft"}},
    }
    made(await office.anna.patch(f"{PATH}/{relation['id']}", json=values), 200)
    assert await missing(office, relation) == {"contacts"}
    contact_id, _ = await office.linked_contact(relation)
    assert await missing(office, relation) == set()
    ended = {"valid_until": "2020-01-01"}
    made(await office.admin.patch(f"{PATH}/{relation['id']}/contacts/{contact_id}", json=ended), 200)
    made(await office.admin.put(f"{PATH}/{relation['id']}/team", json={"items": []}), 200)
    made(
        await office.admin.put(
            f"{PATH}/{relation['id']}/team",
            json={"items": [{"team_member_id": str(office.anna_id), "role": "accountant"}]},
        ),
        200,
    )
    assert await missing(office, relation) == {"contacts", "relation_manager"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (PERSON, {"bsn"}),
        (PERSON | {"bsn": BSN}, set()),
        ({"legal_form": "sole_trader"}, {"bsn"}),
        ({"legal_form": "foundation"}, {"rsin"}),
        ({"legal_form": "vof", "rsin": RSIN, "btw_filing_period": "quarter"}, {"ob_number"}),
        ({"legal_form": "vof", "rsin": RSIN, "btw_filing_period": "none"}, set()),
        ({"legal_form": "vof", "rsin": RSIN, "ob_number": f"{RSIN}B01"}, {"btw_filing_period"}),
        ({"legal_form": "vof", "rsin": RSIN, "lh_filing_period": "month"}, {"lh_numbers"}),
        ({"legal_form": "vof", "rsin": RSIN, "lh_numbers": [f"{RSIN}L01"]}, {"lh_filing_period"}),
        ({"type": "supplier"}, None),
        ({"type": "internal"}, None),
    ],
)
async def test_what_applies_depends_on_the_relation(
    office: Tenant, values: dict[str, Any], expected: set[str] | None
) -> None:
    relation = await office.relation(**values)
    always = {"products", "addresses", "contacts"}
    assert await missing(office, relation) == (set() if expected is None else expected | always)


async def test_products_ask_for_what_their_returns_need(office: Tenant) -> None:
    taken = [await product(office, kind) for kind in ("payroll_tax", "vat", "eu_sales_list", "annual_accounts")]
    periods = {"lh_filing_period": "month", "btw_filing_period": "month", "icp_filing_period": "quarter"}
    relation = await office.relation(legal_form="vof", rsin=RSIN, products=taken, **periods)
    assert await missing(office, relation) >= {"lh_numbers", "ob_number", "kvk_number"}
    over = [item | {"ends_on": "2020-01-01"} for item in taken]
    made(await office.anna.patch(f"{PATH}/{relation['id']}", json={"products": over} | dict.fromkeys(periods)), 200)
    assert await missing(office, relation) == {"products", "addresses", "contacts"}


async def test_an_office_that_keeps_no_citizen_numbers_misses_none(office: Tenant) -> None:
    person = await office.relation(**PERSON, btw_filing_period="quarter")
    assert await missing(office, person) >= {"bsn", "ob_number"}
    made(await office.admin.patch("/v1/office", json={"keeps_citizen_numbers": False}), 200)
    assert not await missing(office, person) & {"bsn", "ob_number"}


async def test_a_review_that_is_overdue(office: Tenant) -> None:
    relation = await office.relation(wwft={"review_on": "2020-01-01"})
    assert "wwft_review" in await missing(office, relation)
    made(await office.anna.patch(f"{PATH}/{relation['id']}", json={"wwft": {"review_on": "2099-01-01"}}), 200)
    assert "wwft_review" not in await missing(office, relation)


async def test_for_whom(office: Tenant, other_office: Tenant) -> None:
    relation = await office.relation()
    path = f"{PATH}/{relation['id']}/completeness"
    _, client = await office.linked_contact(relation)
    problem(await client.get(path), 403)
    _, stranger = await office.member(Role.READER)
    for answer in (
        await stranger.get(path),
        await other_office.admin.get(path),
        await office.anna.get(f"{PATH}/{uuid4()}/completeness"),
    ):
        problem(answer, 404)
    assert made(await stranger.get(PATH, params={"missing": "rsin"}), 200)["items"] == []
    problem(await office.anna.get(PATH, params={"missing": "memo"}), 422, None, "/missing")
