"""What every new dossier begins with (mapsjablonen): domain rules 1 and 2."""

import itertools
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

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
)

pytestmark = pytest.mark.anyio

PATH = "/v1/folder-templates"
BODY = {"name": "Jaarstukken {year}", "position": 50, "is_open": True}
YEAR = datetime.now(ZoneInfo("Europe/Amsterdam")).year


async def templates(office: Tenant) -> dict[str, dict[str, Any]]:
    rows = made(await office.admin.get(PATH), 200)["items"]
    return {row["name"].split()[0]: row for row in rows}


async def new_dossier(office: Tenant, number: str) -> list[tuple[str, str, bool, str]]:
    relation = await office.relation(number)
    rows = made(await office.admin.get(f"/v1/dossiers/{relation['dossier_id']}/folders"), 200)["items"]
    return [(row["name"], row["purpose"], row["is_open"], row["visibility"]) for row in rows]


class TestTemplate:
    async def test_new_office_and_its_dossiers(self, office: Tenant) -> None:
        rows = made(await office.admin.get(PATH), 200)["items"]
        assert [(row["name"], row["position"], row["purpose"], row["is_open"]) for row in rows] == [
            ("Permanent dossier", 10, "general", True),
            ("Jaar {year}", 20, "general", True),
            ("Intern", 30, "general", False),
            ("Inbox", 40, "inbox", False),
        ]
        assert await new_dossier(office, "1") == [
            ("Permanent dossier", "general", True, "open"),
            (f"Jaar {YEAR}", "general", True, "open"),
            ("Intern", "general", False, "closed"),
            ("Inbox", "inbox", False, "closed"),
        ]

    async def test_changes_hold_for_new_dossiers_only(self, office: Tenant) -> None:
        before = await new_dossier(office, "1")
        have = await templates(office)
        made(await office.admin.post(PATH, json=BODY | {"position": 5}))
        made(await office.admin.patch(f"{PATH}/{have['Permanent']['id']}", json={"is_open": False}), 200)
        assert (await office.admin.delete(f"{PATH}/{have['Intern']['id']}")).status_code == 204
        assert [row[:3] for row in await new_dossier(office, "2")] == [
            (f"Jaarstukken {YEAR}", "general", True),
            ("Permanent dossier", "general", False),
            (f"Jaar {YEAR}", "general", True),
            ("Inbox", "inbox", False),
        ]
        old = (await office.admin.get("/v1/relations", params={"q": "1"})).json()["items"][0]
        rows = made(await office.admin.get(f"/v1/dossiers/{old['dossier_id']}/folders"), 200)["items"]
        assert [(row["name"], row["purpose"], row["is_open"], row["visibility"]) for row in rows] == before

    @pytest.mark.parametrize("name", ["Inbox", "INBÓX", f"Jaar {YEAR}"])
    async def test_every_dossier_has_its_inbox(self, office: Tenant, name: str) -> None:
        """Rule 12: two folders that come out alike become one, and what clients deliver into stays."""
        made(await office.admin.post(PATH, json={"name": name, "position": 0, "is_open": True}))
        folders = await new_dossier(office, "1")
        assert [row[2] for row in folders if row[1] == "inbox"] == [False]
        assert len({row[0].casefold() for row in folders}) == len(folders)

    async def test_inbox_stays_and_stays_closed(self, office: Tenant) -> None:
        inbox = (await templates(office))["Inbox"]
        path = f"{PATH}/{inbox['id']}"
        problem(await office.admin.delete(path), 409, "inbox")
        problem(await office.admin.patch(path, json={"is_open": True}), 409, "inbox")
        renamed = made(await office.admin.patch(path, json={"name": "Binnengekomen", "is_open": False}), 200)
        assert (renamed["name"], renamed["purpose"]) == ("Binnengekomen", "inbox")
        assert ("Binnengekomen", "inbox", False, "closed") in await new_dossier(office, "1")


class TestOperations:
    async def test_create_exact_fields(self, office: Tenant) -> None:
        answer = await office.admin.post(PATH, json=BODY)
        row = made(answer)
        assert answer.headers["location"] == f"{PATH}/{row['id']}"
        assert answer.headers["etag"] == '"1"'
        assert row == BODY | {
            "id": row["id"],
            "purpose": "general",
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "version": 1,
        }
        path = f"{PATH}/{row['id']}"
        assert made(await office.anna.get(path), 200) == row
        await keeps_etag(office.admin, path, {"name": "Anders"})
        problem(await office.admin.delete(path, headers={"If-Match": '"1"'}), 412, "stale")
        assert (await office.admin.delete(path, headers={"If-Match": '"2"'})).status_code == 204
        problem(await office.admin.get(path), 404)

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-03, IN-04."""
        cases = {
            "name": (*hostile.NO_LINE, "null"),
            "position": hostile.NO_POSITION,
            "is_open": hostile.NO_BOOL,
            "purpose": ('"inbox"',),
        }
        await refuses(office.admin, "POST", PATH, BODY, cases)
        await refuses_bodies(office.admin, "POST", PATH, BODY)
        path = f"{PATH}/{(await templates(office))['Intern']['id']}"
        await refuses(office.admin, "PATCH", path, {}, cases)
        await refuses_bodies(office.admin, "PATCH", path, {})

    async def test_position_is_taken(self, office: Tenant) -> None:
        problem(await office.admin.post(PATH, json=BODY | {"position": 10}), 409, "taken", "/position")
        path = f"{PATH}/{(await templates(office))['Intern']['id']}"
        problem(await office.admin.patch(path, json={"position": 10}), 409, "taken", "/position")
        await makes_one(office.admin, PATH, BODY, "taken")

    async def test_idempotency_and_list(self, office: Tenant) -> None:
        positions = itertools.count(100)
        await keeps_idempotency(office.admin, PATH, lambda: BODY | {"position": next(positions)})
        rows = [row["position"] for row in made(await office.admin.get(PATH), 200)["items"]]
        await pages(office.anna, PATH, "position", ("position", sorted(rows)))
        await refuses_parameters(office.anna, PATH, "sort=name", "is_open=true")

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        path = f"{PATH}/{(await templates(office))['Intern']['id']}"
        await managers_keep(office, other_office, path, {"is_open": False}, BODY, P.FOLDER_TEMPLATES_READ)
