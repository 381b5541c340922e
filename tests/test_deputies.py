"""Deputies (waarnemers): roles on relations, lent for a period (domain.md 4.1, 6)."""

import itertools
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app.access import P, Role
from tests.factories import Tenant, hostile
from tests.factories.clients import Client
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
    walk,
)

pytestmark = pytest.mark.anyio

PATH = "/v1/deputies"


def day(offset: int) -> str:
    """So many days from today, at the office's clock."""
    return (datetime.now(ZoneInfo("Europe/Amsterdam")).date() + timedelta(days=offset)).isoformat()


def body(absent: Any, deputy: Any, starts_on: str | None = None, **values: Any) -> dict[str, Any]:
    ids = {"team_member_id": str(absent), "deputy_member_id": str(deputy)}
    return ids | {"starts_on": starts_on or day(0)} | values


async def sees(client: Client) -> list[str]:
    return [row["number"] for row in (await client.get("/v1/relations")).json()["items"]]


class TestAccess:
    async def test_roles_are_lent_at_once_and_end_at_once(self, office: Tenant) -> None:
        """AZ-05: what hangs on the relation opens with it, and closes with it."""
        relation = await office.relation("1")
        rik_id, rik = await office.member(Role.MUTATOR, "Rik Raad")
        places = [f"/v1/relations/{relation['id']}", f"/v1/dossiers/{relation['dossier_id']}/folders"]
        assert await sees(rik) == []
        deputy = made(await office.admin.post(PATH, json=body(office.anna_id, rik_id)))
        assert await sees(rik) == await sees(office.anna) == ["1"]
        for place in places:
            made(await rik.get(place), 200)
        made(await rik.patch(places[0], json={"memo": "Namens Anna"}), 200)
        assert (await office.admin.delete(f"{PATH}/{deputy['id']}")).status_code == 204
        assert await sees(rik) == []
        for place in places:
            problem(await rik.get(place), 404)

    @pytest.mark.parametrize(
        ("starts", "ends", "open_today"),
        [(-2, -1, False), (-1, 0, True), (0, 0, True), (0, None, True), (1, None, False), (1, 2, False)],
    )
    async def test_first_and_last_day_count(
        self, office: Tenant, starts: int, ends: int | None, open_today: bool
    ) -> None:
        await office.relation("1")
        rik_id, rik = await office.member(Role.READER)
        ends_on = None if ends is None else day(ends)
        made(await office.admin.post(PATH, json=body(office.anna_id, rik_id, day(starts), ends_on=ends_on)))
        assert await sees(rik) == (["1"] if open_today else [])

    async def test_changed_period_holds_at_once(self, office: Tenant) -> None:
        await office.relation("1")
        rik_id, rik = await office.member(Role.READER)
        deputy = made(await office.admin.post(PATH, json=body(office.anna_id, rik_id, day(-9))))
        for change, open_today in (
            ({"ends_on": day(-1)}, False),
            ({"ends_on": day(0)}, True),
            ({"starts_on": day(0)}, True),
            ({"starts_on": day(1), "ends_on": None}, False),
        ):
            made(await office.admin.patch(f"{PATH}/{deputy['id']}", json=change), 200)
            assert await sees(rik) == (["1"] if open_today else []), change

    async def test_not_passed_on(self, office: Tenant) -> None:
        """The deputy of a deputy has the deputy's own relations, and none of those lent to him."""
        await office.relation("1")
        rik_id, rik = await office.member(Role.MUTATOR)
        ids = {"number": "2", "type": "organisation", "name": "Van Rik", "legal_form": "bv"}
        made(await rik.post("/v1/relations", json=ids))
        eva_id, eva = await office.member(Role.READER)
        made(await office.admin.post(PATH, json=body(office.anna_id, rik_id)))
        made(await office.admin.post(PATH, json=body(rik_id, eva_id)))
        assert (await sees(rik), await sees(eva), await sees(office.anna)) == (["1", "2"], ["2"], ["1"])

    async def test_only_roles_on_relations_are_lent(self, office: Tenant) -> None:
        """Not the authorisation role: who stands in for a manager stays a reader, without other people's relations."""
        relation = await office.relation("1")
        manager_id, manager = await office.member(Role.MANAGER)
        rik_id, rik = await office.member(Role.READER)
        made(await office.admin.post(PATH, json=body(manager_id, rik_id)))
        assert (await sees(manager), await sees(rik)) == (["1"], [])
        role = {"items": [{"team_member_id": str(manager_id), "role": "tax"}]}
        made(await office.admin.put(f"/v1/relations/{relation['id']}/team", json=role), 200)
        assert await sees(rik) == ["1"]
        problem(await rik.patch(f"/v1/relations/{relation['id']}", json={"memo": "x"}), 403)

    async def test_role_lost_by_the_absent_is_lost_to_the_deputy(self, office: Tenant) -> None:
        relation = await office.relation("1")
        rik_id, rik = await office.member(Role.READER)
        made(await office.admin.post(PATH, json=body(office.anna_id, rik_id)))
        made(await office.admin.put(f"/v1/relations/{relation['id']}/team", json={"items": []}), 200)
        assert await sees(rik) == []

    async def test_both_have_a_role(self, office: Tenant) -> None:
        """One relation stays one row of the list, whoever's role it is seen by."""
        relation = await office.relation("1")
        rik_id, rik = await office.member(Role.READER)
        team = [{"team_member_id": str(member), "role": "tax"} for member in (office.anna_id, rik_id)]
        made(await office.admin.put(f"/v1/relations/{relation['id']}/team", json={"items": team}), 200)
        made(await office.admin.post(PATH, json=body(office.anna_id, rik_id)))
        answer = made(await rik.get("/v1/relations", params={"include": "total"}), 200)
        assert (len(answer["items"]), answer["total"]) == (1, 1)


