"""What the API promises of every team that is set as a whole: a relation's, and the standard team."""

from typing import Any
from uuid import uuid4

from app.access import Role
from tests.factories import hostile
from tests.factories.conventions import JSON, made, problem, refuses, refuses_bodies
from tests.factories.tenants import Tenant
from tests.factories.waiting import at_once


def entry(member: Any, role: str = "accountant") -> dict[str, str]:
    return {"team_member_id": str(member), "role": role}


async def refuses_teams(office: Tenant, other_office: Tenant, path: str) -> None:
    """IN-01, IN-03; AZ-03: a member or a role of another office is not there. Nothing of it is set."""
    before, body = made(await office.admin.get(path), 200), {"items": [entry(office.anna_id)]}
    await refuses(office.admin, "PUT", path, body, {"items": ("null", "{}", '"x"', "5", "[5]", "[null]", "[{}]")})
    await refuses_bodies(office.admin, "PUT", path, body)
    problem(await office.admin.put(path, json={"items": [entry(office.anna_id)] * 201}), 422, None, "/items")
    for bad in hostile.one_of("tax"):
        text = f'{{"items": [{{"team_member_id": "{office.anna_id}", "role": {bad}}}]}}'
        problem(await office.admin.put(path, content=text, headers=JSON), 422, None, "/items/0/role")
    for stranger in (uuid4(), other_office.anna_id):
        wanted = {"items": [entry(office.anna_id), entry(stranger)]}
        problem(await office.admin.put(path, json=wanted), 422, "unknown", "/items/1/team_member_id")
    theirs = {"key": "wwft_officer", "name": "Wwft-functionaris", "position": 70}
    made(await other_office.admin.post("/v1/team-roles", json=theirs))
    unknown = {"items": [entry(office.anna_id, "wwft_officer")]}
    problem(await office.admin.put(path, json=unknown), 422, "unknown", "/items/0/role")
    extra = {"items": [entry(office.anna_id) | {"since": "2026"}]}
    problem(await office.admin.put(path, json=extra), 422, None, "/items/0/since")
    assert made(await office.admin.get(path), 200) == before


async def keeps_teams_apart(office: Tenant, path: str) -> None:
    """Of several whole teams set at once one is kept, and not a mix that nobody sent."""
    members = [(await office.member(Role.READER, f"Lid {place}"))[0] for place in range(4)]
    teams = [[entry(members[0]), entry(members[1])], [entry(members[2]), entry(members[3])], []]
    for _ in range(3):
        answers = await at_once(*(office.admin.put(path, json={"items": each}) for each in teams * 2))
        assert {200} <= {answer.status_code for answer in answers} <= {200, 412}
        kept = {row["team_member_id"] for row in made(await office.admin.get(path), 200)["items"]}
        assert kept in [{row["team_member_id"] for row in each} for each in teams]
