"""A client sees what is open to him and changes nothing (domain rules 5-9; DOM-01, DOM-02, AZ-04)."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from app.access import CONTACT
from app.db import Database
from app.routing import permissions_of
from tests.factories import Client, Family, Tenant, make_family, make_file, upload
from tests.factories.conversations import ask, begin, send

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

MARKER = "zwijgzaam"
NOWHERE = "0193d6f0-0000-7000-8000-000000000001"
TABLES = ("folders", "dossier_items", "dossiers", "relations", "blobs", "document_request_lines", "folder_templates")


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


class Seeded:
    """An office full of hidden things whose names hold a marker, and every id that there is."""

    def __init__(self, office: Tenant, family: Family) -> None:
        self.office, self.family = office, family
        self.hidden: set[str] = set()

    async def plant(self) -> None:
        anna, vof, henk = self.office.anna, self.family.vof, self.family.henk
        folders = await self.office.folders(vof)
        await upload(anna, folders["Permanent"], make_file("open.pdf"))
        for name in ("Intern", "Inbox"):
            await anna.patch(f"/v1/folders/{folders[name]['id']}", json={"name": f"{MARKER} {name}"})
            self.hidden.add(folders[name]["id"])
        sub = {"name": f"{MARKER} onder", "parent_id": folders["Permanent"]["id"], "visibility": "closed"}
        closed = (await anna.post(f"/v1/dossiers/{vof['dossier_id']}/folders", json=sub)).json()
        below = {"name": "open onder dicht", "parent_id": closed["id"], "visibility": "open"}
        assert (await anna.post(f"/v1/dossiers/{vof['dossier_id']}/folders", json=below)).status_code == 201
        self.hidden.add(closed["id"])
        for folder in (folders["Intern"], closed):
            stored = await upload(anna, folder, make_file(f"{MARKER}.pdf"), make_file(f"{MARKER} weg.pdf"))
            kept, binned = (outcome["item"]["id"] for outcome in stored.json()["items"])
            await anna.delete(f"/v1/dossier-items/{binned}")
            self.hidden |= {kept, binned}
        moved = (await upload(anna, folders["Permanent"], make_file("verhuisd.pdf"))).json()["items"][0]["item"]["id"]
        await anna.patch(f"/v1/dossier-items/{moved}", json={"folder_id": closed["id"], "name": f"{MARKER} v.pdf"})
        self.hidden.add(moved)
        conversation = await begin(henk, vof)
        await send(henk, conversation["id"], make_file("geleverd.pdf"))
        waiting = (await anna.get("/v1/inbox")).json()["items"][0]["id"]
        route = {"folder_id": folders["Intern"]["id"], "name": f"{MARKER} gerouteerd.pdf"}
        await anna.post(f"/v1/inbox/{waiting}/route", json=route)
        self.hidden.add(waiting)
        await ask(anna, vof, self.family.henk_id, closed)
        private = await begin(anna, vof, subject=f"{MARKER} onder ons")
        await anna.post(f"/v1/conversations/{private['id']}/messages", json={"text": MARKER})
        jans = await ask(anna, vof, self.family.jan_id, folders["Permanent"], title=f"{MARKER} voor Jan")
        other = await self.office.relation("900", name=f"{MARKER} BV")
        await upload(anna, (await self.office.folders(other))["Permanent"], make_file(f"{MARKER}.pdf"))
        self.hidden |= {private["id"], jans["id"], jans["conversation_id"], other["id"], other["dossier_id"]}
        self.hidden |= {self.family.jan_own["id"], self.family.jan_own["dossier_id"]}
        await self._plant_on_the_card()

    async def _plant_on_the_card(self) -> None:
        """What the office keeps of a relation is the office's, though the client may see the relation."""
        admin, values = self.office.admin, {"memo": MARKER, "external_ids": {"afas": MARKER}, "email": f"{MARKER}@x.nl"}
        made = {}
        for name in ("labels", "products", "relation-kinds", "relation-groups"):
            answer = await admin.post(f"/v1/{name}", json={"name": f"{MARKER} {name}"})
            made[name] = answer.json()["id"]
        parts = {"label_ids": [made["labels"]], "products": [{"product_id": made["products"]}]}
        lists = {"kind_id": made["relation-kinds"], "group_id": made["relation-groups"]}
        address = {"addresses": {"postal": {"city": MARKER}}}
        answer = await admin.patch(f"/v1/relations/{self.family.vof['id']}", json=values | parts | lists | address)
        assert answer.status_code == 200, answer.text
        content = {"files": ("x.csv", f"Relatienummer;Naam\n900;{MARKER}\n".encode())}
        brought = await admin.post("/v1/imports", params={"kind": "relations"}, files=content)
        self.hidden |= {*made.values(), brought.json()["id"]}

    async def ids(self) -> dict[str, list[str]]:
        """Of each kind of path parameter, every id that is in the database."""
        sources = {
            "relation_id": "relations", "contact_id": "contacts", "dossier_id": "dossiers", "folder_id": "folders",
            "item_id": "dossier_items", "conversation_id": "conversations", "message_id": "messages",
            "attachment_id": "message_attachments", "document_request_id": "document_requests",
            "line_id": "document_request_lines", "member_id": "team_members", "team_member_id": "team_members",
            "key_id": "api_keys", "api_key_id": "api_keys", "template_id": "folder_templates",
            "folder_template_id": "folder_templates", "team_role_id": "team_roles", "deputy_id": "deputies",
            "label_id": "labels", "product_id": "products", "relation_kind_id": "relation_kinds",
            "relation_group_id": "relation_groups", "import_id": "imports",
        }  # fmt: skip
        found = {}
        async with self.office.db.transaction(self.office.id) as session:
            for parameter, table in sources.items():
                rows = await session.scalars(text(f"SELECT id FROM {table} ORDER BY id"))
                found[parameter] = [str(row) for row in rows] or [NOWHERE]
        return found | {"token": ["ordi_x"]}