class TestOperations:
    async def test_exact_fields(self, office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER, "Rik Raad")
        sent = body(office.anna_id, rik_id, "2026-07-20", ends_on="2026-08-07")
        answer = await office.admin.post(PATH, json=sent)
        row = made(answer)
        path = f"{PATH}/{row['id']}"
        assert (answer.headers["location"], answer.headers["etag"]) == (path, '"1"')
        assert row == sent | {
            "id": row["id"],
            "team_member_name": "Anna Jansen",
            "deputy_member_name": "Rik Raad",
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "version": 1,
        }
        assert made(await office.anna.get(path), 200) == row
        await keeps_etag(office.admin, path, {"ends_on": "2026-08-14"})
        problem(await office.admin.delete(path, headers={"If-Match": '"1"'}), 412, "stale")
        assert (await office.admin.delete(path, headers={"If-Match": '"2"'})).status_code == 204
        problem(await office.admin.get(path), 404)

    async def test_hostile_values(self, office: Tenant, other_office: Tenant) -> None:
        """IN-01, IN-03; AZ-03: a member of another office is not there."""
        rik_id, _ = await office.member(Role.READER)
        sent = body(office.anna_id, rik_id, "2026-07-20")
        dates: dict[str, tuple[str, ...]] = {
            "starts_on": (*hostile.NO_DATE, "null"),
            "ends_on": (*hostile.NO_DATE, '"2026-07-19"'),
        }
        people = (*hostile.NO_ID, "null", f'"{uuid4()}"', f'"{other_office.anna_id}"')
        cases = {"team_member_id": people, "deputy_member_id": (*people, f'"{office.anna_id}"')}
        await refuses(office.admin, "POST", PATH, sent, dates | cases)
        await refuses_bodies(office.admin, "POST", PATH, sent)
        path = f"{PATH}/{made(await office.admin.post(PATH, json=sent))['id']}"
        await refuses(office.admin, "PATCH", path, {}, dates | {"team_member_id": (f'"{rik_id}"',)})
        await refuses_bodies(office.admin, "PATCH", path, {})
        made(await office.admin.patch(path, json={"ends_on": "2026-08-07"}), 200)
        problem(await office.admin.patch(path, json={"starts_on": "2026-08-08"}), 422, "order", "/starts_on")
        assert made(await office.admin.get(path), 200)["version"] == 2

    async def test_same_two_do_not_overlap(self, office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER)

        def period(starts_on: str, ends_on: str | None) -> dict[str, Any]:
            return body(office.anna_id, rik_id, starts_on, ends_on=ends_on)

        first = made(await office.admin.post(PATH, json=period("2026-07-10", "2026-07-20")))
        for starts_on, ends_on in (
            ("2026-07-10", "2026-07-20"),
            ("2026-07-01", "2026-07-10"),
            ("2026-07-20", None),
            ("2026-07-01", None),
        ):
            problem(await office.admin.post(PATH, json=period(starts_on, ends_on)), 409, "overlap")
        made(await office.admin.post(PATH, json=period("2026-07-01", "2026-07-09")))
        made(await office.admin.post(PATH, json=body(rik_id, office.anna_id, "2026-07-10")))
        later = made(await office.admin.post(PATH, json=period("2026-07-21", None)))
        problem(await office.admin.patch(f"{PATH}/{first['id']}", json={"ends_on": None}), 409, "overlap")
        problem(await office.admin.patch(f"{PATH}/{later['id']}", json={"starts_on": "2026-07-20"}), 409, "overlap")
        assert made(await office.admin.get(f"{PATH}/{first['id']}"), 200) == first
        raced = period("2026-07-05", None) | {"deputy_member_id": str(office.admin_id)}
        await makes_one(office.admin, PATH, raced, "overlap")

    async def test_idempotency_lists_and_filters(self, office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER)
        days = (date(2030, 1, 1) + timedelta(days=place) for place in itertools.count())

        def one_day() -> dict[str, Any]:
            on = next(days).isoformat()
            return body(office.anna_id, rik_id, on, ends_on=on)

        await keeps_idempotency(office.admin, PATH, one_day)
        other = made(await office.admin.post(PATH, json=body(office.admin_id, rik_id)))
        rows = await walk(office.anna, PATH, 200)
        await pages(office.anna, PATH, "id", ("created_at", [row["id"] for row in rows]))
        await refuses_parameters(office.anna, PATH, "sort=starts_on", "team_member_id=x", "deputy_member_id=")

        async def with_filter(**params: UUID) -> list[str]:
            found = made(await office.anna.get(PATH, params={name: str(value) for name, value in params.items()}), 200)
            return [row["id"] for row in found["items"]]

        everything = [row["id"] for row in rows]
        assert await with_filter(team_member_id=office.admin_id) == [other["id"]]
        assert await with_filter(deputy_member_id=rik_id) == everything
        assert await with_filter(team_member_id=office.anna_id, deputy_member_id=rik_id) == everything[:-1]
        assert await with_filter(team_member_id=uuid4()) == []

    async def test_events(self, office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER)
        row = made(await office.admin.post(PATH, json=body(office.anna_id, rik_id, "2026-07-20")))
        said = await tells(office.admin, PATH, row, {"ends_on": "2026-08-07"}, "deputy")
        assert said == body(office.anna_id, rik_id, "2026-07-20", ends_on="2026-08-07")

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        rik_id, _ = await office.member(Role.READER)
        row = made(await office.admin.post(PATH, json=body(office.anna_id, rik_id, "2026-07-20", ends_on="2026-07-30")))
        path, again = f"{PATH}/{row['id']}", body(office.anna_id, rik_id, "2027-01-01")
        change = {"starts_on": "2026-07-21"}
        await managers_keep(office, other_office, path, change, again, P.DEPUTIES_READ, elsewhere=422)
