"""What changes while an upload is half way: the last transaction decides again (F28, DOM-07, AZ-06)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.access import P, Role
from app.db import Database
from app.models import ApiKey, TeamMember
from app.storage import Storage
from tests.factories import Client, Family, Tenant, make_family
from tests.factories.conversations import ask, begin
from tests.factories.raw import Wire, form, part
from tests.factories.remains import count_items, is_clean, pending

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

BODY = form(part(b"x" * 5000, "a.txt"), part(b"y" * 5000, "b.txt"))

Change = Callable[[Tenant, Family, dict[str, Any]], Awaitable[Any]]


async def delete_folder(office: Tenant, family: Family, folder: dict[str, Any]) -> Any:
    return await office.anna.delete(f"/v1/folders/{folder['id']}")


async def close_folder(office: Tenant, family: Family, folder: dict[str, Any]) -> Any:
    return await office.anna.patch(f"/v1/folders/{folder['id']}", json={"visibility": "closed"})


async def archive(office: Tenant, family: Family, folder: dict[str, Any]) -> Any:
    return await office.admin.delete(f"/v1/relations/{family.vof['id']}")


async def end_link(office: Tenant, family: Family, folder: dict[str, Any]) -> Any:
    return await office.admin.delete(f"/v1/relations/{family.vof['id']}/contacts/{family.henk_id}")


async def end_role(office: Tenant, family: Family, folder: dict[str, Any]) -> Any:
    return await office.admin.put(f"/v1/relations/{family.vof['id']}/team", json={"items": []})


async def half_way(client: Client, path: str, db: Database, office: Tenant, body: bytes = BODY) -> Wire:
    wire = await Wire.post(client, path, body[: len(body) // 2], len(body))
    await pending(db, office.id)
    return wire


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (delete_folder, 404, "not_found"),
        (close_folder, 201, None),
        (archive, 409, "dossier_archived"),
        (end_role, 404, "not_found"),
    ],
)
async def test_of_an_upload(
    office: Tenant, db: Database, storage: Storage, change: Change, status: int, code: str | None
) -> None:
    family = await make_family(office)
    folder = (await office.folders(family.vof))["Jaar"]
    wire = await half_way(office.anna, f"/v1/folders/{folder['id']}/items", db, office)
    changed = await change(office, family, folder)
    assert changed.status_code < 300, changed.text
    await wire.send(BODY[len(BODY) // 2 :])
    found, _, answer = await wire.answer()
    assert (found, answer.get("code")) == (status, code)
    assert await count_items(db, office.id) == (2 if status == 201 else 0)
    await is_clean(db, storage, office.id)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [(archive, 404, "not_found"), (end_link, 404, "not_found"), (close_folder, 201, None)],
)
async def test_of_a_delivery(
    office: Tenant, db: Database, storage: Storage, change: Change, status: int, code: str | None
) -> None:
    family = await make_family(office)
    folders = await office.folders(family.vof)
    conversation = await begin(family.henk, family.vof)
    body = form(part(b'{"text": "hoi"}', None, "message"), part(b"x" * 5000, "a.txt"))
    wire = await half_way(family.henk, f"/v1/conversations/{conversation['id']}/messages", db, office, body)
    changed = await change(office, family, folders["Jaar"])
    assert changed.status_code < 300, changed.text
    await wire.send(body[len(body) // 2 :])
    found, _, answer = await wire.answer()
    assert (found, answer.get("code")) == (status, code)
    assert await count_items(db, office.id) == await count_items(db, office.id, folder_id=folders["Inbox"]["id"])
    assert await count_items(db, office.id) == (1 if status == 201 else 0)
    await is_clean(db, storage, office.id)


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("withdrawn", 409, "request_not_open"),
        ("closed folder", 201, None),
        ("closed conversation", 409, "conversation_closed"),
    ],
)
async def test_of_an_answer(
    office: Tenant, db: Database, storage: Storage, what: str, status: int, code: str | None
) -> None:
    family = await make_family(office)
    folder = (await office.folders(family.vof))["Jaar"]
    request = await ask(office.anna, family.vof, family.henk_id, folder)
    line = request["lines"][0]["id"]
    message = f'{{"text": "hoi", "document_request_line_id": "{line}"}}'.encode()
    body = form(part(message, None, "message"), part(b"x" * 5000, "a.txt"))
    path = f"/v1/conversations/{request['conversation_id']}/messages"
    wire = await half_way(family.henk, path, db, office, body)
    conversation = f"/v1/conversations/{request['conversation_id']}"
    changes: dict[str, Callable[[], Awaitable[Any]]] = {
        "withdrawn": lambda: office.anna.post(f"/v1/document-requests/{request['id']}/withdraw"),
        "closed folder": lambda: close_folder(office, family, folder),
        "closed conversation": lambda: office.anna.patch(conversation, json={"status": "closed"}),
    }
    assert (await changes[what]()).status_code == 200
    await wire.send(body[len(body) // 2 :])
    found, _, answer = await wire.answer()
    assert (found, answer.get("code")) == (status, code)
    assert await count_items(db, office.id) == (1 if found == 201 else 0)
    await is_clean(db, storage, office.id)


async def test_of_who_sends_it(office: Tenant, db: Database, storage: Storage) -> None:
    """AZ-05, AZ-06: a session, a person or a key that ended, or a role that fell, stores nothing any more."""
    folder = (await office.folders(await office.relation()))["Intern"]
    path = f"/v1/folders/{folder['id']}/items"
    member_id, manager = await office.member(Role.MANAGER)
    key = await office.key(P.DOSSIER_ITEMS_UPLOAD)
    async with db.transaction(office.id) as session:
        key_id = await session.scalar(select(ApiKey.id))
    changes = (
        (manager, office.admin.patch(f"/v1/team-members/{member_id}", json={"role": "reader"}), 403),
        (manager, office.admin.patch(f"/v1/team-members/{member_id}", json={"role": "mutator"}), 404),
        (manager, office.admin.patch(f"/v1/team-members/{member_id}", json={"status": "blocked"}), 401),
        (key, office.admin.delete(f"/v1/api-keys/{key_id}"), 401),
        (office.anna, office.anna.delete("/v1/auth/tokens/current"), 401),
    )
    for client, change, status in changes:
        async with db.transaction(office.id) as session:
            member = await session.get_one(TeamMember, (office.id, member_id))
            member.role = Role.MANAGER
        wire = await half_way(client, path, db, office)
        changed = await change
        assert changed.status_code < 300, changed.text
        await wire.send(BODY[len(BODY) // 2 :])
        assert (await wire.answer())[0] == status
        await is_clean(db, storage, office.id)
    assert await count_items(db, office.id) == 0
