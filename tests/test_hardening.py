"""Rules that a hostile client found missing, each held here."""

import json
import time

import httpx
import pytest

from app.access import P, Role
from tests.factories import Tenant, make_family, make_file, upload

pytestmark = pytest.mark.anyio


async def test_a_crowd_of_unknown_names_costs_nothing(anonymous: httpx.AsyncClient) -> None:
    """IN-10: each would be an error of its own, rendered one by one."""
    body = "{" + ",".join(f'"{number:x}":0' for number in range(60_000)) + "}"
    started = time.monotonic()
    answer = await anonymous.post("/v1/auth/tokens", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert len(answer.content) < 2_000
    assert time.monotonic() - started < 5
    some = json.dumps({"x" * 5_000: 0, **{str(number): 0 for number in range(150)}})
    answer = await anonymous.post("/v1/auth/tokens", content=some, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 50
    assert "x" * 300 not in answer.text


@pytest.mark.parametrize("change", [{"status": "blocked"}, {"role": "manager"}])
async def test_keys_end_with_the_administrator_who_made_them(office: Tenant, change: dict[str, str]) -> None:
    """AZ-05."""
    member_id, second = await office.member(Role.ADMINISTRATOR)
    made = await second.post("/v1/api-keys", json={"name": "x", "scopes": [P.RELATIONS_READ]})
    key = office.client(made.json()["key"])
    assert (await key.get("/v1/relations")).status_code == 200
    assert (await office.admin.patch(f"/v1/team-members/{member_id}", json=change)).status_code == 200
    assert (await key.get("/v1/relations")).status_code == 401


async def test_a_form_that_sends_the_same_address_signs_nobody_out(office: Tenant) -> None:
    member_id, member = await office.member(Role.READER)
    email = (await office.admin.get(f"/v1/team-members/{member_id}")).json()["email"]
    assert (await office.admin.patch(f"/v1/team-members/{member_id}", json={"email": email})).status_code == 200
    assert (await member.get("/v1/me")).status_code == 200
    family = await make_family(office)
    same = await office.anna.patch(f"/v1/contacts/{family.henk_id}", json={"email": "henk@example.nl", "phone": "1"})
    assert same.status_code == 200
    assert (await family.henk.get("/v1/me")).status_code == 200


@pytest.mark.bytes
async def test_names_and_places_of_items(office: Tenant) -> None:
    """A name has no path and fits the content; in and out of the Inbox leads only a decision (domain rule 11)."""
    folders = await office.folders(await office.relation())
    stored = (await upload(office.anna, folders["Permanent"], make_file("a.pdf"))).json()["items"][0]["item"]
    path = f"/v1/dossier-items/{stored['id']}"
    for name in ("facturen 2025/2026.pdf", "a\\b.pdf", "a.docx"):
        assert (await office.anna.patch(path, json={"name": name})).status_code == 422, name
    into = await office.anna.patch(path, json={"folder_id": folders["Inbox"]["id"]})
    assert (into.status_code, into.json()["code"]) == (409, "inbox")
    assert (await office.anna.patch(path, json={"folder_id": folders["Intern"]["id"]})).status_code == 200


async def test_an_archived_relation_stays_as_it_is(office: Tenant) -> None:
    relation = await office.relation()
    body = {"relation_id": relation["id"], "subject": "x"}
    talk = (await office.anna.post("/v1/conversations", json=body)).json()
    await office.admin.delete(f"/v1/relations/{relation['id']}")
    answer = await office.anna.patch(f"/v1/conversations/{talk['id']}", json={"subject": "y"})
    assert (answer.status_code, answer.json()["code"]) == (409, "dossier_archived")