@pytest.fixture
async def seeded(office: Tenant, family: Family) -> Seeded:
    made = Seeded(office, family)
    await made.plant()
    return made


def paths(pattern: str, ids: dict[str, list[str]]) -> Iterator[str]:
    """The pattern with every combination of ids: one parameter after the other."""
    start = pattern.find("{")
    if start < 0:
        yield pattern
        return
    end = pattern.index("}", start)
    name = pattern[start + 1 : end]
    assert name in ids, f"{pattern}: the test knows no ids of {name}"
    for value in ids[name]:
        yield from paths(pattern[:start] + value + pattern[end + 1 :], ids)


def everything(answer: httpx.Response) -> str:
    return answer.text + str(answer.headers)


async def test_every_read(app: FastAPI, family: Family, seeded: Seeded, anonymous: Client) -> None:
    """DOM-01: in no answer and no header, of no operation, with no id."""
    document = (await anonymous.get("/openapi.json")).json()
    ids, asked, seen = await seeded.ids(), 0, []
    allowed = {route.name: permissions_of(route) for route in app.state.operations}
    for pattern, operations in document["paths"].items():
        if "get" not in operations:
            continue
        name = operations["get"]["operationId"]
        if not CONTACT.issuperset(allowed.get(name, ())):
            path = next(paths(pattern, ids))
            assert (await family.henk.get(path)).status_code == 403, path
            continue
        parameters = {parameter["name"] for parameter in operations["get"].get("parameters", []) if "name" in parameter}
        queries: list[dict[str, str]] = [{}]
        if "q" in parameters:
            queries += [{"q": MARKER}]
        if "include" in parameters:
            queries += [{"include": "total", "limit": "1"}]
        if "binned" in parameters:
            queries += [{"binned": "true"}]
        for path in paths(pattern, ids):
            for query in queries:
                answer = await family.henk.get(path, params=query)
                asked += 1
                assert answer.status_code in (200, 403, 404), (path, answer.text)
                found = everything(answer)
                assert MARKER not in found, (path, query, found)
                leaked = {hidden for hidden in seeded.hidden - set(path.split("/")) if hidden in found}
                assert not leaked, (path, query, leaked)
                if answer.status_code == 200 and set(path.split("/")) & seeded.hidden:
                    seen.append(path)
    assert seen == []
    assert asked > 100


