"""AZ-02, AZ-03: every operation with an id, called by who has no business with the row: 404, and nothing changed."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.access import CONTACT, MUTATOR, Role
from app.routing import permissions_of
from tests.contract.test_permissions import ROUTES
from tests.factories import Tenant, make_family

pytestmark = pytest.mark.anyio


async def ids_of(office: Tenant) -> dict[str, str]:
    """An id for every path parameter, all of one office."""
    family = await make_family(office)
    folders = await office.folders(family.vof)
    permanent = folders["Permanent"]["id"]
    talk = await family.henk.post("/v1/conversations", json={"relation_id": family.vof["id"], "subject": "x"})
    messages = f"/v1/conversations/{talk.json()['id']}/messages"
    sent = await family.henk.post(
        messages, data={"message": "{}"}, files=[("files", ("bon.txt", b"bon", "text/plain"))]
    )
    asked = await office.anna.post(
        "/v1/document-requests",
        json={
            "relation_id": family.vof["id"],
            "contact_id": family.henk_id,
            "title": "x",
            "lines": [{"title": "x", "folder_id": permanent}],
        },
    )
    key = await office.admin.post("/v1/api-keys", json={"name": "x", "scopes": ["relations:read"]})
    template = (await office.admin.get("/v1/folder-templates")).json()["items"][0]
    lists = ("labels", "products", "relation-kinds", "relation-groups")
    named = [(await office.admin.post(f"/v1/{name}", json={"name": "x"})).json()["id"] for name in lists]
    role = (await office.admin.get("/v1/team-roles")).json()["items"][-1]
    people = {"team_member_id": str(office.anna_id), "deputy_member_id": str(office.admin_id)}
    deputy = await office.admin.post("/v1/deputies", json=people | {"starts_on": "2026-07-20"})
    inbox = (await office.anna.get("/v1/inbox")).json()["items"][0]
    brought = await office.admin.post("/v1/imports?kind=relations", files={"files": ("x.csv", b"Relatienummer\n1\n")})
    return {
        "import_id": brought.json()["id"],
        "relation_id": family.vof["id"],
        "contact_id": family.henk_id,
        "dossier_id": family.vof["dossier_id"],
        "folder_id": permanent,
        "item_id": inbox["id"],
        "conversation_id": talk.json()["id"],
        "message_id": sent.json()["id"],
        "attachment_id": sent.json()["attachments"][0]["id"],
        "document_request_id": asked.json()["id"],
        "api_key_id": key.json()["id"],
        "team_role_id": role["id"],
        "deputy_id": deputy.json()["id"],
        "folder_template_id": template["id"],
        "team_member_id": str(office.anna_id),
        **dict(zip(("label_id", "product_id", "relation_kind_id", "relation_group_id"), named, strict=True)),
    }


def body_of(route: APIRoute) -> dict[str, Any]:
    if route.name in ("upload_items", "send_message"):
        return {
            "files": [("files", ("x.txt", b"x", "text/plain")), ("message", (None, "{}"))][
                : 1 + (route.name == "send_message")
            ]
        }
    return {} if route.body_field is None else {"json": example_of(route)}


def example_of(route: APIRoute) -> Any:
    assert route.body_field is not None
    return route.body_field.field_info.annotation.model_config["json_schema_extra"]["examples"][0]  # type: ignore[union-attr]


@pytest.mark.bytes
async def test_no_operation_crosses_offices(office: Tenant, other_office: Tenant, app: FastAPI) -> None:
    """AZ-02, AZ-03: every operation with an id, called with another office's ids: 404, and nothing changed."""
    ids = await ids_of(office)
    before = await fingerprint(office)
    strangers = [other_office.admin, (await make_family(other_office)).henk]
    for name, route in ROUTES.items():
        if "{" not in route.path or name == "accept_invitation":
            continue
        path = "/v1" + route.path.format(**ids)
        for method in route.methods or ():
            for stranger in strangers:
                answer = await stranger.request(method, path, **body_of(route))
                allowed = stranger is strangers[0] or CONTACT.issuperset(permissions_of(route))
                assert answer.status_code == (404 if allowed else 403), f"{name}: {answer.status_code} {answer.text}"
    assert await fingerprint(office) == before


@pytest.mark.bytes
async def test_staff_without_a_role_on_the_relation(office: Tenant) -> None:
    """AZ-02: a mutator without a role on the relation meets 404 on all of it."""
    ids = await ids_of(office)
    _, stranger = await office.member(Role.MUTATOR)
    own = {"team_member_id", "team_role_id", "deputy_id", "folder_template_id", "api_key_id"}
    own |= {"label_id", "product_id", "relation_kind_id", "relation_group_id"}
    for name, route in ROUTES.items():
        names = {part.strip("{}") for part in route.path.split("/") if part.startswith("{")}
        if not names - own or name == "accept_invitation":
            continue
        for method in route.methods or ():
            answer = await stranger.request(method, "/v1" + route.path.format(**ids), **body_of(route))
            allowed = MUTATOR.issuperset(permissions_of(route))
            assert answer.status_code == (404 if allowed else 403), f"{name}: {answer.status_code} {answer.text}"


async def fingerprint(office: Tenant) -> dict[str, Any]:
    lists = (
        "relations",
        "contacts",
        "folder-templates",
        "labels",
        "products",
        "relation-kinds",
        "relation-groups",
        "team-members",
        "team-roles",
        "deputies",
        "api-keys",
        "inbox",
        "conversations",
        "document-requests",
    )
    return {name: (await office.admin.get(f"/v1/{name}")).json()["items"] for name in lists}
