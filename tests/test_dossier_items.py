"""Filling route 3: uploading into a folder, and what becomes of documents there (domain rules 5-17, FI-01, FI-04)."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.access import P, Role
from app.db import Database
from app.demo import pdf
from app.storage import Storage
from tests.factories import Tenant, make_file, upload
from tests.factories.raw import form, part, send_form
from tests.factories.remains import count_items, is_clean
from tests.factories.waiting import at_once

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

Folders = dict[str, Any]


@pytest.fixture
async def relation(office: Tenant) -> dict[str, Any]:
    return await office.relation()


@pytest.fixture
async def folders(office: Tenant, relation: dict[str, Any]) -> Folders:
    return await office.folders(relation)


async def stored(client: httpx.AsyncClient, folder: dict[str, Any], *files: Any) -> list[dict[str, Any]]:
    answer = await upload(client, folder, *files)
    assert answer.status_code == 201, answer.text
    return [outcome["item"] for outcome in answer.json()["items"]]


async def named(client: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


class TestUpload:
    async def test_all_stored(self, office: Tenant, folders: Folders, relation: dict[str, Any]) -> None:
        answer = await upload(office.anna, folders["Intern"], make_file("a.pdf"), make_file("b.txt", b"tekst", "x/y"))
        assert answer.status_code == 201
        first, second = answer.json()["items"]
        assert (first["index"], first["name"], first["status"], first["problem"]) == (0, "a.pdf", "stored", None)
        item = second["item"]
        assert (item["size"], item["media_type"], item["origin"]) == (5, "text/plain", "upload")
        assert (item["folder_id"], item["dossier_id"]) == (folders["Intern"]["id"], relation["dossier_id"])
        assert (await office.anna.get(f"/v1/dossier-items/{item['id']}")).json() == item

    async def test_each_file_by_itself(self, office: Tenant, folders: Folders, db: Database, storage: Storage) -> None:
        """Domain rule 17: a bad file does not sink the rest, wherever it stands."""
        bad = {
            "leeg.pdf": (b"", "file_empty"),
            "vals.pdf": (b"<html>", "type_mismatch"),
            "virus.exe": (b"MZ\x90", "program"),
            "..": (b"x", "file_name"),
        }
        files = [
            file
            for name, (content, _) in bad.items()
            for file in (make_file(name, content), make_file(f"na {name}.pdf"))
        ]
        answer = await upload(office.anna, folders["Intern"], *files)
        assert answer.status_code == 207
        outcomes = answer.json()["items"]
        assert [outcome["status"] for outcome in outcomes] == ["refused", "stored"] * len(bad)
        assert [outcome["problem"]["code"] for outcome in outcomes[::2]] == [code for _, code in bad.values()]
        assert all(outcome["item"] is None for outcome in outcomes[::2])
        for outcome, file in zip(outcomes[1::2], files[1::2], strict=True):
            content = await office.anna.get(f"/v1/dossier-items/{outcome['item']['id']}/content")
            assert content.content == file[1][1]
        assert await count_items(db, office.id) == len(bad)
        await is_clean(db, storage, office.id)

    @pytest.mark.parametrize(
        ("file", "status", "code"),
        [
            (make_file("leeg.pdf", b""), 422, "file_empty"),
            (make_file("vals.pdf", b"<html>"), 422, "type_mismatch"),
            (make_file("..", b"x"), 422, "file_name"),
        ],
    )
    async def test_none_stored(
        self, office: Tenant, folders: Folders, db: Database, storage: Storage, file: Any, status: int, code: str
    ) -> None:
        answer = await upload(office.anna, folders["Intern"], file)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["pointer"] == "/files/0"
        assert await count_items(db, office.id) == 0
        await is_clean(db, storage, office.id)

    async def test_the_limit_exactly(
        self, app: FastAPI, office: Tenant, folders: Folders, db: Database, storage: Storage
    ) -> None:
        """FI-01: 104,857,600 bytes are taken, one more is not; counted while it streams."""
        limit = app.state.settings.file_max_bytes
        assert limit == 104_857_600
        content = b"\x01" * limit
        whole = await office.anna.post(
            f"/v1/folders/{folders['Intern']['id']}/items", files=[make_file("vol.bin", content)], timeout=120
        )
        assert whole.status_code == 201
        assert whole.json()["items"][0]["item"]["size"] == limit
        more = await office.anna.post(
            f"/v1/folders/{folders['Intern']['id']}/items",
            files=[make_file("te vol.bin", content + b"\x01")],
            timeout=120,
        )
        assert (more.status_code, more.json()["code"]) == (413, "file_too_large")
        assert await named(office.anna, f"/v1/folders/{folders['Intern']['id']}/items") == ["vol.bin"]
        await is_clean(db, storage, office.id)

    async def test_many_small_ones(self, office: Tenant, folders: Folders, db: Database, storage: Storage) -> None:
        """Domain rule 16: any number in one request, in their order."""
        files = [make_file(f"{number:03}.txt", f"bestand {number}".encode()) for number in range(150)]
        items = await stored(office.anna, folders["Intern"], *files)
        assert [item["name"] for item in items] == [file[1][0] for file in files]
        last = await office.anna.get(f"/v1/dossier-items/{items[-1]['id']}/content")
        assert last.content == b"bestand 149"
        await is_clean(db, storage, office.id)

    async def test_the_same_name_15_times_at_once(self, office: Tenant, folders: Folders, db: Database) -> None:
        """F29: all are kept, each with its own id."""
        answers = await at_once(*(upload(office.anna, folders["Intern"], make_file("Café.pdf")) for _ in range(15)))
        assert {answer.status_code for answer in answers} == {201}
        assert await count_items(db, office.id, name="Café.pdf") == 15

    @pytest.mark.parametrize(
        ("parts", "status"),
        [
            ([], 422),
            ([part(b"x", "a.txt", "file")], 422),
            ([part(b"x", None)], 422),
            ([part(b"x"), part(b"y", None, "folder_id")], 422),
        ],
    )
    async def test_parts_that_do_not_belong(
        self, office: Tenant, folders: Folders, db: Database, storage: Storage, parts: list[bytes], status: int
    ) -> None:
        path = f"/v1/folders/{folders['Intern']['id']}/items"
        answer = await office.anna.post(path, **send_form(form(*parts)))
        assert answer.status_code == status, answer.text
        assert await count_items(db, office.id) == 0
        await is_clean(db, storage, office.id)

    async def test_not_a_form(self, office: Tenant, folders: Folders) -> None:
        path = f"/v1/folders/{folders['Intern']['id']}/items"
        for content_type in ("application/json", "application/pdf", "multipart/mixed; boundary=x"):
            answer = await office.anna.post(path, content=b"{}", headers={"Content-Type": content_type})
            assert answer.status_code == 415
        answer = await office.anna.post(path, content=b"x", headers={"Content-Type": "multipart/form-data"})
        assert answer.status_code == 415

    async def test_who_may(self, office: Tenant, folders: Folders, db: Database) -> None:
        _, contact = await office.linked_contact(
            {"id": (await office.anna.get("/v1/relations")).json()["items"][0]["id"]}
        )
        _, reader = await office.member(Role.READER)
        _, stranger = await office.member(Role.MUTATOR)
        key = await office.key(P.DOSSIER_ITEMS_UPLOAD)
        clients = ((contact, 403), (reader, 403), (stranger, 404), (await office.key(P.DOSSIERS_READ), 403), (key, 201))
        for client, status in clients:
            answer = await upload(client, folders["Permanent"])
            assert answer.status_code == status, answer.text
        assert await count_items(db, office.id, origin="integration") == await count_items(db, office.id) == 1

    async def test_into_what_is_not_there(self, office: Tenant, other_office: Tenant, folders: Folders) -> None:
        theirs = (await other_office.folders(await other_office.relation()))["Permanent"]
        for folder_id in (theirs["id"], "0193d6f0-0000-7000-8000-000000000001", "geen-id"):
            assert (await upload(office.anna, {"id": folder_id})).status_code == 404


class TestNames:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\bon.txt", "bon.txt"),
            ("x" * 300 + ".txt", "x" * 251 + ".txt"),
            ("cafe\u0301.txt", "café.txt"),
            ("a\u202etxt.xyz", "atxt.xyz"),
            ("a\x01b.txt", "ab.txt"),
            ("een %22naam%22%0D%0A.txt", 'een "naam".txt'),
            ("a%2F..%2Fb.txt", "a%2F..%2Fb.txt"),
            ("😀 €.txt", "😀 €.txt"),
            (".htaccess", ".htaccess"),
        ],
    )
    async def test_kept_as(self, office: Tenant, folders: Folders, storage: Storage, sent: str, kept: str) -> None:
        """FI-05, FI-06: the name is text beside the bytes; nothing of it reaches the store."""
        body = form(part(b"tekst", sent, extra="; filename*=UTF-8''vals.exe"))
        answer = await office.anna.post(f"/v1/folders/{folders['Intern']['id']}/items", **send_form(body))
        assert answer.status_code == 201, answer.text
        assert answer.json()["items"][0]["item"]["name"] == kept
        keys = [found.key for found in await storage.list(f"{office.id}/")]
        assert all(re.fullmatch(rf"{office.id}/[0-9a-f]{{2}}/[0-9a-f]{{32}}", key) for key in keys)


class TestChange:
    async def test_rename_and_move(self, office: Tenant, folders: Folders) -> None:
        (item,) = await stored(office.anna, folders["Intern"], make_file("a.pdf"))
        path = f"/v1/dossier-items/{item['id']}"
        renamed = await office.anna.patch(path, json={"name": "Vennootschapscontract.pdf"})
        assert renamed.json()["name"] == "Vennootschapscontract.pdf"
        moved = await office.anna.patch(path, json={"folder_id": folders["Jaar"]["id"]})
        assert (moved.json()["folder_id"], moved.json()["version"]) == (folders["Jaar"]["id"], 3)
        content = await office.anna.get(f"{path}/content")
        assert content.content == pdf("a.pdf")
        assert await named(office.anna, f"/v1/folders/{folders['Intern']['id']}/items") == []

    async def test_a_long_name_can_be_given_back(self, office: Tenant, folders: Folders) -> None:
        (item,) = await stored(office.anna, folders["Intern"], make_file("x" * 300 + ".pdf"))
        answer = await office.anna.patch(f"/v1/dossier-items/{item['id']}", json={"name": item["name"]})
        assert answer.status_code == 200, answer.text

    @pytest.mark.parametrize(
        "change",
        [
            *({"name": name} for name in (None, "", "..", "a\u0000", "a\u202e", "x" * 256)),
            {"folder_id": None},
            {"size": 1},
            {"dossier_id": "0193d6f0-0000-7000-8000-000000000001"},
            {"binned_at": None},
        ],
    )
    async def test_refused(self, office: Tenant, folders: Folders, change: dict[str, Any]) -> None:
        """AZ-04, IN-01."""
        (item,) = await stored(office.anna, folders["Intern"])
        answer = await office.anna.patch(f"/v1/dossier-items/{item['id']}", json=change)
        assert answer.status_code == 422, answer.text
        assert (await office.anna.get(f"/v1/dossier-items/{item['id']}")).json() == item

    async def test_not_into_another_dossier(self, office: Tenant, folders: Folders, other_office: Tenant) -> None:
        (item,) = await stored(office.anna, folders["Intern"])
        other = await office.folders(await office.relation("200"))
        theirs = await other_office.folders(await other_office.relation())
        for folder in (other["Intern"], theirs["Intern"]):
            answer = await office.anna.patch(f"/v1/dossier-items/{item['id']}", json={"folder_id": folder["id"]})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/folder_id")

    async def test_only_what_was_read(self, office: Tenant, folders: Folders) -> None:
        (item,) = await stored(office.anna, folders["Intern"])
        path = f"/v1/dossier-items/{item['id']}"
        answers = await at_once(
            *(office.anna.patch(path, json={"name": f"{n}.pdf"}, headers={"If-Match": '"1"'}) for n in range(5))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]

    async def test_of_the_bin(self, office: Tenant, folders: Folders) -> None:
        (item,) = await stored(office.anna, folders["Permanent"])
        path, list_path = f"/v1/dossier-items/{item['id']}", f"/v1/folders/{folders['Permanent']['id']}/items"
        assert (await office.anna.delete(path)).status_code == 204
        assert await named(office.anna, list_path) == []
        assert await named(office.anna, list_path, binned="true") == ["stuk.pdf"]
        assert (await office.anna.delete(path)).json()["code"] == "binned"
        restored = await office.anna.post(f"{path}/restore")
        assert (restored.status_code, restored.json()["binned_at"]) == (200, None)
        assert (await office.anna.post(f"{path}/restore")).json()["code"] == "not_binned"
        assert await named(office.anna, list_path) == ["stuk.pdf"]

    async def test_of_an_archived_dossier(self, office: Tenant, folders: Folders, relation: dict[str, Any]) -> None:
        (item,) = await stored(office.anna, folders["Intern"])
        assert (await office.admin.delete(f"/v1/relations/{relation['id']}")).status_code == 204
        path = f"/v1/dossier-items/{item['id']}"
        answers = [
            await office.anna.patch(path, json={"name": "b.pdf"}),
            await office.anna.delete(path),
            await upload(office.anna, folders["Intern"]),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(409, "dossier_archived")}
