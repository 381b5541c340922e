"""Archiving relations and taking them back (archiveren, terugzetten): domain.md 6; BSN-07."""

from typing import Any

import pytest

from app.access import Role
from tests.factories import Tenant
from tests.factories.conventions import made, problem

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
PERSON: dict[str, Any] = {"type": "person", "name": None, "legal_form": None, "surname": "Vries"}


async def test_an_archived_relation_is_taken_back_with_its_dossier(office: Tenant) -> None:
    relation = await office.relation()
    _, client = await office.linked_contact(relation)
    path = f"{PATH}/{relation['id']}"
    problem(await office.admin.post(f"{path}/restore"), 409, "not_archived")
    assert (await office.admin.delete(path)).status_code == 204
    problem(await client.get(path), 404)
    problem(await office.anna.post(f"{path}/restore"), 403)
    problem(await office.admin.post(f"{path}/restore", headers={"If-Match": '"1"'}), 412, "stale")
    restored = made(await office.admin.post(f"{path}/restore"), 200)
    assert (restored["archived_at"], restored["version"]) == (None, relation["version"] + 2)
    assert made(await client.get(path), 200)["id"] == relation["id"]
    assert made(await client.get(f"{path}/dossier"), 200)["id"] == relation["dossier_id"]
    made(await office.anna.patch(path, json={"memo": "again"}), 200)


async def test_numbers_of_an_archived_relation_can_be_erased_and_nothing_else(office: Tenant) -> None:
    relation = await office.relation(**PERSON, bsn="111222333", external_ids={"afas": "1", "exact": "1"})
    path = f"{PATH}/{relation['id']}"
    await office.admin.delete(path)
    for body in ({"memo": "x"}, {"bsn": None, "memo": None}, {"bsn": "999990019"}, {}):
        problem(await office.anna.patch(path, json=body), 409, "archived")
    one = made(await office.anna.patch(path, json={"external_ids": {"exact": None}}), 200)
    assert one["external_ids"] == {"afas": "1"}
    erased = made(await office.anna.patch(path, json={"bsn": None, "external_ids": None}), 200)
    assert (erased["bsn"], erased["bsn_purpose"], erased["external_ids"]) == (None, None, {})
    await office.relation("7", external_ids={"afas": "1"})


async def test_nothing_is_put_below_an_archived_relation(office: Tenant) -> None:
    above, other = await office.relation("1"), await office.relation("2")
    await office.admin.delete(f"{PATH}/{above['id']}")
    refused = await office.anna.patch(f"{PATH}/{other['id']}", json={"parent_id": above["id"]})
    problem(refused, 422, "archived", "/parent_id")


async def test_not_yours(office: Tenant, other_office: Tenant) -> None:
    relation = await office.relation()
    path = f"{PATH}/{relation['id']}/restore"
    await office.admin.delete(f"{PATH}/{relation['id']}")
    problem(await other_office.admin.post(path), 404)
    _, mutator = await office.member(Role.MUTATOR)
    problem(await mutator.post(path), 403)
