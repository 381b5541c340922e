"""AZ-01: every operation has an explicit rule, and this table is the expectation."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.access import CONTACT, KEY_SCOPES, MANAGER, MUTATOR, READER, P, Role
from app.main import FEATURES
from app.routing import Route, permission_of
from tests.factories import Tenant, make_family

pytestmark = pytest.mark.anyio

# Who may do this kind of thing at all: c contact, r reader, m mutator, M manager, a administrator; * without sign-in.
TABLE = {
    "get_meta": "*",
    "create_token": "*",
    "accept_invitation": "*",
    "delete_current_token": "crmMa",
    "get_me": "crmMa",
    "begin_two_step": "crmMa",
    "confirm_two_step": "crmMa",
    "remove_two_step": "crmMa",
    "reset_two_step_of_contact": "mMa",
    "reset_two_step_of_team_member": "a",
    "get_office": "rmMa",
    "update_office": "a",
    "list_team_members": "rmMa",
    "create_team_member": "a",
    "get_team_member": "rmMa",
    "update_team_member": "a",
    "invite_team_member": "a",
    "list_api_keys": "a",
    "create_api_key": "a",
    "get_api_key": "a",
    "revoke_api_key": "a",
    "list_folder_templates": "rmMa",
    "create_folder_template": "Ma",
    "get_folder_template": "rmMa",
    "update_folder_template": "Ma",
    "delete_folder_template": "Ma",
    "list_relations": "crmMa",
    "create_relation": "mMa",
    "get_relation": "crmMa",
    "update_relation": "mMa",
    "archive_relation": "Ma",
    "match_relation": "mMa",
    "reveal_citizen_number": "mMa",
    "get_relation_team": "rmMa",
    "put_relation_team": "Ma",
    "list_contacts": "rmMa",
    "create_contact": "mMa",
    "get_contact": "rmMa",
    "update_contact": "mMa",
    "invite_contact": "mMa",
    "create_person_relation": "mMa",
    "list_contacts_of_relation": "rmMa",
    "list_relations_of_contact": "rmMa",
    "get_contact_link": "rmMa",
    "put_contact_link": "mMa",
    "update_contact_link": "mMa",
    "delete_contact_link": "mMa",
    "list_dossiers": "crmMa",
    "get_dossier_of_relation": "crmMa",
    "get_dossier": "crmMa",
    "list_folders": "crmMa",
    "create_folder": "mMa",
    "get_folder": "crmMa",
    "update_folder": "mMa",
    "delete_folder": "mMa",
    "list_items_of_folder": "crmMa",
    "upload_items": "mMa",
    "list_items_of_dossier": "crmMa",
    "get_item": "crmMa",
    "update_item": "mMa",
    "delete_item": "mMa",
    "restore_item": "mMa",
    "get_item_content": "crmMa",
    "list_conversations": "crmMa",
    "create_conversation": "cmMa",
    "get_conversation": "crmMa",
    "update_conversation": "mMa",
    "list_messages": "crmMa",
    "send_message": "cmMa",
    "get_message": "crmMa",
    "get_attachment_content": "crmMa",
    "list_document_requests": "crmMa",
    "create_document_request": "mMa",
    "get_document_request": "crmMa",
    "withdraw_document_request": "mMa",
    "reopen_document_request": "mMa",
    "list_inbox": "rmMa",
    "route_items": "mMa",
    "route_item": "mMa",
    "refuse_item": "mMa",
    "reassign_item": "mMa",
    "list_events": "crmMa",
}
ROLES = {"c": CONTACT, "r": READER, "m": MUTATOR, "M": MANAGER, "a": frozenset(P)}
ROUTES = {route.name: route for feature in FEATURES for route in feature.router.routes if isinstance(route, APIRoute)}


def test_the_table_names_every_operation_and_no_other() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_permission(name: str) -> None:
    route = ROUTES[name]
    assert isinstance(route, Route)
    permission = permission_of(route)
    if permission is None:
        assert TABLE[name] == "*"
    else:
        assert "".join(letter for letter, granted in ROLES.items() if permission in granted) == TABLE[name]


def test_keys_can_not_make_keys_or_people() -> None:
    """AU-02."""
    assert not KEY_SCOPES & {
        P.API_KEYS_WRITE,
        P.TEAM_MEMBERS_WRITE,
        P.CONTACTS_INVITE,
        P.CONTACTS_RESET_TWO_STEP,
        P.ME_WRITE,
    }


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
    inbox = (await office.anna.get("/v1/inbox")).json()["items"][0]
    return {
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
        "folder_template_id": template["id"],
        "team_member_id": str(office.anna_id),
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
                permission = permission_of(route)
                allowed = stranger is strangers[0] or permission in CONTACT
                assert answer.status_code == (404 if allowed else 403), f"{name}: {answer.status_code} {answer.text}"
    assert await fingerprint(office) == before


@pytest.mark.bytes
async def test_staff_without_a_role_on_the_relation(office: Tenant) -> None:
    """AZ-02: a mutator without a role on the relation meets 404 on all of it."""
    ids = await ids_of(office)
    _, stranger = await office.member(Role.MUTATOR)
    own = {"team_member_id", "folder_template_id", "api_key_id"}
    for name, route in ROUTES.items():
        names = {part.strip("{}") for part in route.path.split("/") if part.startswith("{")}
        if not names - own or name == "accept_invitation":
            continue
        for method in route.methods or ():
            answer = await stranger.request(method, "/v1" + route.path.format(**ids), **body_of(route))
            allowed = permission_of(route) in MUTATOR
            assert answer.status_code == (404 if allowed else 403), f"{name}: {answer.status_code} {answer.text}"


async def fingerprint(office: Tenant) -> dict[str, Any]:
    lists = (
        "relations",
        "contacts",
        "folder-templates",
        "team-members",
        "api-keys",
        "inbox",
        "conversations",
        "document-requests",
    )
    return {name: (await office.admin.get(f"/v1/{name}")).json()["items"] for name in lists}


async def test_without_sign_in_everything_but_the_public_is_401(anonymous: Any) -> None:
    """And before the body is looked at: bad JSON without credentials is 401 too."""
    for name, route in ROUTES.items():
        if TABLE[name] == "*":
            continue
        path = "/v1" + route.path.format_map(Ids())
        for method in route.methods or ():
            for body in (None, b"{not json"):
                answer = await anonymous.request(
                    method, path, content=body, headers={"Content-Type": "application/json"}
                )
                assert answer.status_code == 401, name
                assert answer.headers["www-authenticate"].startswith("Bearer")


class Ids(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "0193d6f0-0000-7000-8000-000000000001"
