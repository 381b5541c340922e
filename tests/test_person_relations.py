"""`POST /contacts/{id}/person-relation`: a partner's own relation for his income tax (domain rules 32, 33, 35)."""

import pytest

from app.access import P, Role
from tests.factories import Tenant, make_family
from tests.factories.conventions import made, problem
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PIET = {
    "number": "C9",
    "email": "piet@example.nl",
    "initials": "P.",
    "first_names": "Piet",
    "prefix": "de",
    "surname": "Groot",
    "phone": "+31 20 555 01 00",
}


async def piet(office: Tenant) -> str:
    contact_id: str = made(await office.anna.post("/v1/contacts", json=PIET))["id"]
    return contact_id


async def test_below_the_business(office: Tenant) -> None:
    business = await office.relation("100", rsin="123456782", kvk_number="69599084", email="info@zaak.nl")
    await office.relation("100.1")
    contact_id = await piet(office)
    answer = await office.anna.post(f"/v1/contacts/{contact_id}/person-relation", json={"parent_id": business["id"]})
    relation = made(answer)
    assert answer.headers["location"] == f"/v1/relations/{relation['id']}"
    expected = {"number": "100.2", "type": "person", "name": "Piet de Groot", "parent_id": business["id"]}
    copied = {name: PIET[name] for name in ("initials", "first_names", "prefix", "surname", "email", "phone")}
    empty = dict.fromkeys(("bsn", "rsin", "ob_number", "vat_id", "kvk_number", "legal_form"))
    assert relation.items() >= (expected | copied | empty).items()
    links = made(await office.anna.get(f"/v1/contacts/{contact_id}/relations"), 200)["items"]
    assert [(link["relation"]["id"], link["portal_access"]) for link in links] == [(relation["id"], False)]
    assert made(await office.anna.get(f"/v1/relations/{relation['id']}/dossier"), 200)["id"] == relation["dossier_id"]


async def test_by_itself_and_opened_to_him(office: Tenant) -> None:
    family = await make_family(office)
    body = {"portal_access": True}
    second = await office.anna.post(f"/v1/contacts/{family.henk_id}/person-relation", json=body)
    problem(second, 409, "person_relation_exists")
    contact_id = await piet(office)
    relation = made(await office.anna.post(f"/v1/contacts/{contact_id}/person-relation", json=body))
    client = await office.contact(contact_id)
    assert [row["id"] for row in made(await client.get("/v1/relations"), 200)["items"]] == [relation["id"]]


async def test_who_has_but_a_mobile_number(office: Tenant) -> None:
    """It is what he is reached at, so the relation has it."""
    mobile = {"phone": None, "mobile": "06 12345678"}
    contact = made(await office.anna.post("/v1/contacts", json=PIET | mobile))
    relation = made(await office.anna.post(f"/v1/contacts/{contact['id']}/person-relation", json={}))
    assert (relation["phone"], relation["phone_e164"]) == ("06 12345678", "+31612345678")


async def test_once(office: Tenant) -> None:
    """Whoever does it twice, or at the same time as somebody else, does it once."""
    contact_id = await piet(office)
    path = f"/v1/contacts/{contact_id}/person-relation"
    answers = await at_once(*(office.anna.post(path, json={}) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert len(made(await office.anna.get("/v1/relations"), 200)["items"]) == 1


async def test_idempotency(office: Tenant) -> None:
    path, key = f"/v1/contacts/{await piet(office)}/person-relation", {"Idempotency-Key": "k"}
    first, again = [await office.anna.post(path, json={}, headers=key) for _ in range(2)]
    assert made(first) == made(again)
    assert again.headers["idempotency-replayed"] == "true"


async def test_who_may(office: Tenant, other_office: Tenant) -> None:
    contact_id = await piet(office)
    path = f"/v1/contacts/{contact_id}/person-relation"
    problem(await other_office.admin.post(path, json={}), 404)
    _, reader = await office.member(Role.READER)
    problem(await reader.post(path, json={}), 403)
    problem(await (await office.key(P.RELATIONS_WRITE, P.CONTACTS_READ)).post(path, json={}), 403)
    foreign = await other_office.relation("1")
    problem(await office.anna.post(path, json={"parent_id": foreign["id"]}), 422, None, "/parent_id")
    for wrong in ({"bsn": "111222333"}, {"portal_access": 1}, {"parent_id": "x"}):
        problem(await office.anna.post(path, json=wrong), 422)
    assert made(await office.anna.get("/v1/relations"), 200)["items"] == []
    assert (await (await office.key(P.RELATIONS_WRITE, P.CONTACT_LINKS_WRITE)).post(path, json={})).status_code == 201
