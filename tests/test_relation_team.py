"""Roles of team members on a relation (teamrollen): they authorise (domain.md 4.1)."""

import pytest

from app.access import P, Role
from tests.factories import Tenant
from tests.factories.conventions import keeps_etag, made, problem
from tests.factories.teams import entry, keeps_teams_apart, refuses_teams

pytestmark = pytest.mark.anyio


async def team_path(office: Tenant) -> tuple[str, str]:
    """A relation of Anna's and the path of its team."""
    relation = await office.relation("1")
    return f"/v1/relations/{relation['id']}", f"/v1/relations/{relation['id']}/team"


async def test_who_made_it_manages_it(office: Tenant) -> None:
    _, team = await team_path(office)
    assert made(await office.anna.get(team), 200) == {
        "items": [entry(office.anna_id, "relation_manager") | {"team_member_name": "Anna Jansen"}]
    }


async def test_whole_team_is_set(office: Tenant) -> None:
    """AZ-05: who is put in sees the relation with the next request, who is left out has lost it."""
    relation, team = await team_path(office)
    reader_id, reader = await office.member(Role.READER, "Rik Raad")
    problem(await reader.get(relation), 404)
    wanted = [entry(reader_id), entry(reader_id, "tax"), entry(office.anna_id, "payroll"), entry(reader_id)]
    answer = made(await office.admin.put(team, json={"items": wanted}), 200)
    assert sorted((row["team_member_name"], row["role"]) for row in answer["items"]) == [
        ("Anna Jansen", "payroll"),
        ("Rik Raad", "accountant"),
        ("Rik Raad", "tax"),
    ]
    assert made(await reader.get(team), 200) == answer == made(await office.admin.get(team), 200)
    assert made(await office.admin.put(team, json={"items": wanted[:1]}), 200)["items"] == [
        entry(reader_id) | {"team_member_name": "Rik Raad"}
    ]
    problem(await office.anna.get(relation), 404)
    assert (await office.anna.get("/v1/relations")).json()["items"] == []
    assert made(await office.admin.put(team, json={"items": []}), 200) == {"items": []}
    problem(await reader.get(relation), 404)


async def test_no_event_where_nothing_changed(office: Tenant) -> None:
    relation, team = await team_path(office)
    params = {"relation_id": relation.rpartition("/")[2], "include": "total"}
    before = (await office.admin.get("/v1/timeline", params=params)).json()["total"]
    same = {"items": [entry(office.anna_id, "relation_manager")]}
    made(await office.admin.put(team, json=same), 200)
    assert (await office.admin.get("/v1/timeline", params=params)).json()["total"] == before
    made(await office.admin.put(team, json={"items": []}), 200)
    assert (await office.admin.get("/v1/timeline", params=params)).json()["total"] == before + 1


async def test_hostile_values(office: Tenant, other_office: Tenant) -> None:
    await refuses_teams(office, other_office, (await team_path(office))[1])


async def test_two_lists_at_once_are_not_mixed(office: Tenant) -> None:
    await keeps_teams_apart(office, (await team_path(office))[1])


async def test_etag(office: Tenant) -> None:
    """Who sets the team on what he read does not undo what another did meanwhile."""
    _, team = await team_path(office)
    await keeps_etag(office.admin, team, {"items": [entry(office.anna_id), entry(office.admin_id)]}, "PUT")


async def test_who_may(office: Tenant, other_office: Tenant) -> None:
    relation, team = await team_path(office)
    body = {"items": [entry(office.anna_id, "tax")]}
    _, manager = await office.member(Role.MANAGER)
    _, mutator = await office.member(Role.MUTATOR)
    _, henk = await office.linked_contact({"id": relation.rpartition("/")[2]})
    for client, statuses in (
        (office.anna, (200, 403)),
        (mutator, (404, 403)),
        (henk, (403, 403)),
        (other_office.admin, (404, 404)),
        (await office.key(P.RELATION_TEAM_READ), (200, 403)),
        (await office.key(P.RELATION_TEAM_WRITE), (403, 200)),
        (manager, (200, 200)),
    ):
        assert ((await client.get(team)).status_code, (await client.put(team, json=body)).status_code) == statuses
