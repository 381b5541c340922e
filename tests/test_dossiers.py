"""Dossiers: domain rules 5, 6, 24; every relation has exactly one."""

import pytest

from app.access import P, Role
from tests.factories import Tenant, make_family
from tests.factories.conventions import made, pages, problem, refuses_parameters

pytestmark = pytest.mark.anyio

PATH = "/v1/dossiers"


class TestRead:
    async def test_exact_fields(self, office: Tenant) -> None:
        relation = await office.relation("7", name="Bakkerij")
        path = f"{PATH}/{relation['dossier_id']}"
        dossier = made(await office.anna.get(path), 200)
        expected = {
            "id": relation["dossier_id"],
            "relation_id": relation["id"],
            "relation_number": "7",
            "relation_name": "Bakkerij",
        }
        assert dossier == expected | {"archived_at": None, "version": dossier["version"]}
        assert made(await office.anna.get(f"/v1/relations/{relation['id']}/dossier"), 200) == dossier
        _, henk = await office.linked_contact(relation)
        assert made(await henk.get(path), 200) == expected
        assert made(await henk.get(f"/v1/relations/{relation['id']}/dossier"), 200) == expected
        assert (await henk.get(PATH)).json()["items"] == [expected]

    async def test_entity_tag_follows_what_is_shown(self, office: Tenant) -> None:
        """A strong tag: another name of the relation is another answer (RFC 9110 8.8.1)."""
        relation = await office.relation("7")
        for path in (f"{PATH}/{relation['dossier_id']}", f"/v1/relations/{relation['id']}/dossier"):
            before = await office.anna.get(path)
            tag = {"If-None-Match": before.headers["etag"]}
            assert (await office.anna.get(path, headers=tag)).status_code == 304
            name = f"Anders {len(path)}"
            made(await office.anna.patch(f"/v1/relations/{relation['id']}", json={"name": name}), 200)
            assert made(await office.anna.get(path, headers=tag), 200)["relation_name"] == name

    async def test_nobody_makes_changes_or_deletes_one(self, office: Tenant) -> None:
        """Rule 24: it comes with its relation."""
        relation = await office.relation("7")
        path = f"{PATH}/{relation['dossier_id']}"
        for method, target in (("POST", PATH), ("PATCH", path), ("DELETE", path), ("PUT", path)):
            refused = problem(await office.admin.request(method, target, json={}), 405, "method_not_allowed")
            assert refused["title"]


class TestList:
    async def test_pages(self, office: Tenant) -> None:
        for number in ("3", "1", "2"):
            await office.relation(number)
        await pages(office.anna, PATH, "relation_number", ("created_at", ["3", "1", "2"]))
        await refuses_parameters(office.anna, PATH, "q=1", "archived=true", "sort=number")


class TestAccess:
    async def test_whose_it_is(self, office: Tenant, other_office: Tenant) -> None:
        """AZ-02, AZ-03, rule 33."""
        family = await make_family(office)
        _, reader = await office.member(Role.READER)
        _, manager = await office.member(Role.MANAGER)
        everything = {family.vof["dossier_id"], family.henk_own["dossier_id"], family.jan_own["dossier_id"]}
        for client, expected in (
            (family.henk, {family.vof["dossier_id"], family.henk_own["dossier_id"]}),
            (family.jan, {family.vof["dossier_id"], family.jan_own["dossier_id"]}),
            (office.anna, everything),
            (manager, everything),
            (await office.key(P.DOSSIERS_READ), everything),
            (reader, set()),
            (other_office.admin, set()),
        ):
            assert {row["id"] for row in (await client.get(PATH)).json()["items"]} == expected
            for dossier_id in everything:
                status = 200 if dossier_id in expected else 404
                for path in (f"{PATH}/{dossier_id}", f"{PATH}/{dossier_id}/folders"):
                    assert (await client.get(path)).status_code == status
        problem(await (await office.key(P.RELATIONS_READ)).get(PATH), 403)
