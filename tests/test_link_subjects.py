"""Per subject of a link: who is addressed, who may approve, who is UBO (domain.md 3.3)."""

from typing import Any, get_args

import pytest

from app.schemas.relation_identifiers import FilingType
from tests.factories import Tenant, hostile
from tests.factories.conventions import made, problem, refuses
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

TYPES = list(get_args(get_args(FilingType)[0]))
NO_SUBJECTS = (*hostile.NO_TEXT[:3], "null", "{}", '"vat"', "[5]", "[null]", '["tax"]', '["VAT"]', '[["vat"]]')


async def links(office: Tenant, count: int) -> list[str]:
    """The paths of so many links of one relation of Anna's."""
    relation = await office.relation("100")
    paths = []
    for place in range(count):
        body = {"number": str(place), "email": f"c{place}@vries.nl", "surname": "Vries"}
        contact = made(await office.anna.post("/v1/contacts", json=body))
        paths.append(f"/v1/relations/{relation['id']}/contacts/{contact['id']}")
        made(await office.anna.put(paths[-1], json={}))
    return paths


async def held(office: Tenant, path: str) -> tuple[bool, list[str]]:
    link = made(await office.anna.get(path), 200)
    return link["is_preferred"], link["preferred_for"]


async def changes(office: Tenant, path: str) -> list[str]:
    """Whose links changed, by the relation's timeline, in order."""
    params: dict[str, Any] = {"relation_id": path.split("/")[3], "limit": 200}
    events = made(await office.admin.get("/v1/timeline", params=params), 200)["items"]
    return [event["data"]["contact_id"] for event in events[::-1] if event["action"] == "contact_link.changed"]


async def test_each_once_and_in_order(office: Tenant) -> None:
    """Whatever the order they are given in; every type of filing is one."""
    (path,) = await links(office, 1)
    every = {"preferred_for": TYPES[::-1], "may_approve": TYPES[::-1], "is_ubo": True}
    link = made(await office.anna.patch(path, json=every), 200)
    assert (link["preferred_for"], link["may_approve"], link["is_ubo"]) == (TYPES, TYPES, True)
    body = {"preferred_for": ["vat", "income_tax", "vat"], "may_approve": ["vat", "vat"]}
    link = made(await office.anna.put(path, json=body), 200)
    assert (link["preferred_for"], link["may_approve"], link["is_ubo"]) == (["income_tax", "vat"], ["vat"], False)
    same = made(await office.anna.patch(path, json={"preferred_for": ["vat", "income_tax"]}), 200)
    assert same == link  # nothing changed, so not even the version
    cleared = made(await office.anna.patch(path, json={"preferred_for": [], "may_approve": []}), 200)
    assert (cleared["preferred_for"], cleared["may_approve"]) == ([], [])


async def test_who_gets_a_subject_takes_it_from_who_has_it(office: Tenant) -> None:
    """And only that subject, only in this relation, with a line for each of the two."""
    first, second = await links(office, 2)
    elsewhere = await office.relation("200")
    other = f"/v1/relations/{elsewhere['id']}/contacts/{first.rpartition('/')[2]}"
    made(await office.anna.put(other, json={"preferred_for": ["vat"], "is_preferred": True}))
    made(await office.anna.patch(first, json={"preferred_for": ["vat", "payroll_tax"], "is_preferred": True}), 200)
    tag = (await office.anna.get(first)).headers["etag"]
    before = len(await changes(office, first))
    made(await office.anna.patch(second, json={"preferred_for": ["vat", "income_tax"]}), 200)
    assert await held(office, first) == (True, ["payroll_tax"])
    assert await held(office, second) == (False, ["income_tax", "vat"])
    assert await held(office, other) == (True, ["vat"])
    ids = [path.rpartition("/")[2] for path in (first, second)]
    assert (await changes(office, first))[before:] == ids
    problem(await office.anna.patch(first, json={"function": "dga"}, headers={"If-Match": tag}), 412, "stale")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_one_preferred_contact(office: Tenant, method: str) -> None:
    first, second = await links(office, 2)
    for winner, loser in ((first, second), (second, first), (first, second)):
        made(await office.anna.request(method, winner, json={"is_preferred": True}), 200)
        assert (await held(office, winner), await held(office, loser)) == ((True, []), (False, []))
    made(await office.anna.request(method, first, json={"is_preferred": False}), 200)
    assert await held(office, first) == (False, [])


async def test_a_new_link_that_takes_it(office: Tenant) -> None:
    (first,) = await links(office, 1)
    made(await office.anna.patch(first, json={"is_preferred": True, "preferred_for": ["vat"]}), 200)
    contact = made(await office.anna.post("/v1/contacts", json={"number": "9", "email": "n@b.nl", "surname": "New"}))
    new = f"{first.rpartition('/')[0]}/{contact['id']}"
    made(await office.anna.put(new, json={"is_preferred": True, "preferred_for": ["vat"]}))
    assert (await held(office, first), await held(office, new)) == ((False, []), (True, ["vat"]))


async def test_many_want_it_at_once(office: Tenant) -> None:
    """One of them has it in the end, and none was refused."""
    paths = await links(office, 6)
    wanted: dict[str, Any] = {"is_preferred": True, "preferred_for": ["vat", "income_tax"]}
    calls = [office.anna.patch(path, json=wanted) for path in paths] + [
        office.anna.put(path, json=wanted) for path in paths
    ]
    assert {answer.status_code for answer in await at_once(*calls)} == {200}
    now = sorted([await held(office, path) for path in paths])
    assert now == [(False, [])] * 5 + [(True, ["income_tax", "vat"])]


async def test_hostile_values(office: Tenant) -> None:
    """IN-01, IN-03: a list of known types; a crowd of them is refused as a whole."""
    (path,) = await links(office, 1)
    crowd = "[" + ", ".join(['"vat"'] * 10_000) + "]"
    cases = {
        "preferred_for": (*NO_SUBJECTS, crowd),
        "may_approve": (*NO_SUBJECTS, crowd),
        "is_ubo": hostile.NO_BOOL,
    }
    before = made(await office.anna.get(path), 200)
    for method in ("PUT", "PATCH"):
        await refuses(office.anna, method, path, {}, cases)
    assert made(await office.anna.get(path), 200) == before
