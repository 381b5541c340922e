"""Who speaks with whom, and who can read it (domain rules 10, 30; AZ-02)."""

from typing import Any

import pytest

from app.access import Role
from tests.factories import Family, Tenant, make_family
from tests.factories.conversations import begin

pytestmark = pytest.mark.anyio


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


def people(conversation: dict[str, Any]) -> set[tuple[str, str]]:
    return {(person["kind"], person["id"]) for person in conversation["participants"]}


class TestCreate:
    async def test_by_a_contact(self, family: Family) -> None:
        made = await begin(family.henk, family.vof)
        assert people(made) == {("contact", family.henk_id)}
        assert made["status"] == "open"
        assert (await family.henk.get(f"/v1/conversations/{made['id']}")).json() == made

    async def test_by_the_office(self, office: Tenant, family: Family) -> None:
        made = await begin(office.anna, family.vof, family.henk_id, family.jan_id, family.henk_id)
        assert people(made) == {
            ("contact", family.henk_id),
            ("contact", family.jan_id),
            ("team_member", str(office.anna_id)),
        }

    async def test_a_contact_brings_nobody_along(self, family: Family) -> None:
        body = {"relation_id": family.vof["id"], "subject": "x", "contact_ids": [family.jan_id]}
        answer = await family.henk.post("/v1/conversations", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/contact_ids")

    async def test_only_those_with_access_take_part(self, office: Tenant, family: Family) -> None:
        body = {"relation_id": family.henk_own["id"], "subject": "x", "contact_ids": [family.henk_id, family.jan_id]}
        answer = await office.anna.post("/v1/conversations", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/contact_ids/1")

    async def test_about_what_one_does_not_see(self, office: Tenant, family: Family, other_office: Tenant) -> None:
        _, stranger = await office.member(Role.MUTATOR)
        theirs = await other_office.relation()
        for client, relation in ((family.henk, family.jan_own), (stranger, family.vof), (office.anna, theirs)):
            answer = await client.post("/v1/conversations", json={"relation_id": relation["id"], "subject": "x"})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/relation_id")

    async def test_of_an_archived_relation(self, office: Tenant, family: Family) -> None:
        await office.admin.delete(f"/v1/relations/{family.vof['id']}")
        body = {"relation_id": family.vof["id"], "subject": "x"}
        assert (await office.anna.post("/v1/conversations", json=body)).json()["code"] == "dossier_archived"
        assert (await family.henk.post("/v1/conversations", json=body)).status_code == 422

    @pytest.mark.parametrize("subject", ["", " ", "x" * 201, "a\u0000", "a\nb", 1, None])
    async def test_subjects_that_are_none(self, family: Family, subject: Any) -> None:
        body = {"relation_id": family.vof["id"], "subject": subject}
        assert (await family.henk.post("/v1/conversations", json=body)).status_code == 422


class TestRead:
    async def test_a_contact_reads_where_he_takes_part(self, office: Tenant, family: Family) -> None:
        mine, ours = (
            await begin(family.henk, family.vof),
            await begin(office.anna, family.vof, family.henk_id, family.jan_id),
        )
        office_only = await begin(office.anna, family.vof)
        listed = (await family.jan.get("/v1/conversations", params={"include": "total"})).json()
        assert ([found["id"] for found in listed["items"]], listed["total"]) == ([ours["id"]], 1)
        for hidden in (mine, office_only):
            for suffix in ("", "/messages"):
                assert (await family.jan.get(f"/v1/conversations/{hidden['id']}{suffix}")).status_code == 404
            sent = await family.jan.post(f"/v1/conversations/{hidden['id']}/messages", json={"text": "hoi"})
            assert sent.status_code == 404

    async def test_staff_by_role_on_the_relation(self, office: Tenant, family: Family, other_office: Tenant) -> None:
        made = await begin(family.henk, family.vof)
        _, stranger = await office.member(Role.MUTATOR)
        _, manager = await office.member(Role.MANAGER)
        seen = [(office.anna, 200), (manager, 200), (stranger, 404), (other_office.admin, 404)]
        for client, status in seen:
            assert (await client.get(f"/v1/conversations/{made['id']}")).status_code == status

    async def test_not_when_access_ended(self, office: Tenant, family: Family) -> None:
        """AZ-05: he took part, and may no longer."""
        made = await begin(family.henk, family.vof)
        await office.anna.delete(f"/v1/relations/{family.vof['id']}/contacts/{family.henk_id}")
        assert (await family.henk.get(f"/v1/conversations/{made['id']}")).status_code == 404
        assert (await family.henk.get("/v1/conversations")).json()["items"] == []

    async def test_filters_and_order(self, office: Tenant, family: Family) -> None:
        made = [await begin(office.anna, family.vof, subject=f"{n}") for n in range(3)]
        other = await begin(office.anna, family.henk_own)
        await office.anna.patch(f"/v1/conversations/{made[1]['id']}", json={"status": "closed"})
        await office.anna.post(f"/v1/conversations/{made[0]['id']}/messages", json={"text": "nieuw"})

        async def ids(**query: str) -> list[str]:
            answer = await office.anna.get("/v1/conversations", params=query)
            return [found["id"] for found in answer.json()["items"]]

        assert await ids() == [made[0]["id"], other["id"], made[2]["id"], made[1]["id"]]
        assert await ids(relation_id=family.henk_own["id"]) == [other["id"]]
        assert await ids(status="closed") == [made[1]["id"]]


class TestChange:
    async def test_close_and_open(self, office: Tenant, family: Family) -> None:
        made = await begin(family.henk, family.vof)
        path = f"/v1/conversations/{made['id']}"
        closed = await office.anna.patch(path, json={"status": "closed"}, headers={"If-Match": '"1"'})
        assert (closed.status_code, closed.json()["status"]) == (200, "closed")
        for client in (family.henk, office.anna):
            answer = await client.post(f"{path}/messages", json={"text": "nog iets"})
            assert (answer.status_code, answer.json()["code"]) == (409, "conversation_closed")
        assert (
            await office.anna.patch(path, json={"status": "closed"}, headers={"If-Match": '"1"'})
        ).status_code == 412
        await office.anna.patch(path, json={"status": "open", "subject": "Anders"})
        assert (await family.henk.post(f"{path}/messages", json={"text": "nog iets"})).status_code == 201

    @pytest.mark.parametrize("change", [{"status": None}, {"status": "gone"}, {"subject": None}, {"relation_id": "x"}])
    async def test_refused(self, office: Tenant, family: Family, change: dict[str, Any]) -> None:
        made = await begin(family.henk, family.vof)
        answer = await office.anna.patch(f"/v1/conversations/{made['id']}", json=change)
        assert answer.status_code == 422

    async def test_is_not_a_contacts(self, family: Family) -> None:
        made = await begin(family.henk, family.vof)
        assert (
            await family.henk.patch(f"/v1/conversations/{made['id']}", json={"status": "closed"})
        ).status_code == 403
