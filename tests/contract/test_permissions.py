"""AZ-01: every operation has an explicit rule, and this table is the expectation."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.access import CONTACT, KEY_SCOPES, MANAGER, MUTATOR, READER, P
from app.main import FEATURES
from app.routing import Route, permissions_of
from tests.factories import Tenant
from tests.factories.conventions import problem

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
    "delete_team_member": "a",
    "invite_team_member": "a",
    "list_team_roles": "rmMa",
    "create_team_role": "Ma",
    "get_team_role": "rmMa",
    "update_team_role": "Ma",
    "delete_team_role": "Ma",
    "get_standard_team": "rmMa",
    "put_standard_team": "Ma",
    "list_deputies": "rmMa",
    "create_deputy": "Ma",
    "get_deputy": "rmMa",
    "update_deputy": "Ma",
    "delete_deputy": "Ma",
    "list_api_keys": "a",
    "create_api_key": "a",
    "get_api_key": "a",
    "revoke_api_key": "a",
    "list_folder_templates": "rmMa",
    "create_folder_template": "Ma",
    "get_folder_template": "rmMa",
    "update_folder_template": "Ma",
    "delete_folder_template": "Ma",
    "list_labels": "rmMa",
    "create_label": "Ma",
    "get_label": "rmMa",
    "update_label": "Ma",
    "delete_label": "Ma",
    "list_products": "rmMa",
    "create_product": "Ma",
    "get_product": "rmMa",
    "update_product": "Ma",
    "delete_product": "Ma",
    "list_relation_kinds": "rmMa",
    "create_relation_kind": "Ma",
    "get_relation_kind": "rmMa",
    "update_relation_kind": "Ma",
    "delete_relation_kind": "Ma",
    "list_relation_groups": "rmMa",
    "create_relation_group": "Ma",
    "get_relation_group": "rmMa",
    "update_relation_group": "Ma",
    "delete_relation_group": "Ma",
    "list_relations": "crmMa",
    "create_relation": "mMa",
    "get_relation": "crmMa",
    "update_relation": "mMa",
    "get_relation_completeness": "rmMa",
    "change_relation_type": "mMa",
    "archive_relation": "Ma",
    "restore_relation": "Ma",
    "match_relation": "mMa",
    "search_relations": "mMa",
    "reveal_citizen_number": "mMa",
    "get_relation_team": "rmMa",
    "put_relation_team": "Ma",
    "list_contacts": "rmMa",
    "create_contact": "mMa",
    "get_contact": "rmMa",
    "update_contact": "mMa",
    "delete_contact": "mMa",
    "merge_contacts": "mMa",
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
    "list_changes": "Ma",
    "get_relations_template": "rmMa",
    "get_relations_template_csv": "rmMa",
    "get_contacts_template": "rmMa",
    "get_contacts_template_csv": "rmMa",
    "list_imports": "Ma",
    "create_import": "Ma",
    "get_import": "Ma",
    "list_import_rows": "Ma",
    "plan_import": "Ma",
    "commit_import": "Ma",
    "cancel_import": "Ma",
    "undo_import": "Ma",
    "get_rejected_rows": "Ma",
    "get_rejected_rows_csv": "Ma",
    "export_relations": "Ma",
    "export_relations_csv": "Ma",
    "export_contacts": "Ma",
    "export_contacts_csv": "Ma",
    "follow_import": "Ma",
}
ROLES = {"c": CONTACT, "r": READER, "m": MUTATOR, "M": MANAGER, "a": frozenset(P)}
ROUTES = {route.name: route for feature in FEATURES for route in feature.router.routes if isinstance(route, APIRoute)}


def test_the_table_names_every_operation_and_no_other() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_permission(name: str) -> None:
    route = ROUTES[name]
    assert isinstance(route, Route)
    if permissions := permissions_of(route):
        assert "".join(letter for letter, granted in ROLES.items() if granted.issuperset(permissions)) == TABLE[name]
    else:
        assert TABLE[name] == "*"


SEVERAL = {
    "merge_contacts": {P.CONTACTS_WRITE, P.CONTACTS_DELETE, P.CONTACT_LINKS_WRITE},
    "create_person_relation": {P.RELATIONS_WRITE, P.CONTACT_LINKS_WRITE},
    "get_rejected_rows": {P.IMPORTS_READ, P.IMPORTS_WRITE},
    "get_rejected_rows_csv": {P.IMPORTS_READ, P.IMPORTS_WRITE},
}


def test_what_takes_several_permissions_says_so(app: FastAPI) -> None:
    """In the route, where its role is asked for, and in the contract, so that who makes a key knows its scopes."""
    assert {name: set(found) for name, route in ROUTES.items() if len(found := permissions_of(route)) > 1} == SEVERAL
    told = {each["operationId"]: each for path in app.openapi()["paths"].values() for each in path.values()}
    for name, permissions in SEVERAL.items():
        assert set(told[name]["x-permission"].split()) == permissions
        assert all(f"`{permission}`" in told[name]["description"] for permission in permissions)


@pytest.mark.parametrize("name", SEVERAL)
async def test_each_of_several_is_needed(office: Tenant, name: str) -> None:
    path, (method, *_) = "/v1" + ROUTES[name].path.format_map(Ids()), sorted(ROUTES[name].methods or ())
    for lacking in SEVERAL[name]:
        key = await office.key(*(SEVERAL[name] - {lacking}))
        assert lacking in problem(await key.request(method, path), 403, "forbidden")["detail"]


def test_keys_can_not_make_keys_or_people() -> None:
    """AU-02."""
    assert not KEY_SCOPES & {
        P.API_KEYS_WRITE,
        P.TEAM_MEMBERS_WRITE,
        P.CONTACTS_INVITE,
        P.CONTACTS_RESET_TWO_STEP,
        P.ME_WRITE,
    }


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
