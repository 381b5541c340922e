"""The standard team (standaard teamrollen): what every new relation begins with (domain.md 4.1)."""

from typing import Any

import pytest

from app.access import P, Role
from tests.factories import Tenant
from tests.factories.clients import Client
from tests.factories.conventions import keeps_etag, made, problem
from tests.factories.teams import entry, keeps_teams_apart, refuses_teams
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/standard-team"


async def team_of(client: Client, relation: dict[str, Any]) -> list[tuple[str, str]]:
    rows = made(await client.get(f"/v1/relations/{relation['id']}/team"), 200)["items"]
    return sorted((row["team_member_name"], row["role"]) for row in rows)


class TestNewRelations:
    async def test_get_the_standard_team(self, office: Tenant) -> None:
        """Whoever makes them, and a key too; those that are there keep what they have."""
        before = await office.relation("1")
        rik_id, rik = await office.member(Role.READER, "Rik Raad")
        wanted = [entry(rik_id), entry(rik_id, "tax"), entry(office.anna_id, "payroll")]
        made(await office.admin.put(PATH, json={"items": wanted}), 200)
        standard = [("Anna Jansen", "payroll"), ("Rik Raad", "accountant"), ("Rik Raad", "tax")]
        after = await office.relation("2")
        assert await team_of(office.admin, after) == sorted([("Anna Jansen", "relation_manager"), *standard])
        assert await team_of(rik, after) == await team_of(office.admin, after)
        assert await team_of(office.admin, before) == [("Anna Jansen", "relation_manager")]
        problem(await rik.get(f"/v1/relations/{before['id']}"), 404)
        key = await office.key(P.RELATIONS_WRITE)
        body = {"number": "3", "type": "organisation", "name": "Drie", "legal_form": "bv"}
        assert await team_of(office.admin, made(await key.post("/v1/relations", json=body))) == standard

    async def test_person_made_from_a_contact(self, office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER, "Rik Raad")
        made(await office.admin.put(PATH, json={"items": [entry(rik_id)]}), 200)
        contact_id, _ = await office.linked_contact(await office.relation("1"))
        person = made(await office.admin.post(f"/v1/contacts/{contact_id}/person-relation", json={}))
        assert await team_of(office.admin, person) == [("Bea Beheer", "relation_manager"), ("Rik Raad", "accountant")]

    async def test_maker_in_the_standard_team_has_his_role_once(self, office: Tenant) -> None:
        role = entry(office.anna_id, "relation_manager")
        made(await office.admin.put(PATH, json={"items": [role, role]}), 200)
        assert await team_of(office.anna, await office.relation("1")) == [("Anna Jansen", "relation_manager")]

    async def test_change_holds_for_the_next_one(self, office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER)
        made(await office.admin.put(PATH, json={"items": [entry(rik_id)]}), 200)
        made(await office.admin.put(PATH, json={"items": []}), 200)
        assert await team_of(office.anna, await office.relation("1")) == [("Anna Jansen", "relation_manager")]

    async def test_role_in_it_stays_on_the_list(self, office: Tenant) -> None:
        made(await office.admin.put(PATH, json={"items": [entry(office.anna_id, "tax")]}), 200)
        roles = made(await office.admin.get("/v1/team-roles"), 200)["items"]
        tax = next(row["id"] for row in roles if row["key"] == "tax")
        problem(await office.admin.delete(f"/v1/team-roles/{tax}"), 409, "in_use")
        made(await office.admin.put(PATH, json={"items": []}), 200)
        assert (await office.admin.delete(f"/v1/team-roles/{tax}")).status_code == 204


class TestOperations:
    async def test_whole_team_is_set(self, office: Tenant) -> None:
        assert made(await office.anna.get(PATH), 200) == {"items": []}
        items = [entry(office.anna_id), entry(office.anna_id, "tax"), entry(office.admin_id)]
        answer = made(await office.admin.put(PATH, json={"items": [*items, items[0]]}), 200)
        named = sorted((row["team_member_name"], row["role"]) for row in answer["items"])
        assert named == [("Anna Jansen", "accountant"), ("Anna Jansen", "tax"), ("Bea Beheer", "accountant")]
        assert answer["items"][0].keys() == {"team_member_id", "team_member_name", "role"}
        assert made(await office.anna.get(PATH), 200) == answer
        assert len(made(await office.admin.put(PATH, json={"items": items[:1]}), 200)["items"]) == 1

    async def test_hostile_values(self, office: Tenant, other_office: Tenant) -> None:
        await refuses_teams(office, other_office, PATH)

    async def test_two_lists_at_once_are_not_mixed(self, office: Tenant) -> None:
        await keeps_teams_apart(office, PATH)

    async def test_etag_is_the_offices(self, office: Tenant) -> None:
        """Of two who read the same team and set it, the second is told; and so is who read the office before."""
        await keeps_etag(office.admin, PATH, {"items": [entry(office.anna_id)]}, "PUT")
        tag = (await office.admin.get(PATH)).headers["etag"]
        assert (await office.admin.get("/v1/office")).headers["etag"] == tag
        same = {"items": [entry(office.anna_id)]}
        assert (await office.admin.put(PATH, json=same, headers={"If-Match": tag})).headers["etag"] == tag
        raced = [{"items": [entry(office.admin_id, role)]} for role in ("tax", "payroll")]
        headers = {"If-Match": tag}
        answers = await at_once(*(office.admin.put(PATH, json=each, headers=headers) for each in raced))
        assert sorted(answer.status_code for answer in answers) == [200, 412]

    async def test_events(self, office: Tenant) -> None:
        for items in ([entry(office.anna_id)], [entry(office.anna_id)], []):
            made(await office.admin.put(PATH, json={"items": items}), 200)
        events = made(await office.admin.get("/v1/timeline", params={"subject_id": str(office.id)}), 200)["items"]
        found = [event["data"] for event in events if event["action"] == "office.standard_team_changed"]
        one = [entry(office.anna_id)]
        assert sorted(found, key=str) == [{"added": [], "removed": one}, {"added": one, "removed": []}]

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        body = {"items": [entry(office.anna_id)]}
        _, manager = await office.member(Role.MANAGER)
        _, reader = await office.member(Role.READER)
        _, henk = await office.linked_contact(await office.relation("1"))
        for client, statuses in (
            (office.anna, (200, 403)),
            (reader, (200, 403)),
            (henk, (403, 403)),
            (other_office.admin, (200, 422)),
            (await office.key(P.STANDARD_TEAM_READ), (200, 403)),
            (await office.key(P.STANDARD_TEAM_WRITE), (403, 403)),  # what a key sets up would outlive it
            (manager, (200, 200)),
        ):
            assert ((await client.get(PATH)).status_code, (await client.put(PATH, json=body)).status_code) == statuses
        assert made(await other_office.admin.get(PATH), 200) == {"items": []}
