"""Labels, products, kinds and groups of relations: the lists that an office keeps itself (domain.md 3.1; rule 37)."""

from typing import Any
from uuid import uuid4

import pytest

from app.access import Role
from tests.factories import Tenant, hostile
from tests.factories.conventions import (
    keeps_etag,
    keeps_idempotency,
    made,
    pages,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
)
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

LISTS = ("labels", "products", "relation-kinds", "relation-groups")


@pytest.fixture(params=LISTS)
def path(request: pytest.FixtureRequest) -> str:
    return f"/v1/{request.param}"


async def test_life_of_an_entry(office: Tenant, path: str) -> None:
    answer = await office.admin.post(path, json={"name": " Salaris Čapek "})
    entry = made(answer)
    assert answer.headers["location"] == f"{path}/{entry['id']}"
    assert (entry["name"], entry["is_archived"], entry["version"]) == ("Salaris Čapek", False, 1)
    assert made(await office.anna.get(f"{path}/{entry['id']}"), 200) == entry
    await keeps_etag(office.admin, f"{path}/{entry['id']}", {"name": "Loon"})
    problem(await office.admin.delete(f"{path}/{entry['id']}", headers={"If-Match": '"1"'}), 412, "stale")
    assert (await office.admin.delete(f"{path}/{entry['id']}")).status_code == 204
    problem(await office.admin.get(f"{path}/{entry['id']}"), 404)
    kind = path.removeprefix("/v1/").removesuffix("s").replace("-", "_")
    lines = (await office.admin.get("/v1/timeline", params={"subject_id": entry["id"], "sort": "at"})).json()["items"]
    assert [line["action"] for line in lines] == [f"{kind}.created", f"{kind}.changed", f"{kind}.deleted"]


async def test_a_name_is_unique_without_case_and_accents(office: Tenant, other_office: Tenant, path: str) -> None:
    first = made(await office.admin.post(path, json={"name": "Café"}))
    problem(await office.admin.post(path, json={"name": "CAFE"}), 409, "taken", "/name")
    second = made(await office.admin.post(path, json={"name": "Bar"}))
    problem(await office.admin.patch(f"{path}/{second['id']}", json={"name": "cafe"}), 409, "taken", "/name")
    made(await office.admin.patch(f"{path}/{first['id']}", json={"name": "CAFÉ"}), 200)
    made(await other_office.admin.post(path, json={"name": "Café"}))
    raced = await at_once(*(office.admin.post(path, json={"name": "Tegelijk"}) for _ in range(10)))
    assert sorted(answer.status_code for answer in raced) == [201] + 9 * [409]


async def test_list_and_its_filter(office: Tenant, path: str) -> None:
    names = ["b", "Á", "c"]
    ids = [made(await office.admin.post(path, json={"name": name}))["id"] for name in names]
    await pages(office.anna, path, "name", ("name", ["Á", "b", "c"]))
    made(await office.admin.patch(f"{path}/{ids[0]}", json={"is_archived": True}), 200)
    for asked, expected in (("true", ["b"]), ("false", ["Á", "c"])):
        rows = made(await office.anna.get(path, params={"is_archived": asked}), 200)["items"]
        assert [row["name"] for row in rows] == expected
    await refuses_parameters(office.anna, path, "is_archived=1", "is_archived=")


async def test_bad_input(office: Tenant, path: str) -> None:
    body = {"name": "x"}
    cases: dict[str, Any] = {"name": (*hostile.NO_LINE, "null")}
    await refuses(office.admin, "POST", path, body, cases)
    await refuses_bodies(office.admin, "POST", path, body)
    entry = made(await office.admin.post(path, json=body))
    change: dict[str, Any] = {**cases, "is_archived": hostile.NO_BOOL}
    await refuses(office.admin, "PATCH", f"{path}/{entry['id']}", {}, change)
    counter = iter(range(100))
    await keeps_idempotency(office.admin, path, lambda: {"name": f"n{next(counter)}"})


async def test_others_see_nothing_and_staff_below_managers_changes_nothing(
    office: Tenant, other_office: Tenant, path: str
) -> None:
    entry = made(await office.admin.post(path, json={"name": "x"}))
    for answer in (
        await other_office.admin.get(f"{path}/{entry['id']}"),
        await other_office.admin.patch(f"{path}/{entry['id']}", json={"name": "y"}),
        await other_office.admin.delete(f"{path}/{entry['id']}"),
        await office.admin.get(f"{path}/{uuid4()}"),
    ):
        problem(answer, 404)
    assert made(await other_office.admin.get(path), 200)["items"] == []
    _, manager = await office.member(Role.MANAGER)
    problem(await office.anna.post(path, json={"name": "y"}), 403)
    problem(await office.anna.delete(f"{path}/{entry['id']}"), 403)
    _, client = await office.linked_contact(await office.relation())
    problem(await client.get(path), 403)
    assert (await manager.delete(f"{path}/{entry['id']}")).status_code == 204


@pytest.mark.parametrize(
    ("name", "field"),
    [("labels", "label_ids"), ("products", "products"), ("relation-kinds", "kind_id"), ("relation-groups", "group_id")],
)
async def test_in_use_it_stays_and_archived_it_is_not_offered(
    office: Tenant, other_office: Tenant, name: str, field: str
) -> None:
    def value(entry: dict[str, Any]) -> Any:
        return {"label_ids": [entry["id"]], "products": [{"product_id": entry["id"]}]}.get(field, entry["id"])

    entry, other = [made(await office.admin.post(f"/v1/{name}", json={"name": word})) for word in "ab"]
    relation = await office.relation(**{field: value(entry)})
    problem(await office.admin.delete(f"/v1/{name}/{entry['id']}"), 409, "in_use")
    for used in (entry, other):
        made(await office.admin.patch(f"/v1/{name}/{used['id']}", json={"is_archived": True}), 200)
    relation_path = f"/v1/relations/{relation['id']}"
    made(await office.anna.patch(relation_path, json={field: value(entry), "memo": "stays"}), 200)
    refused = problem(await office.anna.patch(relation_path, json={field: value(other)}), 422, "archived")
    assert refused["errors"][0]["pointer"].startswith(f"/{field}")
    theirs = made(await other_office.admin.post(f"/v1/{name}", json={"name": "theirs"}))
    problem(await office.anna.patch(relation_path, json={field: value(theirs)}), 422, "unknown")
    made(await office.anna.patch(relation_path, json={field: None}), 200)
    assert (await office.admin.delete(f"/v1/{name}/{entry['id']}")).status_code == 204


async def test_a_product_says_which_return_it_leads_to(office: Tenant) -> None:
    product = made(await office.admin.post("/v1/products", json={"name": "Btw", "filing_type": "vat"}))
    assert product["filing_type"] == "vat"
    path = f"/v1/products/{product['id']}"
    assert made(await office.admin.patch(path, json={"filing_type": None}), 200)["filing_type"] is None
    problem(await office.admin.patch(path, json={"filing_type": "VAT"}), 422, None, "/filing_type")
