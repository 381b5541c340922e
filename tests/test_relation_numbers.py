"""Numbers that the server proposes (domain rules 35, 36, 39)."""

from typing import Any

import pytest

from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
BODY = {"type": "organisation", "name": "x", "legal_form": "bv"}


async def proposed(office: Tenant, parent_id: str | None = None) -> str:
    number: str = made(await office.anna.post(PATH, json=BODY | {"parent_id": parent_id}))["number"]
    return number


async def test_the_next_one(office: Tenant) -> None:
    assert await proposed(office) == "1"
    for given, following in (("99", "100"), ("100.7", "101"), ("0250", "251"), ("KL-900", "252"), ("300a", "301")):
        await office.relation(given)
        assert await proposed(office) == following


async def test_the_next_below_its_parent(office: Tenant) -> None:
    """100.1, 100.2, …, 100.10; gaps stay, and what lies deeper or beside does not count."""
    parent = await office.relation("100")
    assert [await proposed(office, parent["id"]) for _ in range(3)] == ["100.1", "100.2", "100.3"]
    for other in ("100.9", "100.3.7", "1000.50", "100-60", "100.x"):
        await office.relation(other)
    assert [await proposed(office, parent["id"]) for _ in range(2)] == ["100.10", "100.11"]


async def test_of_numbers_that_the_caller_does_not_see(office: Tenant, other_office: Tenant) -> None:
    """Unique in the office, whoever asks; other offices count for nothing."""
    body = {**BODY, "number": "50"}
    assert (await office.admin.post(PATH, json=body)).status_code == 201
    await other_office.relation("900")
    assert await proposed(office) == "51"


async def test_many_at_once(office: Tenant) -> None:
    parent = await office.relation("100")
    answers = await at_once(*(office.anna.post(PATH, json=BODY | {"parent_id": parent["id"]}) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 8


async def test_a_number_that_is_given_must_be_one(office: Tenant) -> None:
    problem(await office.anna.post(PATH, json=BODY | {"number": " "}), 422)
    assert made(await office.anna.post(PATH, json=BODY | {"number": None}))["number"] == "1"


@pytest.mark.parametrize("odd", ["２００", "2024010112345678", "99999999999999999999", "000300", "7a9"])
async def test_odd_numbers_do_not_stop_the_next(office: Tenant, odd: str) -> None:
    """One number, however written, must not cost the office its proposals."""
    for path, body in (
        ("/v1/relations", {"type": "organisation", "name": "x", "legal_form": "bv"}),
        ("/v1/contacts", {"surname": "x"}),
    ):

        def new(place: int, body: dict[str, Any] = body, **values: str) -> dict[str, Any]:
            return body | values | ({"email": f"{place}@x.nl"} if "surname" in body else {})

        made(await office.anna.post(path, json=new(0, number=odd)))
        numbers = [made(await office.anna.post(path, json=new(place)))["number"] for place in (1, 2, 3)]
        assert [int(number) - int(numbers[0]) for number in numbers] == [0, 1, 2]


async def test_children_however_their_numbers_are_written(office: Tenant) -> None:
    above = await office.relation("300")
    for number in ("300.1", "300.５", "0300.7"):
        await office.relation(number)
    assert (await office.relation(number=None, parent_id=above["id"]))["number"] == "300.8"


async def test_a_proposal_that_would_be_too_long_is_refused(office: Tenant) -> None:
    above = await office.relation("9" * 50)
    body = {"type": "person", "surname": "x", "parent_id": above["id"]}
    problem(await office.anna.post("/v1/relations", json=body), 422, "number_too_long", "/number")
    problem(await office.anna.post("/v1/relations", json=body | {"parent_id": None}), 422, "number_too_long", "/number")
