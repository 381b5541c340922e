"""Delivering: a message's files land in the Inbox or nowhere, all or nothing (domain rules 9-12; DOM-03, DOM-06)."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from app.db import Database
from app.demo import pdf
from app.models import DossierItem, Message
from app.settings import Settings
from app.storage import Storage
from tests.factories import Family, Tenant, make_family, make_file
from tests.factories.conversations import begin, send
from tests.factories.raw import form, part, send_form
from tests.factories.remains import count_items, is_clean
from tests.factories.servers import serve

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

MESSAGE = part(b'{"text": "hoi"}', None, "message")
FILE = part(b"tekst", "a.txt")


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


@pytest.fixture
async def conversation(family: Family) -> dict[str, Any]:
    return await begin(family.henk, family.vof)


async def items(db: Database, office: Tenant) -> list[DossierItem]:
    async with db.transaction(office.id) as session:
        return list(await session.scalars(select(DossierItem).order_by(DossierItem.id)))


async def messages(db: Database, office: Tenant) -> int:
    async with db.transaction(office.id) as session:
        return len(list(await session.scalars(select(Message.id))))


class TestDeliver:
    async def test_into_the_inbox(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database
    ) -> None:
        answer = await send(family.henk, conversation["id"], make_file("a.pdf"), make_file("b.pdf"))
        assert answer.status_code == 201, answer.text
        message = answer.json()
        inbox = (await office.folders(family.vof))["Inbox"]
        found = await items(db, office)
        assert [(str(item.folder_id), item.origin, item.name) for item in found] == [
            (inbox["id"], "message", "a.pdf"),
            (inbox["id"], "message", "b.pdf"),
        ]
        assert {str(item.message_id) for item in found} == {message["id"]}
        assert inbox["id"] not in answer.text
        assert (await family.henk.get(answer.headers["location"])).json() == message
        for attachment in message["attachments"]:
            path = f"/v1/messages/{message['id']}/attachments/{attachment['id']}/content"
            assert (await family.henk.get(path)).content == pdf(attachment["name"])
            assert (await office.anna.get(path)).content == pdf(attachment["name"])

    async def test_delivery_right_is_not_read_right(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database
    ) -> None:
        """DOM-06: what he delivered he reads in his message, not in the dossier."""
        await send(family.henk, conversation["id"], make_file())
        (item,) = await items(db, office)
        for path in (
            f"/v1/dossier-items/{item.id}",
            f"/v1/dossier-items/{item.id}/content",
            f"/v1/folders/{item.folder_id}/items",
        ):
            assert (await family.henk.get(path)).status_code == 404
        assert (await family.henk.get(f"/v1/dossiers/{item.dossier_id}/items")).json()["items"] == []

    async def test_others_do_not_read_it(
        self, office: Tenant, family: Family, conversation: dict[str, Any], other_office: Tenant
    ) -> None:
        message = (await send(family.henk, conversation["id"], make_file())).json()
        other = (await send(family.henk, conversation["id"], make_file())).json()
        path = f"/v1/messages/{message['id']}/attachments/{message['attachments'][0]['id']}/content"
        for client in (family.jan, other_office.admin):
            assert (await client.get(path)).status_code == 404
        swapped = path.replace(message["id"], other["id"])
        assert (await family.henk.get(swapped)).status_code == 404

    async def test_the_offices_own_files_are_not_filed(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database
    ) -> None:
        answer = await send(office.anna, conversation["id"], make_file("uitleg.pdf"))
        assert answer.status_code == 201
        assert await items(db, office) == []
        read = (await family.henk.get(f"/v1/conversations/{conversation['id']}/messages")).json()["items"]
        assert [attachment["name"] for attachment in read[0]["attachments"]] == ["uitleg.pdf"]


class TestWhateverTheFormSays:
    """DOM-03."""

    @pytest.mark.parametrize("order", ["before", "after", "twice"])
    async def test_a_folder_in_the_form(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database, storage: Storage, order: str
    ) -> None:
        folders = await office.folders(family.vof)
        field = part(folders["Permanent"]["id"].encode(), None, "folder_id")
        parts = {
            "before": [MESSAGE, field, FILE],
            "after": [MESSAGE, FILE, field],
            "twice": [MESSAGE, field, field, FILE],
        }
        path = f"/v1/conversations/{conversation['id']}/messages"
        answer = await family.henk.post(path, **send_form(form(*parts[order])))
        assert answer.status_code == 422
        assert await items(db, office) == []
        await is_clean(db, storage, office.id)

    async def test_a_folder_in_the_query_or_the_message(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database
    ) -> None:
        folder_id = (await office.folders(family.vof))["Permanent"]["id"]
        path = f"/v1/conversations/{conversation['id']}/messages"
        answers = [
            await family.henk.post(f"{path}?folder_id={folder_id}", **send_form(form(MESSAGE, FILE))),
            await family.henk.post(path, json={"text": "hoi", "folder_id": folder_id}),
            *[
                await family.henk.post(
                    path,
                    **send_form(form(part(json.dumps({"text": "x", name: folder_id}).encode(), None, "message"), FILE)),
                )
                for name in ("folder_id", "relation_id", "sender_id", "conversation_id", "created_at")
            ],
        ]
        assert {answer.status_code for answer in answers} == {422}
        assert await items(db, office) == []


class TestAllOrNothing:
    @pytest.mark.parametrize(
        "bad",
        [
            make_file("leeg.pdf", b""),
            make_file("vals.pdf", b"<html>"),
            make_file("..", b"x"),
            make_file("a.exe", b"MZ"),
        ],
    )
    async def test_one_bad_file(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database, storage: Storage, bad: Any
    ) -> None:
        answer = await send(family.henk, conversation["id"], make_file(), bad, make_file())
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/files/1")
        assert await messages(db, office) == await count_items(db, office.id) == 0
        await is_clean(db, storage, office.id)

    async def test_too_many_files(
        self,
        office: Tenant,
        family: Family,
        conversation: dict[str, Any],
        settings: Settings,
        db: Database,
        storage: Storage,
    ) -> None:
        async with serve(settings, message_max_files=3) as served, served.like(family.henk) as henk:
            over = await send(henk, conversation["id"], *[make_file(f"{n}.pdf") for n in range(4)])
            assert (over.status_code, over.json()["code"]) == (413, "too_many_files")
            assert await messages(db, office) == 0
            await is_clean(db, storage, office.id)
            assert (await send(henk, conversation["id"], *[make_file(f"{n}.pdf") for n in range(3)])).status_code == 201

    async def test_a_file_that_is_too_large(
        self,
        office: Tenant,
        family: Family,
        conversation: dict[str, Any],
        settings: Settings,
        db: Database,
        storage: Storage,
    ) -> None:
        async with serve(settings, file_max_bytes=1000) as served, served.like(family.henk) as henk:
            over = await send(
                henk, conversation["id"], make_file("a.txt", b"x" * 1000), make_file("b.txt", b"x" * 1001)
            )
            assert (over.status_code, over.json()["code"]) == (413, "file_too_large")
            assert over.json()["errors"][0]["pointer"] == "/files/1"
            assert await messages(db, office) == 0
            await is_clean(db, storage, office.id)


class TestForms:
    async def test_the_message_may_come_last(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database
    ) -> None:
        path = f"/v1/conversations/{conversation['id']}/messages"
        answer = await family.henk.post(path, **send_form(form(FILE, FILE, MESSAGE)))
        assert (answer.status_code, answer.json()["text"]) == (201, "hoi")
        assert len(await items(db, office)) == 2

    async def test_the_message_may_have_a_file_name(
        self, family: Family, conversation: dict[str, Any], office: Tenant, db: Database
    ) -> None:
        """As a browser sends a typed part; it is still the message, and no file."""
        path = f"/v1/conversations/{conversation['id']}/messages"
        typed = part(b'{"text": "hoi"}', "blob", "message", "\r\nContent-Type: application/json")
        answer = await family.henk.post(path, **send_form(form(typed, FILE)))
        assert (answer.status_code, answer.json()["text"]) == (201, "hoi")
        assert [item.name for item in await items(db, office)] == ["a.txt"]

    @pytest.mark.parametrize(
        ("parts", "pointer"),
        [
            ([FILE], "/message"),
            ([MESSAGE, MESSAGE, FILE], "/message"),
            ([MESSAGE, part(b"x", "a.txt", "bijlage")], "/bijlage"),
            ([MESSAGE, part(b"x", None, "files")], "/files"),
            ([part(b'{"text": ""}', None, "message")], "/text"),
            ([part(b'{"text": 1}', None, "message")], "/text"),
            ([part(b'{"text": "a\\u0000"}', None, "message")], "/text"),
            ([part(b'{"text": "a", "x/y": 1}', None, "message")], "/x~1y"),
        ],
    )
    async def test_refused(
        self, office: Tenant, family: Family, conversation: dict[str, Any], db: Database, storage: Storage,
        parts: list[bytes], pointer: str,
    ) -> None:  # fmt: skip
        path = f"/v1/conversations/{conversation['id']}/messages"
        answer = await family.henk.post(path, **send_form(form(*parts)))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        assert await messages(db, office) == 0
        await is_clean(db, storage, office.id)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"geen json",
            b'{"text": NaN}',
            b'{"text": "a", "text": "b"}',
            b"[" * 100,
            b"[]",
            b'"x"',
            b"\xff",
            b'{"text": "\\ud800"}',
        ],
    )
    async def test_json_that_is_none(self, family: Family, conversation: dict[str, Any], raw: bytes) -> None:
        """IN-01, IN-02, IN-04, IN-10: the same in a part as in a body."""
        path = f"/v1/conversations/{conversation['id']}/messages"
        in_part = await family.henk.post(path, **send_form(form(part(raw, None, "message"))))
        in_body = await family.henk.post(path, content=raw, headers={"Content-Type": "application/json"})
        assert in_part.status_code in (400, 422)
        assert in_body.status_code in (400, 422)
        assert in_part.headers["content-type"] == "application/problem+json"

    async def test_as_json(self, family: Family, conversation: dict[str, Any]) -> None:
        path = f"/v1/conversations/{conversation['id']}/messages"
        answer = await family.henk.post(path, json={"text": "regel 1\r\nregel 2"})
        assert (answer.status_code, answer.json()["text"]) == (201, "regel 1\nregel 2")
        assert answer.json()["attachments"] == []
        huge = await family.henk.post(path, json={"text": "x" * 2_000_000})
        assert huge.status_code == 413
        assert (await family.henk.post(path, content=b"x", headers={"Content-Type": "text/plain"})).status_code == 415

    async def test_per_hour(self, family: Family, conversation: dict[str, Any], settings: Settings) -> None:
        """AZ-08."""
        path = f"/v1/conversations/{conversation['id']}/messages"
        async with (
            serve(settings, messages_per_hour=2) as served,
            served.like(family.henk) as henk,
            served.like(family.jan) as jan,
        ):
            answers = [await henk.post(path, json={"text": f"{n}"}) for n in range(3)]
            assert [answer.status_code for answer in answers] == [201, 201, 429]
            assert int(answers[2].headers["retry-after"]) > 0
            assert (
                await jan.post("/v1/conversations", json={"relation_id": family.vof["id"], "subject": "x"})
            ).status_code == 201


async def test_in_an_archived_dossier(office: Tenant, family: Family, conversation: dict[str, Any]) -> None:
    await office.admin.delete(f"/v1/relations/{family.vof['id']}")
    assert (await send(family.henk, conversation["id"], make_file())).status_code == 404
    assert (await send(office.anna, conversation["id"], make_file())).json()["code"] == "dossier_archived"
