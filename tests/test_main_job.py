"""The main job, end to end, as its users do it: HTTP, a real PostgreSQL, a real S3 server."""

import hashlib
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.db import Database
from app.demo import pdf
from app.schemas.offices import OfficeCreate
from app.services import offices
from app.settings import Settings
from tests.factories import Client, Tenant, make_family, make_file

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

PASSWORD = "een lang wachtwoord"


async def sign_in(client: Client, slug: str, email: str, password: str = PASSWORD) -> dict[str, str]:
    answer = await client.post("/v1/auth/tokens", json={"office": slug, "email": email, "password": password})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def made(client: Client, path: str, body: dict[str, Any], auth: dict[str, str]) -> Any:
    answer = await client.post(path, json=body, headers=auth)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].startswith("/v1/")
    return answer.json()


async def listed(client: Client, path: str, auth: dict[str, str]) -> Any:
    answer = await client.get(path, headers=auth)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def folders_of(client: Client, dossier_id: str, auth: dict[str, str]) -> dict[str, Any]:
    found = await listed(client, f"/v1/dossiers/{dossier_id}/folders", auth)
    return {folder["name"].split()[0]: folder for folder in found}


async def test_main_job(
    anonymous: httpx.AsyncClient, db: Database, settings: Settings, app: FastAPI, other_office: Tenant
) -> None:
    http = anonymous

    # 1. An office with an administrator and an accountant, who signs in.
    slug = f"main-{settings.s3_bucket}-{id(db)}"
    first = OfficeCreate(slug=slug, name="Kantoor", administrator="Bea", email="bea@kantoor.nl", password=PASSWORD)
    await offices.create(db, settings, first)
    admin = await sign_in(http, slug, "bea@kantoor.nl")
    member = await made(
        http, "/v1/team-members", {"name": "Anna", "email": "anna@kantoor.nl", "role": "mutator"}, admin
    )
    invited = await made(http, f"/v1/team-members/{member['id']}/invitation", {}, admin)
    accepted = await http.post(f"/v1/invitations/{invited['token']}/accept", json={"password": PASSWORD})
    assert accepted.json() == {"office": slug, "email": "anna@kantoor.nl"}
    anna = await sign_in(http, slug, "Anna@Kantoor.nl")

    # 2. The worked example of rule 35: three relations, two contacts, links; dossiers with the folder template.
    vof = await made(
        http,
        "/v1/relations",
        {"number": "100", "type": "organisation", "name": "De Vries Fietsen VOF", "legal_form": "vof"},
        anna,
    )
    people = {}
    for number, name, surname in (("100.1", "Henk", "de Vries"), ("100.2", "Jan", "Lammers")):
        person = {"first_names": name, "surname": surname}
        own = await made(http, "/v1/relations", {"number": number, "type": "person", **person}, anna)
        contact = await made(http, "/v1/contacts", {"number": number, "email": f"{name}@vries.nl", **person}, anna)
        for relation in (vof, own):
            link = await http.put(
                f"/v1/relations/{relation['id']}/contacts/{contact['id']}", json={"portal_access": True}, headers=anna
            )
            assert link.status_code == 201
        people[name] = (own, contact)
    folders = await folders_of(http, vof["dossier_id"], anna)
    assert {name: folder["is_open"] for name, folder in folders.items()} == {
        "Permanent": True,
        "Jaar": True,
        "Intern": False,
        "Inbox": False,
    }

    # 3. Three files in one request, each with its own outcome; a fourth that is too large is refused by itself.
    names = ["contract.pdf", "statuten.pdf", "Überblick – café.pdf"]
    big = make_file("groot.pdf", b"%PDF-" + bytes(app.state.settings.file_max_bytes))
    answer = await http.post(
        f"/v1/folders/{folders['Permanent']['id']}/items",
        files=[make_file(names[0]), make_file(names[1]), big, make_file(names[2])],
        headers=anna,
        timeout=120,
    )
    assert answer.status_code == 207
    outcomes = answer.json()["items"]
    assert [outcome["status"] for outcome in outcomes] == ["stored", "stored", "refused", "stored"]
    assert outcomes[2]["problem"]["code"] == "file_too_large"
    permanent = f"/v1/folders/{folders['Permanent']['id']}/items"
    assert {item["name"] for item in await listed(http, permanent, anna)} == set(names)

    # 4. Henk is invited, sets a password, signs in. He sees what was opened to him, and nothing of the rest.
    invited = await made(http, f"/v1/contacts/{people['Henk'][1]['id']}/invitation", {}, admin)
    await http.post(f"/v1/invitations/{invited['token']}/accept", json={"password": PASSWORD})
    again = await http.post(f"/v1/invitations/{invited['token']}/accept", json={"password": PASSWORD})
    assert again.status_code == 404
    henk = await sign_in(http, slug, "henk@vries.nl")
    assert {relation["number"] for relation in await listed(http, "/v1/relations", henk)} == {"100", "100.1"}
    assert len(await listed(http, "/v1/dossiers", henk)) == 2
    assert set(await folders_of(http, vof["dossier_id"], henk)) == {"Permanent", "Jaar"}
    item = outcomes[0]["item"]
    content = f"/v1/dossier-items/{item['id']}/content"
    whole = await http.get(content, headers=henk)
    assert whole.content == pdf(names[0])
    assert hashlib.sha256(whole.content).hexdigest() == item["sha256"]
    part = await http.get(content, headers=henk | {"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, pdf(names[0])[5:10])
    jans_dossier = people["Jan"][0]["dossier_id"]
    hidden = [
        f"/v1/dossiers/{jans_dossier}",
        f"/v1/dossiers/{jans_dossier}/folders",
        f"/v1/relations/{people['Jan'][0]['id']}",
        f"/v1/relations/{people['Jan'][0]['id']}/dossier",
        f"/v1/folders/{folders['Intern']['id']}",
        f"/v1/folders/{folders['Intern']['id']}/items",
        f"/v1/folders/{folders['Inbox']['id']}",
        f"/v1/folders/{folders['Inbox']['id']}/items",
    ]
    for path in hidden:
        assert (await http.get(path, headers=henk)).status_code == 404, path
    for method, path, body in (
        ("POST", f"/v1/dossiers/{vof['dossier_id']}/folders", {"name": "van mij"}),
        ("PATCH", f"/v1/folders/{folders['Permanent']['id']}", {"name": "van mij"}),
        ("DELETE", f"/v1/folders/{folders['Permanent']['id']}", None),
        ("PATCH", f"/v1/dossier-items/{item['id']}", {"name": "van mij.pdf"}),
        ("DELETE", f"/v1/dossier-items/{item['id']}", None),
        ("POST", f"/v1/dossier-items/{item['id']}/restore", {}),
        ("POST", permanent, None),
    ):
        refused = await http.request(method, path, json=body, headers=henk)
        assert refused.status_code == 403, path
    upload = await http.post(permanent, files=[make_file()], headers=henk)
    assert upload.status_code == 403

    # 5. Henk sends a message with two attachments: the Inbox and nowhere else. He answers a document request.
    conversation = await made(http, "/v1/conversations", {"relation_id": vof["id"], "subject": "Bonnen"}, henk)
    messages = f"/v1/conversations/{conversation['id']}/messages"
    sent = await http.post(
        messages,
        data={"message": '{"text": "Hierbij de bonnen."}'},
        files=[make_file("bon 1.pdf"), make_file("bon 2.pdf")],
        headers=henk,
    )
    assert sent.status_code == 201, sent.text
    assert [attachment["name"] for attachment in sent.json()["attachments"]] == ["bon 1.pdf", "bon 2.pdf"]
    request = await made(
        http,
        "/v1/document-requests",
        {
            "relation_id": vof["id"],
            "contact_id": people["Henk"][1]["id"],
            "title": "Jaarrekening",
            "lines": [{"title": "Bankafschrift", "folder_id": folders["Intern"]["id"]}],
        },
        anna,
    )
    asked = (await listed(http, "/v1/document-requests", henk))[0]
    assert folders["Intern"]["id"] not in str(asked)
    answer_to = {"text": "Alstublieft", "document_request_line_id": asked["lines"][0]["id"]}
    delivered = await http.post(
        f"/v1/conversations/{asked['conversation_id']}/messages",
        files=[("message", (None, httpx.Response(200, json=answer_to).text)), make_file("afschrift.pdf")],
        headers=henk,
    )
    assert delivered.status_code == 201, delivered.text
    assert folders["Intern"]["id"] not in delivered.text
    intern = f"/v1/folders/{folders['Intern']['id']}/items"
    assert [found["name"] for found in await listed(http, intern, anna)] == ["afschrift.pdf"]
    assert (await http.get(f"/v1/document-requests/{request['id']}", headers=anna)).json()["status"] == "answered"

    # 6. The accountant routes her inbox: one to the permanent folder, one to the internal one.
    waiting = await listed(http, "/v1/inbox", anna)
    assert [(entry["name"], entry["relation"]["number"]) for entry in waiting] == [
        ("bon 1.pdf", "100"),
        ("bon 2.pdf", "100"),
    ]
    for entry, folder in zip(waiting, (folders["Permanent"], folders["Intern"]), strict=True):
        routed = await http.post(f"/v1/inbox/{entry['id']}/route", json={"folder_id": folder["id"]}, headers=anna)
        assert routed.status_code == 200, routed.text
    assert await listed(http, "/v1/inbox", anna) == []
    assert {found["name"] for found in await listed(http, permanent, henk)} == {*names, "bon 1.pdf"}
    hidden_item = waiting[1]["id"]
    assert (await http.get(f"/v1/dossier-items/{hidden_item}", headers=henk)).status_code == 404
    sent_files = (await listed(http, messages, henk))[0]["attachments"]
    kept = await http.get(f"/v1/messages/{sent.json()['id']}/attachments/{sent_files[1]['id']}/content", headers=henk)
    assert kept.content == pdf("bon 2.pdf")

    # 7. Another office with the same data sees none of it.
    family = await make_family(other_office)
    for path in (
        *hidden,
        content,
        messages,
        f"/v1/dossier-items/{hidden_item}",
        f"/v1/document-requests/{request['id']}",
    ):
        for stranger in (other_office.admin, other_office.anna, family.henk):
            assert (await stranger.get(path)).status_code == 404, path
    assert (await other_office.admin.get("/v1/inbox")).json()["items"] == []
