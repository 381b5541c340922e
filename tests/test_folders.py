"""Folders (dossiermappen): domain rules 1, 2, 6 to 9, 12; DOM-01, DOM-02."""

import itertools
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import P, Role
from tests.factories import Tenant, hostile, upload
from tests.factories.conventions import (
    AT_ONCE,
    keeps_etag,
    keeps_idempotency,
    made,
    pages,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
)
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

BODY = {"name": "Jaarstukken"}


async def folders_path(office: Tenant) -> str:
    return f"/v1/dossiers/{(await office.relation('1'))['dossier_id']}/folders"


def path_of(folder: dict[str, Any]) -> str:
    return f"/v1/folders/{folder['id']}"


class TestCreate:
    async def test_exact_fields(self, office: Tenant) -> None:
        path = await folders_path(office)
        answer = await office.anna.post(path, json={"name": " Café ", "position": 3, "visibility": "open"})
        folder = made(answer)
        assert answer.headers["location"] == path_of(folder)
        assert answer.headers["etag"] == '"1"'
        assert folder == {
            "id": folder["id"],
            "dossier_id": path.split("/")[3],
            "parent_id": None,
            "name": "Café",
            "position": 3,
            "purpose": "general",
            "visibility": "open",
            "is_open": True,
            "created_at": folder["created_at"],
            "updated_at": folder["updated_at"],
            "version": 1,
        }
        assert made(await office.anna.get(path_of(folder)), 200) == folder
        below = made(await office.anna.post(path, json=BODY | {"parent_id": folder["id"]}))
        assert (below["parent_id"], below["visibility"], below["is_open"]) == (folder["id"], "inherit", True)

    async def test_hostile_values(self, office: Tenant, other_office: Tenant) -> None:
        """IN-01, IN-03, IN-04; AZ-03: no parent in another dossier or office."""
        path = await folders_path(office)
        beside = made(
            await office.anna.post(f"/v1/dossiers/{(await office.relation('2'))['dossier_id']}/folders", json=BODY)
        )
        elsewhere = made(await other_office.anna.post(await folders_path(other_office), json=BODY))
        cases = {
            "name": (*hostile.NO_LINE, "null"),
            "position": hostile.NO_POSITION,
            "visibility": hostile.one_of("open"),
            "parent_id": (*hostile.NO_ID, f'"{uuid4()}"', f'"{beside["id"]}"', f'"{elsewhere["id"]}"'),
            "is_open": ("true",),
            "purpose": ('"inbox"',),
        }
        await refuses(office.anna, "POST", path, BODY, cases)
        await refuses_bodies(office.anna, "POST", path, BODY)
        assert len(made(await office.anna.get(path), 200)["items"]) == 4

    async def test_names_are_unique_among_neighbours(self, office: Tenant) -> None:
        """Without regard to case, accents and form; below another folder the name is free."""
        path = await folders_path(office)
        first = made(await office.anna.post(path, json={"name": "Café"}))
        for name in ("CAFE", "cafe\u0301", "Permanent Dossier", "inbox"):
            problem(await office.anna.post(path, json={"name": name}), 409, "taken", "/name")
        below = {"name": "Café", "parent_id": first["id"]}
        answers = await at_once(*(office.anna.post(path, json=below) for _ in range(AT_ONCE)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)

    async def test_idempotency(self, office: Tenant) -> None:
        names = itertools.count()
        await keeps_idempotency(office.anna, await folders_path(office), lambda: {"name": f"m{next(names)}"})


class TestUpdate:
    async def test_merge_patch(self, office: Tenant) -> None:
        folder = made(await office.anna.post(await folders_path(office), json=BODY))
        change = {"name": "Anders", "position": 7}
        changed = made(await office.anna.patch(path_of(folder), json=change), 200)
        assert changed == folder | change | {"version": 2, "updated_at": changed["updated_at"]}
        problem(await office.anna.patch(path_of(folder), json={"name": "INTERN"}), 409, "taken", "/name")
        await keeps_etag(office.anna, path_of(folder), {"visibility": "open"})

    async def test_hostile_values(self, office: Tenant) -> None:
        folder = made(await office.anna.post(await folders_path(office), json=BODY))
        cases = {
            "name": (*hostile.NO_LINE, "null"),
            "position": hostile.NO_POSITION,
            "visibility": hostile.one_of("open"),
            "parent_id": ("null", f'"{folder["id"]}"'),
            "dossier_id": (f'"{folder["dossier_id"]}"',),
            "is_open": ("true",),
        }
        await refuses(office.anna, "PATCH", path_of(folder), {}, cases)
        await refuses_bodies(office.anna, "PATCH", path_of(folder), {})
        assert made(await office.anna.get(path_of(folder)), 200) == folder

    async def test_inbox_is_never_opened(self, office: Tenant) -> None:
        """Rule 12, DOM-01."""
        inbox = (await office.folders(await office.relation("1")))["Inbox"]
        for visibility in ("open", "inherit"):
            problem(await office.admin.patch(path_of(inbox), json={"visibility": visibility}), 409, "inbox")
        same = {"name": "Post", "visibility": "closed"}
        assert made(await office.admin.patch(path_of(inbox), json=same), 200)["purpose"] == "inbox"
        problem(await office.admin.delete(path_of(inbox)), 409, "inbox")
        path = f"/v1/dossiers/{inbox['dossier_id']}/folders"
        problem(await office.admin.post(path, json=BODY | {"parent_id": inbox["id"]}), 422, "inbox", "/parent_id")


class TestDelete:
    @pytest.mark.bytes
    async def test_only_what_is_empty(self, office: Tenant) -> None:
        """Bytes are never deleted along with a folder."""
        relation = await office.relation("1")
        path = f"/v1/dossiers/{relation['dossier_id']}/folders"
        outer = made(await office.anna.post(path, json=BODY))
        inner = made(await office.anna.post(path, json=BODY | {"parent_id": outer["id"]}))
        problem(await office.anna.delete(path_of(outer)), 409, "folder_in_use")
        item = made(await upload(office.anna, inner))["items"][0]["item"]
        problem(await office.anna.delete(path_of(inner)), 409, "folder_in_use")
        assert (await office.anna.delete(f"/v1/dossier-items/{item['id']}")).status_code == 204
        problem(await office.anna.delete(path_of(inner)), 409, "folder_in_use")  # the bin can still be emptied into it
        problem(await office.anna.delete(path_of(inner), headers={"If-Match": '"9"'}), 412, "stale")
        contact_id, _ = await office.linked_contact(relation)
        asked = made(await office.anna.post(path, json={"name": "Gevraagd"}))
        line = {"title": "Bank", "folder_id": asked["id"]}
        request = {"relation_id": relation["id"], "contact_id": contact_id, "title": "Jaar", "lines": [line]}
        made(await office.anna.post("/v1/document-requests", json=request))
        problem(await office.anna.delete(path_of(asked)), 409, "folder_in_use")
        empty = made(await office.anna.post(path, json={"name": "Leeg"}))
        assert (await office.anna.delete(path_of(empty), headers={"If-Match": '"1"'})).status_code == 204
        problem(await office.anna.delete(path_of(empty)), 404)
        made(await office.anna.post(path, json={"name": "Leeg"}))

    async def test_against_a_new_folder_in_it(self, office: Tenant) -> None:
        """AZ-06: one of both, never a folder without its parent."""
        path = await folders_path(office)
        for place in range(5):
            outer = made(await office.anna.post(path, json={"name": f"m{place}"}))
            gone, inner = await at_once(
                office.anna.delete(path_of(outer)), office.anna.post(path, json=BODY | {"parent_id": outer["id"]})
            )
            assert (gone.status_code, inner.status_code) in ((204, 422), (204, 409), (409, 201))


class TestListAndAccess:
    async def test_pages(self, office: Tenant) -> None:
        path = await folders_path(office)
        for name, position in (("Ärger", 0), ("zand", 25), ("aap", 0)):
            made(await office.anna.post(path, json={"name": name, "position": position}))
        rows = made(await office.anna.get(path), 200)["items"]
        year = rows[3]["name"]
        by_position = ["Ärger", "aap", "Permanent dossier", year, "zand", "Intern", "Inbox"]
        by_name = ["aap", "Ärger", "Inbox", "Intern", year, "Permanent dossier", "zand"]
        await pages(office.anna, path, "name", ("position", by_position), ("name", by_name))
        await refuses_parameters(office.anna, path, "sort=created_at", "parent_id=x", "q=a")

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        """DOM-02: a client changes nothing. AZ-02: a role on the relation is asked for."""
        relation = await office.relation("1")
        folder = (await office.folders(relation))["Permanent"]
        path = f"/v1/dossiers/{relation['dossier_id']}/folders"
        reader_id, reader = await office.member(Role.READER)
        _, mutator = await office.member(Role.MUTATOR)
        team = {"items": [{"team_member_id": str(reader_id), "role": "tax"}]}
        made(await office.admin.put(f"/v1/relations/{relation['id']}/team", json=team), 200)
        _, henk = await office.linked_contact(relation)
        for client, statuses in (
            (reader, (200, 200, 403, 403, 403)),
            (henk, (200, 200, 403, 403, 403)),
            (await office.key(P.DOSSIERS_READ), (200, 200, 403, 403, 403)),
            (mutator, (404, 404, 404, 404, 404)),
            (other_office.admin, (404, 404, 404, 404, 404)),
            (await office.key(P.FOLDERS_WRITE), (403, 403, 201, 200, 204)),
        ):
            answers = [
                await client.get(path),
                await client.get(path_of(folder)),
                await client.post(path, json=BODY),
                await client.patch(path_of(folder), json={"position": 1}),
                await client.delete(path_of(folder)),
            ]
            assert tuple(answer.status_code for answer in answers) == statuses
        async with office.db.transaction(office.id) as session:
            left = await session.scalar(text("SELECT count(*) FROM folders WHERE id = :id"), {"id": folder["id"]})
        assert left == 0
