"""`POST /relations/{id}/change-type`: another type is an explicit act (domain.md 3.1; rules 31, 32)."""

from typing import Any

import pytest

from tests.factories import Tenant, hostile
from tests.factories.conventions import made, problem, refuses, refuses_bodies

pytestmark = pytest.mark.anyio

PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "prefix": "de", "surname": "Vries"}


def path(relation: dict[str, Any]) -> str:
    return f"/v1/relations/{relation['id']}/change-type"


async def test_person_becomes_a_business(office: Tenant) -> None:
    person = await office.relation("1", **PERSON, born_on="1970-01-01", bsn="111222333", memo="stays")
    answer = await office.anna.post(path(person), json={"type": "organisation", "legal_form": "sole_trader"})
    business = made(answer, 200)
    assert (business["type"], business["name"], business["legal_form"]) == (
        "organisation",
        "Henk de Vries",
        "sole_trader",
    )
    cleared = ("initials", "first_names", "prefix", "surname", "born_on")
    assert {field: business[field] for field in cleared} == dict.fromkeys(cleared)
    assert (business["fiscal_year_end"], business["bsn"], business["memo"]) == ("12-31", "******333", "stays")
    assert (business["id"], business["dossier_id"]) == (person["id"], person["dossier_id"])
    assert (business["version"], answer.headers["etag"]) == (person["version"] + 1, f'"{business["version"]}"')
    line = (await office.admin.get("/v1/timeline", params={"subject_id": person["id"]})).json()["items"][0]
    assert line["action"] == "relation.type_changed"
    assert (line["data"]["before"], line["data"]["after"]) == ("person", "organisation")
    found = (await office.anna.get("/v1/relations", params={"q": "henk", "type": "organisation"})).json()["items"]
    assert [row["id"] for row in found] == [person["id"]]


async def test_business_becomes_a_person(office: Tenant) -> None:
    business = await office.relation("1", name="Vries", legal_form="sole_trader", employees=3)
    problem(await office.anna.post(path(business), json={"type": "person"}), 422, "type_fields", "/surname")
    named = {"type": "person", "surname": "Vries", "name": "Vries BV"}
    problem(await office.anna.post(path(business), json=named), 422, "type_fields", "/name")
    person = made(await office.anna.post(path(business), json={"type": "person", "surname": "Vries"}), 200)
    cleared = ("legal_form", "employees", "fiscal_year_end")
    assert {field: person[field] for field in cleared} == dict.fromkeys(cleared)
    assert person["name"] == "Vries"


async def test_numbers_that_do_not_fit_refuse_it(office: Tenant) -> None:
    """domain.md 5.3: a person has no RSIN, and a company no BSN."""
    bv = await office.relation("1", rsin="123456782")
    problem(await office.anna.post(path(bv), json={"type": "person", "surname": "x"}), 422, None, "/rsin")
    person = await office.relation("2", **PERSON, bsn="111222333")
    company = {"type": "organisation", "legal_form": "bv"}
    problem(await office.anna.post(path(person), json=company), 422, None, "/bsn")
    problem(await office.anna.post(path(person), json={"type": "internal"}), 422, "type_fields", "/legal_form")
    for relation in (bv, person):
        assert made(await office.anna.get(f"/v1/relations/{relation['id']}"), 200) == relation


async def test_between_the_other_types_all_stays(office: Tenant) -> None:
    relation = await office.relation("1", employees=3)
    supplier = made(await office.anna.post(path(relation), json={"type": "supplier"}), 200)
    changed = ("type", "updated_at", "updated_by", "version")
    assert supplier == relation | {field: supplier[field] for field in changed}
    problem(await office.anna.post(path(relation), json={"type": "supplier"}), 409, "same_type")


async def test_bad_input_stale_and_archived(office: Tenant) -> None:
    relation = await office.relation("1")
    body = {"type": "supplier"}
    cases: dict[str, Any] = {"type": hostile.one_of("supplier"), "name": hostile.NO_LINE, "surname": hostile.NO_LINE}
    await refuses(office.anna, "POST", path(relation), body, cases)
    await refuses_bodies(office.anna, "POST", path(relation), body)
    problem(await office.anna.post(path(relation), json=body, headers={"If-Match": '"9"'}), 412, "stale")
    await office.admin.delete(f"/v1/relations/{relation['id']}")
    problem(await office.anna.post(path(relation), json=body), 409, "archived")