async def test_not_yours_is_as_not_there(office: Tenant, family: Family, seeded: Seeded, db: Database) -> None:
    """AZ-02: one answer for what is hidden and what never was; and no count tells."""
    async with db.transaction(office.id) as session:
        names = list(await session.scalars(select(text("name")).select_from(text("dossier_items"))))
    assert sum(MARKER in name for name in names) >= 6  # or the crawl above would prove nothing
    dossier = family.vof["dossier_id"]
    for path, total in ((f"/v1/dossiers/{dossier}/items", 1), (f"/v1/dossiers/{dossier}/folders", 3)):
        assert (await family.henk.get(path, params={"include": "total"})).json()["total"] == total
    ids = await seeded.ids()
    for pattern, kind in (
        ("/v1/folders/{}", "folder_id"),
        ("/v1/dossier-items/{}", "item_id"),
        ("/v1/folders/{}/items", "folder_id"),
    ):
        missing = (await family.henk.get(pattern.format(NOWHERE))).json()
        missing.pop("request_id")
        for hidden in seeded.hidden & set(ids[kind]):
            answer = await family.henk.get(pattern.format(hidden))
            body = answer.json()
            body.pop("request_id")
            assert (answer.status_code, body) == (404, missing)


async def dump(db: Database, office: Tenant) -> dict[str, list[str]]:
    async with db.transaction(office.id) as session:
        return {
            table: list(await session.scalars(text(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY id")))
            for table in TABLES
        }


BODIES: tuple[Any, ...] = (
    {},
    {"name": "van mij"},
    {"folder_id": NOWHERE},
    {"visibility": "open"},
    {"items": []},
)


async def test_every_write(
    app: FastAPI, office: Tenant, family: Family, seeded: Seeded, db: Database, anonymous: Client
) -> None:
    """DOM-02: whatever he sends to whatever operation, folders and documents stay as they are."""
    document = (await anonymous.get("/openapi.json")).json()
    allowed = {route.name: permissions_of(route) for route in app.state.operations}
    mine = {
        "folder_id": [(await office.folders(family.vof))["Permanent"]["id"]],
        "item_id": [(await family.henk.get(f"/v1/dossiers/{family.vof['dossier_id']}/items")).json()["items"][0]["id"]],
        "relation_id": [family.vof["id"]],
        "dossier_id": [family.vof["dossier_id"]],
        "contact_id": [family.henk_id],
    }
    ids = {name: found[:1] for name, found in (await seeded.ids()).items()} | mine
    before, refused = await dump(db, office), 0
    for pattern, operations in document["paths"].items():
        if pattern.startswith(("/v1/auth", "/v1/invitations", "/v1/me")):  # his own way in is his
            continue
        for method in ("post", "put", "patch", "delete"):
            operation = operations.get(method)
            needed = operation and allowed.get(operation["operationId"])
            is_his = needed and CONTACT.issuperset(needed)
            for path in paths(pattern, ids):
                bodies = BODIES if is_his else BODIES[:1]
                answers = [await family.henk.request(method, path, json=body) for body in bodies]
                if operation:
                    answers.append(await family.henk.request(method, path, files=[make_file("van mij.pdf")]))
                for answer in answers:
                    assert answer.status_code >= 400, (method, path, answer.text)
                    if not is_his:
                        # A word below a resource (/relations/match) is also an id for its other methods.
                        is_word = path.endswith(("/match", "/search"))
                        possible = {403} if operation else {403, 405} if is_word else {405}
                        assert answer.status_code in possible, (method, path, answer.text)
                        refused += 1
    assert await dump(db, office) == before
    assert refused > 100


async def test_not_even_what_he_delivered(office: Tenant, family: Family, db: Database) -> None:
    conversation = await begin(family.henk, family.vof)
    message = (await send(family.henk, conversation["id"], make_file())).json()
    item = (await office.anna.get("/v1/inbox")).json()["items"][0]
    before = await dump(db, office)
    for method in ("PATCH", "DELETE", "PUT", "POST"):
        for path in (
            f"/v1/dossier-items/{item['id']}",
            f"/v1/dossier-items/{item['id']}/restore",
            f"/v1/inbox/{item['id']}/route",
            f"/v1/conversations/{conversation['id']}/messages/{message['id']}",
            f"/v1/messages/{message['id']}/attachments/{message['attachments'][0]['id']}/content",
        ):
            answer = await family.henk.request(
                method, path, content=json.dumps({"name": "x"}), headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in (403, 404, 405), (method, path)
    assert await dump(db, office) == before
