"""Team members (medewerkers) and their authorisation roles (domain.md 4.1)."""

import asyncio
import itertools

import pytest

from app.access import P, Role
from tests.factories import Tenant, hostile
from tests.factories.conventions import (
    keeps_etag,
    keeps_idempotency,
    made,
    makes_one,
    pages,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
)
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio

PATH = "/v1/team-members"
RIK = {"name": "Rik Raad", "email": "Rik@Kantoor.example", "role": "reader"}


class TestCreate:
    async def test_exact_fields(self, office: Tenant) -> None:
        answer = await office.admin.post(PATH, json=RIK)
        member = made(answer)
        assert answer.headers["location"] == f"{PATH}/{member['id']}"
        assert answer.headers["etag"] == '"1"'
        assert member == RIK | {
            "id": member["id"],
            "email": "Rik@kantoor.example",
            "status": "invited",
            "two_step_since": None,
            "created_at": member["created_at"],
            "updated_at": member["updated_at"],
            "version": 1,
        }
        assert made(await office.anna.get(f"{PATH}/{member['id']}"), 200) == member

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-04; AZ-04: no way to a status or a password."""
        cases = {
            "name": (*hostile.NO_LINE, "null"),
            "email": (*hostile.NO_EMAIL, "null"),
            "role": hostile.one_of("reader", "administrator"),
            "status": ('"active"',),
            "password": ('"een lang wachtwoord"',),
        }
        await refuses(office.admin, "POST", PATH, RIK, cases)
        await refuses_bodies(office.admin, "POST", PATH, RIK)
        for field in RIK:
            body = {key: value for key, value in RIK.items() if key != field}
            problem(await office.admin.post(PATH, json=body), 422, None, f"/{field}")

    async def test_address_is_unique_without_regard_to_case(self, office: Tenant, other_office: Tenant) -> None:
        await makes_one(office.admin, PATH, RIK, "taken")
        again = await office.admin.post(PATH, json=RIK | {"email": "RIK@kantoor.EXAMPLE", "name": "Anders"})
        problem(again, 409, "taken", "/email")
        assert "Raad" not in again.text
        made(await other_office.admin.post(PATH, json=RIK))

    async def test_idempotency(self, office: Tenant) -> None:
        numbers = itertools.count(1)
        await keeps_idempotency(office.admin, PATH, lambda: RIK | {"email": f"r{next(numbers)}@kantoor.example"})


class TestUpdate:
    async def test_merge_patch(self, office: Tenant) -> None:
        member = made(await office.admin.post(PATH, json=RIK))
        path = f"{PATH}/{member['id']}"
        change = {"name": "Rik de Raad", "role": "manager", "email": "r@kantoor.example"}
        changed = made(await office.admin.patch(path, json=change), 200)
        assert changed == member | change | {"version": 2, "updated_at": changed["updated_at"]}
        await keeps_etag(office.admin, path, {"name": "Rik"})
        problem(await office.admin.patch(f"{PATH}/{office.anna_id}", json={"email": "R@kantoor.example"}), 409, "taken")

    async def test_hostile_values(self, office: Tenant) -> None:
        path = f"{PATH}/{office.anna_id}"
        before = made(await office.admin.get(path), 200)
        cases = {
            "name": (*hostile.NO_LINE, "null"),
            "email": (*hostile.NO_EMAIL, "null"),
            "role": hostile.one_of("reader"),
            "status": (*hostile.one_of("blocked"), '"active"'),
            "password_hash": ('"x"',),
        }
        await refuses(office.admin, "PATCH", path, {}, cases)
        await refuses_bodies(office.admin, "PATCH", path, {})
        assert made(await office.admin.get(path), 200) == before

    async def test_role_holds_at_once(self, office: Tenant) -> None:
        """AZ-05: what a member may do is asked of the database with every request."""
        path, relation = f"{PATH}/{office.anna_id}", await office.relation("1")
        for role, may_change, may_manage in (("reader", 403, 403), ("administrator", 200, 200), ("mutator", 200, 403)):
            made(await office.admin.patch(path, json={"role": role}), 200)
            assert (await office.anna.get("/v1/me")).json()["role"] == role
            changed = await office.anna.patch(f"/v1/relations/{relation['id']}", json={"memo": role})
            assert changed.status_code == may_change
            assert (await office.anna.patch("/v1/office", json={"name": "Kantoor"})).status_code == may_manage

    @pytest.mark.parametrize("change", [{"status": "blocked"}, {"email": "anders@kantoor.example"}])
    async def test_ends_the_sessions_at_once(self, office: Tenant, change: dict[str, str]) -> None:
        """AZ-05."""
        assert (await office.anna.get("/v1/me")).status_code == 200
        made(await office.admin.patch(f"{PATH}/{office.anna_id}", json=change), 200)
        problem(await office.anna.get("/v1/me"), 401, "token_invalid")

    async def test_last_administrator_stays(self, office: Tenant) -> None:
        own = f"{PATH}/{office.admin_id}"
        made(await office.admin.post(PATH, json=RIK | {"role": "administrator"}))  # invited is not yet active
        for change in ({"role": "manager"}, {"status": "blocked"}, {"status": "invited"}):
            problem(await office.admin.patch(own, json=change), 409, "last_administrator")
        assert (await office.admin.get("/v1/me")).json()["role"] == "administrator"
        await office.member(Role.ADMINISTRATOR)
        made(await office.admin.patch(own, json={"role": "manager"}), 200)
        problem(await office.admin.patch(own, json={"role": "administrator"}), 403)

    async def test_two_administrators_demote_each_other(self, office: Tenant) -> None:
        """AZ-06: held until both are at it; one of them stays."""
        other_id, other = await office.member(Role.ADMINISTRATOR)
        async with lock_row(office, "offices", office.id) as release:
            calls = [
                asyncio.create_task(client.patch(f"{PATH}/{member_id}", json={"role": "reader"}))
                for client, member_id in ((office.admin, other_id), (other, office.admin_id))
            ]
            await eventually(lambda: waiting_for_locks(office, 2), "both wait for the office")
            await release()
        answers = sorted(await at_once(*calls), key=lambda answer: answer.status_code)
        made(answers[0], 200)
        problem(answers[1], 409, "last_administrator")


class TestListAndAccess:
    async def test_pages(self, office: Tenant) -> None:
        for place in range(3):
            made(await office.admin.post(PATH, json=RIK | {"name": f"Lid {place}", "email": f"l{place}@k.example"}))
        names = ["Bea Beheer", "Anna Jansen", "Lid 0", "Lid 1", "Lid 2"]
        await pages(office.anna, PATH, "name", ("created_at", names))
        await refuses_parameters(office.anna, PATH, "sort=name", "role=reader")

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        """AU-02, AZ-03: nobody but an administrator makes people, and no key does."""
        path = f"{PATH}/{office.anna_id}"
        _, manager = await office.member(Role.MANAGER)
        _, henk = await office.linked_contact(await office.relation("1"))
        for client, statuses in (
            (manager, (200, 403, 403, 403, 403)),
            (office.anna, (200, 403, 403, 403, 403)),
            (henk, (403, 403, 403, 403, 403)),
            (await office.key(P.TEAM_MEMBERS_READ), (200, 403, 403, 403, 403)),
            (other_office.admin, (404, 404, 404, 201, 404)),
        ):
            answers = [
                await client.get(path),
                await client.patch(path, json={"name": "x"}),
                await client.post(f"{path}/invitation"),
                await client.post(PATH, json=RIK),
                await client.delete(path),
            ]
            assert tuple(answer.status_code for answer in answers) == statuses
