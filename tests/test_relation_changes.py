"""Changing and archiving relations (relaties), and who sees which."""

from typing import Any

import pytest

from app.access import P, Role
from tests.factories import Tenant, hostile
from tests.factories.conventions import keeps_etag, made, problem, refuses, refuses_bodies
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}


class TestUpdate:
    async def test_merge_patch(self, office: Tenant) -> None:
        relation = await office.relation("1", memo="weg", phone="020", email="a@b.nl")
        path = f"{PATH}/{relation['id']}"
        change = {"memo": None, "name": "  Anders ", "number": "2", "status": "left", "legal_form": "nv"}
        changed = made(await office.anna.patch(path, json=change), 200)
        expected = relation | change | {"name": "Anders", "version": 2, "updated_at": changed["updated_at"]}
        expected["updated_by"] = "Anna Jansen"
        assert changed == expected
        assert changed["updated_at"] > relation["updated_at"]
        assert made(await office.anna.get(path), 200) == expected

    async def test_person_is_renamed_by_the_parts(self, office: Tenant) -> None:
        path = f"{PATH}/{(await office.relation('1', **PERSON))['id']}"
        assert made(await office.anna.patch(path, json={"prefix": "de"}), 200)["name"] == "Henk de Vries"
        assert made(await office.anna.patch(path, json={"first_names": None}), 200)["name"] == "de Vries"
        found = (await office.anna.get(PATH, params={"q": "de vries"})).json()["items"]
        assert [row["name"] for row in found] == ["de Vries"]

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-03, IN-04; null where a field can not be without a value."""
        organisation, person = await office.relation("1"), await office.relation("2", **PERSON)
        cases = {
            "number": (*hostile.NO_NUMBER, "null"),
            "name": (*hostile.NO_LINE, "null"),
            "legal_form": hostile.one_of("bv"),
            "status": hostile.one_of("active"),
            "email": hostile.NO_EMAIL,
            "phone": hostile.NO_OPTIONAL_LINE,
            "memo": hostile.NO_LONG_TEXT,
            "parent_id": hostile.NO_ID,
            "surname": ('"Vries"',),
            "type": ('"person"', '"organisation"', "null"),
            "dossier_id": ("null", f'"{person["dossier_id"]}"'),
            "archived_at": ("null",),
        }
        path = f"{PATH}/{organisation['id']}"
        await refuses(office.anna, "PATCH", path, {}, cases)
        await refuses_bodies(office.anna, "PATCH", path, {})
        assert made(await office.anna.get(path), 200) == organisation
        path = f"{PATH}/{person['id']}"
        await refuses(office.anna, "PATCH", path, {}, {"surname": (*hostile.NO_LINE, "null"), "name": ('"Henk"',)})
        assert made(await office.anna.get(path), 200) == person

    async def test_number_is_taken(self, office: Tenant) -> None:
        await office.relation("Ab")
        relation = await office.relation("2")
        path = f"{PATH}/{relation['id']}"
        problem(await office.anna.patch(path, json={"number": "aB"}), 409, "taken", "/number")
        assert made(await office.anna.get(path), 200) == relation

    async def test_etag(self, office: Tenant) -> None:
        relation = await office.relation("1")
        await keeps_etag(office.anna, f"{PATH}/{relation['id']}", {"name": "Anders"})

    async def test_a_weak_tag_is_none(self, office: Tenant) -> None:
        """RFC 9110 13.1.1."""
        path = f"{PATH}/{(await office.relation('1'))['id']}"
        tag = (await office.anna.get(path)).headers["etag"]
        problem(await office.anna.patch(path, json={"name": "A"}, headers={"If-Match": f"W/{tag}"}), 412, "stale")
        assert (await office.anna.get(path, headers={"If-None-Match": f"W/{tag}"})).status_code == 304

    async def test_what_changes_nothing_is_no_change(self, office: Tenant) -> None:
        """No new version, and no line in the history."""
        relation = await office.relation("1", memo="x")
        path = f"{PATH}/{relation['id']}"
        history = f"/v1/timeline?relation_id={relation['id']}"
        before = made(await office.anna.get(history), 200)
        for change in ({}, {"memo": "x", "number": "1"}):
            assert made(await office.anna.patch(path, json=change), 200) == relation
        assert made(await office.anna.get(history), 200) == before

    async def test_one_of_many_with_the_same_tag_wins(self, office: Tenant) -> None:
        path = f"{PATH}/{(await office.relation('1'))['id']}"
        calls = (office.anna.patch(path, json={"memo": str(n)}, headers={"If-Match": '"1"'}) for n in range(10))
        answers = await at_once(*calls)
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9
        winner = next(answer.json() for answer in answers if answer.status_code == 200)
        assert made(await office.anna.get(path), 200) == winner

    async def test_no_ring_of_parents(self, office: Tenant) -> None:
        one, two = await office.relation("1"), await office.relation("2")
        three = await office.relation("3", parent_id=two["id"])
        path = f"{PATH}/{two['id']}"
        for parent in (two, three):
            problem(await office.anna.patch(path, json={"parent_id": parent["id"]}), 422, "ring", "/parent_id")
        made(await office.anna.patch(path, json={"parent_id": one["id"]}), 200)
        problem(await office.anna.patch(f"{PATH}/{one['id']}", json={"parent_id": three["id"]}), 422, "ring")
        assert made(await office.anna.patch(path, json={"parent_id": None}), 200)["parent_id"] is None

    async def test_no_ring_of_parents_by_two_at_once(self, office: Tenant) -> None:
        """AZ-06: each alone would be right, both together are not."""
        for place in range(5):
            one, two = await office.relation(f"{place}.1"), await office.relation(f"{place}.2")
            answers = await at_once(
                office.anna.patch(f"{PATH}/{one['id']}", json={"parent_id": two["id"]}),
                office.anna.patch(f"{PATH}/{two['id']}", json={"parent_id": one["id"]}),
            )
            assert sorted(answer.status_code for answer in answers) == [200, 422]


class TestArchive:
    async def test_closed_to_clients_and_to_changes(self, office: Tenant) -> None:
        """domain.md 6: archived, never deleted. AZ-05: clients lose it at once."""
        relation = await office.relation("1")
        path = f"{PATH}/{relation['id']}"
        contact_id, henk = await office.linked_contact(relation)
        assert (await henk.get(path)).status_code == 200
        problem(await office.admin.delete(path, headers={"If-Match": '"9"'}), 412)
        gone = await office.admin.delete(path, headers={"If-Match": '"1"'})
        assert (gone.status_code, gone.content) == (204, b"")
        for hidden in (path, f"{path}/dossier", f"/v1/dossiers/{relation['dossier_id']}"):
            problem(await henk.get(hidden), 404)
        for listed in (PATH, "/v1/dossiers"):
            assert (await henk.get(listed)).json()["items"] == []
        kept = made(await office.anna.get(path), 200)
        assert kept["archived_at"] is not None
        dossier = made(await office.anna.get(f"{path}/dossier"), 200)
        assert dossier["archived_at"] == kept["archived_at"]
        problem(await office.admin.delete(path), 409, "archived")
        problem(await office.anna.patch(path, json={"name": "Anders"}), 409, "archived")
        problem(await office.anna.put(f"{path}/contacts/{contact_id}", json={"portal_access": True}), 409, "archived")
        problem(await office.anna.post(f"/v1/dossiers/{dossier['id']}/folders", json={"name": "x"}), 409)
        assert made(await office.anna.get(path), 200) == kept
        problem(await office.anna.post(PATH, json={"number": "1", **PERSON}), 409, "taken", "/number")

    async def test_once_of_many(self, office: Tenant) -> None:
        path = f"{PATH}/{(await office.relation('1'))['id']}"
        answers = await at_once(*(office.admin.delete(path) for _ in range(5)))
        assert {answer.status_code for answer in answers} <= {204, 409, 412}
        assert sum(answer.status_code == 204 for answer in answers) == 1


class TestAccess:
    async def test_role_on_the_relation_opens_it(self, office: Tenant, other_office: Tenant) -> None:
        """AZ-02, AZ-03, domain.md 4.1: the permission and a role on the relation; managers need no role."""
        relation = await office.relation("1")
        path = f"{PATH}/{relation['id']}"
        _, reader = await office.member(Role.READER)
        _, mutator = await office.member(Role.MUTATOR)
        _, manager = await office.member(Role.MANAGER)
        contact_id, henk = await office.linked_contact(await office.relation("2"))
        for stranger in (reader, mutator, henk, other_office.admin, other_office.anna):
            missing = await stranger.get(f"{PATH}/{contact_id}")
            hidden = await stranger.get(path)
            assert problem(hidden, 404) | {"request_id": ""} == problem(missing, 404) | {"request_id": ""}
            assert relation["number"] not in [row["number"] for row in (await stranger.get(PATH)).json()["items"]]
        for member in (mutator, other_office.anna, other_office.admin):
            problem(await member.patch(path, json={"name": "x"}), 404)
        problem(await reader.patch(path, json={"name": "x"}), 403)
        problem(await henk.patch(path, json={"name": "x"}), 403)
        problem(await office.anna.delete(path), 403)
        problem(await other_office.admin.delete(path), 404)
        assert made(await manager.get(path), 200) == made(await office.admin.get(path), 200) == relation
        assert (await manager.delete(path)).status_code == 204

    async def test_contact_reads_the_outside_only(self, office: Tenant) -> None:
        """AZ-04, DOM-01: a client's words have no memo, status or link to other relations."""
        relation = await office.relation("1", memo="intern", email="a@b.nl")
        _, henk = await office.linked_contact(relation)
        expected: dict[str, Any] = {key: relation[key] for key in ("id", "number", "type", "name", "dossier_id")}
        assert made(await henk.get(f"{PATH}/{relation['id']}"), 200) == expected
        assert (await henk.get(PATH)).json()["items"] == [expected]

    async def test_keys_within_their_scopes(self, office: Tenant) -> None:
        relation = await office.relation("1")
        path = f"{PATH}/{relation['id']}"
        reading, writing = await office.key(P.RELATIONS_READ), await office.key(P.RELATIONS_WRITE)
        assert made(await reading.get(path), 200) == relation
        problem(await reading.patch(path, json={"name": "x"}), 403)
        problem(await writing.get(path), 403)
        assert made(await writing.patch(path, json={"name": "x"}), 200)["name"] == "x"
        by_key = made(await writing.post(PATH, json={"number": "2", **PERSON}))
        assert (await office.anna.get(f"{PATH}/{by_key['id']}")).status_code == 404
        assert made(await office.admin.get(f"{PATH}/{by_key['id']}"), 200) == by_key

    @pytest.mark.parametrize("odd", ["1", "not-an-id", "%00", "00000000-0000-0000-0000-000000000000", "🙂", "a" * 3000])
    async def test_ids_that_name_nothing(self, office: Tenant, odd: str) -> None:
        """IN-03."""
        problem(await office.admin.get(f"{PATH}/{odd}"), 404, "not_found")
        problem(await office.admin.patch(f"{PATH}/{odd}", json={"name": "x"}), 404, "not_found")
