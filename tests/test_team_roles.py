"""The office's own list of team roles (teamrollen): domain.md 2.10, 4.1."""

import asyncio
import itertools
from typing import Any

import pytest

from app.access import P
from tests.factories import Tenant, hostile
from tests.factories.conventions import (
    keeps_etag,
    keeps_idempotency,
    made,
    makes_one,
    managers_keep,
    pages,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
    tells,
)
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio

PATH = "/v1/team-roles"
WWFT = {"key": "wwft_officer", "name": "Wwft-functionaris", "position": 70}
KEYS = ["relation_manager", "accountant", "tax", "administration", "payroll", "secretariat"]
NO_KEY = (*hostile.NO_LINE, "null", '"Tax"', '"1st"', '"_tax"', '"a-b"', '"a b"', '"é"', r'"tax\n"', f'"{"k" * 51}"')


async def path_of(office: Tenant, key: str) -> str:
    rows = made(await office.admin.get(PATH), 200)["items"]
    return f"{PATH}/{next(row['id'] for row in rows if row['key'] == key)}"


async def team_with(office: Tenant, *roles: str) -> tuple[str, dict[str, Any]]:
    """The path of a relation's team, and Anna with these roles as its body."""
    relation = await office.relation("1")
    items = [{"team_member_id": str(office.anna_id), "role": role} for role in roles]
    return f"/v1/relations/{relation['id']}/team", {"items": items}


class TestList:
    async def test_new_office(self, office: Tenant) -> None:
        rows = made(await office.anna.get(PATH), 200)["items"]
        assert [(row["key"], row["name"], row["position"]) for row in rows] == [
            ("relation_manager", "Relatiebeheerder", 10),
            ("accountant", "Accountant", 20),
            ("tax", "Fiscaal", 30),
            ("administration", "Administratie", 40),
            ("payroll", "Salaris", 50),
            ("secretariat", "Secretariaat", 60),
        ]

    async def test_own_role_opens_a_relation(self, office: Tenant) -> None:
        team, body = await team_with(office, "wwft_officer")
        problem(await office.admin.put(team, json=body), 422, "unknown", "/items/0/role")
        made(await office.admin.post(PATH, json=WWFT))
        assert [row["role"] for row in made(await office.admin.put(team, json=body), 200)["items"]] == ["wwft_officer"]
        made(await office.anna.get(team), 200)

    async def test_role_of_another_office_is_unknown(self, office: Tenant, other_office: Tenant) -> None:
        made(await other_office.admin.post(PATH, json=WWFT))
        team, body = await team_with(office, "tax", "wwft_officer")
        problem(await office.admin.put(team, json=body), 422, "unknown", "/items/1/role")

    async def test_role_in_use_stays(self, office: Tenant) -> None:
        team, body = await team_with(office, "tax")
        made(await office.admin.put(team, json=body), 200)
        path = await path_of(office, "tax")
        problem(await office.admin.delete(path), 409, "in_use")
        made(await office.admin.get(path), 200)
        made(await office.admin.put(team, json={"items": []}), 200)
        assert (await office.admin.delete(path)).status_code == 204
        problem(await office.admin.get(path), 404)
        problem(await office.admin.put(team, json=body), 422, "unknown", "/items/0/role")

    async def test_relation_manager_stays(self, office: Tenant) -> None:
        """Who makes a relation has it from then on, under whatever name."""
        path = await path_of(office, "relation_manager")
        problem(await office.admin.delete(path), 409, "relation_manager")
        made(await office.admin.patch(path, json={"name": "Eerste aanspreekpunt"}), 200)
        await office.relation("1")

    async def test_given_and_deleted_at_once(self, office: Tenant) -> None:
        """Held until both are at it: the role is given, or gone, and never both."""
        team, body = await team_with(office, "tax")
        path = await path_of(office, "tax")
        async with lock_row(office, "team_roles", path.rpartition("/")[2]) as release:
            giving = asyncio.create_task(office.admin.put(team, json=body))
            deleting = asyncio.create_task(office.admin.delete(path))
            await eventually(lambda: waiting_for_locks(office, 2), "both wait for the role")
            await release()
        given, deleted = await at_once(giving, deleting)
        has_it = [row["role"] for row in made(await office.admin.get(team), 200)["items"]] == ["tax"]
        if has_it:
            made(given, 200)
            problem(deleted, 409, "in_use")
        else:
            assert deleted.status_code == 204
            problem(given, 422, "unknown", "/items/0/role")


class TestOperations:
    async def test_exact_fields(self, office: Tenant) -> None:
        answer = await office.admin.post(PATH, json=WWFT)
        row = made(answer)
        path = f"{PATH}/{row['id']}"
        assert (answer.headers["location"], answer.headers["etag"]) == (path, '"1"')
        assert row == WWFT | {
            "id": row["id"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "version": 1,
        }
        assert made(await office.anna.get(path), 200) == row
        await keeps_etag(office.admin, path, {"name": "Compliance", "position": 5})
        assert [row["key"] for row in made(await office.admin.get(PATH), 200)["items"]] == ["wwft_officer", *KEYS]
        problem(await office.admin.delete(path, headers={"If-Match": '"1"'}), 412, "stale")
        assert (await office.admin.delete(path, headers={"If-Match": '"2"'})).status_code == 204
        problem(await office.admin.get(path), 404)

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-03, IN-04; the key never changes."""
        cases = {"name": (*hostile.NO_LINE, "null"), "position": hostile.NO_POSITION}
        await refuses(office.admin, "POST", PATH, WWFT, cases | {"key": NO_KEY})
        await refuses_bodies(office.admin, "POST", PATH, WWFT)
        path = await path_of(office, "tax")
        await refuses(office.admin, "PATCH", path, {}, cases | {"key": ('"other"', '"tax"')})
        await refuses_bodies(office.admin, "PATCH", path, {})
        assert made(await office.admin.get(path), 200)["version"] == 1

    async def test_key_and_name_are_taken(self, office: Tenant, other_office: Tenant) -> None:
        problem(await office.admin.post(PATH, json=WWFT | {"key": "tax"}), 409, "taken", "/key")
        problem(await office.admin.post(PATH, json=WWFT | {"name": "FISCÁÁL"}), 409, "taken", "/name")
        path = await path_of(office, "tax")
        problem(await office.admin.patch(path, json={"name": "salaris"}), 409, "taken", "/name")
        made(await office.admin.patch(path, json={"name": "FISCAAL"}), 200)
        await makes_one(office.admin, PATH, WWFT, "taken")
        made(await other_office.admin.post(PATH, json=WWFT))

    async def test_idempotency_and_list(self, office: Tenant) -> None:
        numbers = itertools.count(1)

        def another() -> dict[str, Any]:
            number = next(numbers)
            return {"key": f"role_{number}", "name": f"Rol {number}", "position": 100 + number}

        await keeps_idempotency(office.admin, PATH, another)
        rows = [row["position"] for row in made(await office.admin.get(PATH), 200)["items"]]
        await pages(office.anna, PATH, "position", ("position", sorted(rows)))
        await refuses_parameters(office.anna, PATH, "sort=name", "key=tax")

    async def test_events(self, office: Tenant) -> None:
        row = made(await office.admin.post(PATH, json=WWFT))
        said = await tells(office.admin, PATH, row, {"name": "Compliance"}, "team_role")
        assert said == {"fields": ["name"]}

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        path = await path_of(office, "tax")
        await managers_keep(office, other_office, path, {"position": 1}, WWFT, P.TEAM_ROLES_READ)
