"""Filling route 2: what was asked for goes to the folder chosen beforehand, once (domain rule 13; DOM-04, DOM-05)."""

from typing import Any

import pytest

from app.access import Role
from app.db import Database
from app.storage import Storage
from tests.factories import Client, Family, Tenant, make_family, make_file
from tests.factories.conversations import ask, begin, send
from tests.factories.remains import count_items, is_clean
from tests.factories.waiting import at_once

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


@pytest.fixture
async def folders(office: Tenant, family: Family) -> dict[str, Any]:
    return await office.folders(family.vof)


@pytest.fixture
async def request_(office: Tenant, family: Family, folders: dict[str, Any]) -> dict[str, Any]:
    """To Henk, one line for the internal folder, which he does not see."""
    return await ask(office.anna, family.vof, family.henk_id, folders["Intern"])


async def answer(client: Client, request: dict[str, Any], place: int = 0, *files: Any) -> Any:
    return await send(
        client, request["conversation_id"], *(files or [make_file()]), line_id=request["lines"][place]["id"]
    )


async def read(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    found = await client.get(f"/v1/document-requests/{request['id']}")
    assert found.status_code == 200
    body: dict[str, Any] = found.json()
    return body


class TestCreate:
    async def test_with_its_message(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        made = await ask(
            office.anna, family.vof, family.henk_id, folders["Intern"], folders["Jaar"], due_on="2026-12-31"
        )
        assert (made["status"], made["due_on"], len(made["lines"])) == ("open", "2026-12-31", 2)
        path = f"/v1/conversations/{made['conversation_id']}/messages"
        assert [message["text"] for message in (await family.henk.get(path)).json()["items"]] == ["Jaarstukken"]
        shown = await read(family.henk, made)
        assert [set(line) for line in shown["lines"]] == [{"id", "title", "status", "delivered_at"}] * 2
        assert not {folders["Intern"]["id"], folders["Jaar"]["id"], "Intern"} & set(
            str(shown).replace("'", " ").split()
        )

    async def test_in_a_conversation_that_is_there(
        self, office: Tenant, family: Family, folders: dict[str, Any]
    ) -> None:
        mine, jans = await begin(family.henk, family.vof), await begin(family.jan, family.vof)
        made = await ask(office.anna, family.vof, family.henk_id, folders["Intern"], conversation_id=mine["id"])
        assert made["conversation_id"] == mine["id"]
        body = {"relation_id": family.vof["id"], "contact_id": family.henk_id, "title": "x",
                "lines": [{"title": "x", "folder_id": folders["Intern"]["id"]}]}  # fmt: skip
        for conversation_id in (jans["id"], "0193d6f0-0000-7000-8000-000000000001"):
            refused = await office.anna.post("/v1/document-requests", json=body | {"conversation_id": conversation_id})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/conversation_id")

    async def test_what_does_not_fit_together(
        self, office: Tenant, family: Family, folders: dict[str, Any], other_office: Tenant
    ) -> None:
        other = await office.folders(family.jan_own)
        theirs = await other_office.folders(await other_office.relation())
        good = {"relation_id": family.vof["id"], "contact_id": family.henk_id, "title": "x",
                "lines": [{"title": "x", "folder_id": folders["Intern"]["id"]}]}  # fmt: skip
        lines = [[{"title": "x", "folder_id": folder["Intern"]["id"]}] for folder in (other, theirs)]
        for change, pointer in (
            ({"lines": lines[0]}, "/lines/0/folder_id"),
            ({"lines": lines[1]}, "/lines/0/folder_id"),
            ({"lines": []}, "/lines"),
            ({"relation_id": family.jan_own["id"]}, "/contact_id"),
            ({"relation_id": theirs["Intern"]["dossier_id"]}, "/relation_id"),
            ({"title": ""}, "/title"),
            ({"due_on": "31-12-2026"}, "/due_on"),
            ({"due_on": "0000-01-01"}, "/due_on"),
            ({"status": "answered"}, "/status"),
        ):
            refused = await office.anna.post("/v1/document-requests", json=good | change)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_who_may(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        _, reader = await office.member(Role.READER)
        for client in (family.henk, reader):
            assert (await client.post("/v1/document-requests", json={})).status_code == 403


class TestAnswer:
    async def test_lands_where_it_was_decided(
        self, office: Tenant, family: Family, folders: dict[str, Any], request_: dict[str, Any], db: Database
    ) -> None:
        """DOM-04: even in a folder that is closed to him, and the answer tells nothing of it."""
        sent = await answer(family.henk, request_, 0, make_file("a.pdf"), make_file("b.pdf"))
        assert sent.status_code == 201
        assert not any(folder["id"] in sent.text + str(sent.headers) for folder in folders.values())
        listed = (await office.anna.get(f"/v1/folders/{folders['Intern']['id']}/items")).json()["items"]
        assert {(item["name"], item["origin"]) for item in listed} == {("a.pdf", "request"), ("b.pdf", "request")}
        assert {item["request_line_id"] for item in listed} == {request_["lines"][0]["id"]}
        assert await count_items(db, office.id) == 2
        shown = await read(family.henk, request_)
        assert (shown["status"], shown["lines"][0]["status"]) == ("answered", "delivered")
        for item in listed:
            assert (await family.henk.get(f"/v1/dossier-items/{item['id']}")).status_code == 404

    async def test_line_by_line(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        request = await ask(office.anna, family.vof, family.henk_id, folders["Intern"], folders["Jaar"])
        assert (await answer(family.henk, request, 1)).status_code == 201
        shown = await read(family.henk, request)
        assert (shown["status"], [line["status"] for line in shown["lines"]]) == ("open", ["open", "delivered"])
        assert (await answer(family.henk, request, 0)).status_code == 201
        assert (await read(family.henk, request))["status"] == "answered"

    async def test_twice(
        self, family: Family, request_: dict[str, Any], office: Tenant, db: Database, storage: Storage
    ) -> None:
        assert (await answer(family.henk, request_)).status_code == 201
        again = await answer(family.henk, request_)
        assert (again.status_code, again.json()["code"]) == (409, "request_not_open")
        assert await count_items(db, office.id) == 1
        await is_clean(db, storage, office.id)

    async def test_by_others(
        self, office: Tenant, family: Family, folders: dict[str, Any], db: Database, other_office: Tenant
    ) -> None:
        """DOM-05: from the addressee only, though others take part in the conversation."""
        ours = await begin(office.anna, family.vof, family.henk_id, family.jan_id)
        request = await ask(office.anna, family.vof, family.henk_id, folders["Intern"], conversation_id=ours["id"])
        for client in (family.jan, office.anna, office.admin):
            refused = await answer(client, request)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/document_request_line_id")
        assert (await answer(other_office.admin, request)).status_code == 404
        assert (await family.jan.get(f"/v1/document-requests/{request['id']}")).status_code == 404
        assert await count_items(db, office.id) == 0
        assert (await read(office.anna, request))["status"] == "open"

    async def test_in_another_conversation(self, family: Family, request_: dict[str, Any]) -> None:
        mine = await begin(family.henk, family.vof)
        refused = await send(family.henk, mine["id"], make_file(), line_id=request_["lines"][0]["id"])
        assert refused.status_code == 422

    async def test_without_a_file(self, family: Family, request_: dict[str, Any]) -> None:
        refused = await send(family.henk, request_["conversation_id"], line_id=request_["lines"][0]["id"])
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/files")

    async def test_in_a_race_of_20(
        self, office: Tenant, family: Family, request_: dict[str, Any], db: Database, storage: Storage
    ) -> None:
        """DOM-05: exactly one fulfilment, and of the others nothing is left."""
        answers = await at_once(*(answer(family.henk, request_) for _ in range(20)))
        codes = sorted(found.status_code for found in answers)
        assert codes.count(201) == 1
        assert set(codes) <= {201, 409, 429, 503}, codes
        assert await count_items(db, office.id) == 1
        await is_clean(db, storage, office.id)

    async def test_against_a_folder_that_is_to_be_deleted(
        self, office: Tenant, family: Family, folders: dict[str, Any], request_: dict[str, Any]
    ) -> None:
        refused = await office.anna.delete(f"/v1/folders/{folders['Intern']['id']}")
        assert (refused.status_code, refused.json()["code"]) == (409, "folder_in_use")


class TestWithdraw:
    async def test_takes_no_answer_any_more(
        self, office: Tenant, family: Family, request_: dict[str, Any], db: Database
    ) -> None:
        path = f"/v1/document-requests/{request_['id']}"
        withdrawn = await office.anna.post(f"{path}/withdraw")
        assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
        assert (await answer(family.henk, request_)).json()["code"] == "request_not_open"
        assert (await office.anna.post(f"{path}/withdraw")).status_code == 409
        assert (await office.anna.post(f"{path}/reopen")).json()["status"] == "open"
        assert (await answer(family.henk, request_)).status_code == 201
        for verb in ("withdraw", "reopen"):
            assert (await office.anna.post(f"{path}/{verb}")).json()["code"] == "request_state"
        assert await count_items(db, office.id) == 1

    async def test_is_not_a_contacts(self, family: Family, request_: dict[str, Any]) -> None:
        for verb in ("withdraw", "reopen"):
            assert (await family.henk.post(f"/v1/document-requests/{request_['id']}/{verb}")).status_code == 403

    async def test_races_with_the_answer(
        self, office: Tenant, family: Family, folders: dict[str, Any], db: Database, storage: Storage
    ) -> None:
        """AZ-06: one of the two happens, never half of each."""
        filed = 0
        for round_ in range(10):
            request = await ask(office.anna, family.vof, family.henk_id, folders["Intern"])
            path = f"/v1/document-requests/{request['id']}/withdraw"
            answered, withdrawn = await at_once(answer(family.henk, request), office.anna.post(path))
            shown = await read(office.anna, request)
            outcome = (answered.status_code, withdrawn.status_code, shown["status"])
            assert outcome in [(201, 409, "answered"), (409, 200, "withdrawn")], round_
            filed += answered.status_code == 201
            assert await count_items(db, office.id) == filed
        await is_clean(db, storage, office.id)


async def test_lists(office: Tenant, family: Family, folders: dict[str, Any], request_: dict[str, Any]) -> None:
    other = await ask(office.anna, family.vof, family.jan_id, folders["Intern"])

    async def ids(client: Client, **query: str) -> list[str]:
        found = await client.get("/v1/document-requests", params=query)
        return [request["id"] for request in found.json()["items"]]

    assert await ids(office.anna) == [other["id"], request_["id"]]
    assert await ids(family.henk) == [request_["id"]]
    assert await ids(family.henk, status="answered") == []
    assert await ids(office.anna, conversation_id=other["conversation_id"]) == [other["id"]]
    assert await ids(office.anna, relation_id=family.jan_own["id"]) == []
    _, stranger = await office.member(Role.MUTATOR)
    assert await ids(stranger) == []
