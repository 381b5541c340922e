"""API keys (API-sleutels): AU-02."""

from datetime import UTC, datetime, timedelta

import pytest

from app.access import KEY_SCOPES, P, Permission, Role
from app.models import ApiKey
from tests.factories import Tenant, hostile
from tests.factories.conventions import (
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

PATH = "/v1/api-keys"
BODY = {"name": "migratie", "scopes": ["relations:read"]}


class TestCreate:
    async def test_exact_fields_and_the_secret_once(self, office: Tenant) -> None:
        answer = await office.admin.post(PATH, json=BODY | {"scopes": ["relations:write", *BODY["scopes"]] * 2})
        made_key = made(answer)
        secret = made_key.pop("key")
        path = f"{PATH}/{made_key['id']}"
        assert answer.headers["location"] == path
        assert secret.startswith("ordk_")
        assert made_key == {
            "id": made_key["id"],
            "name": "migratie",
            "hint": f"ordk_…{secret[-4:]}",
            "scopes": ["relations:read", "relations:write"],
            "created_by_id": str(office.admin_id),
            "created_at": made_key["created_at"],
            "expires_at": None,
            "revoked_at": None,
        }
        shown = await office.admin.get(path)
        listed = await office.admin.get(PATH)
        assert made(shown, 200) == made_key == listed.json()["items"][0]
        assert secret not in shown.text + listed.text
        me = (await office.client(secret).get("/v1/me")).json()
        assert me["kind"] == "api_key"
        assert (me["id"], me["name"], me["role"]) == (made_key["id"], "migratie", None)
        assert me["permissions"] == ["me:read", "relations:read", "relations:write"]

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01 to IN-04; a key never makes keys, people or logins."""
        beyond = [f'["{scope}"]' for scope in sorted(set(Permission) - KEY_SCOPES)]
        assert len(beyond) >= 5
        many = '["relations:read"' + ', "relations:read"' * 100 + "]"
        cases = {
            "name": (*hostile.NO_LINE, "null"),
            "scopes": ("[]", "null", '"relations:read"', "[5]", '["Relations:read"]', '["*"]', many, *beyond),
            "expires_at": hostile.NO_MOMENT,
        }
        await refuses(office.admin, "POST", PATH, BODY, cases)
        await refuses_bodies(office.admin, "POST", PATH, BODY)
        assert (await office.admin.get(PATH)).json()["items"] == []

    async def test_no_two_are_alike_and_a_replay_has_no_secret(self, office: Tenant) -> None:
        keys = {made(await office.admin.post(PATH, json=BODY))["key"] for _ in range(3)}
        assert len(keys) == 3
        names = iter(range(100))
        await keeps_idempotency(office.admin, PATH, lambda: BODY | {"name": f"k{next(names)}"}, secret=("key",))

    async def test_expiry(self, office: Tenant) -> None:
        soon = datetime.now(UTC) + timedelta(hours=1)
        moment = soon.isoformat(timespec="milliseconds")
        key = made(await office.admin.post(PATH, json=BODY | {"expires_at": moment}))
        assert key["expires_at"] == moment.replace("+00:00", "Z")
        elsewhere = (soon + timedelta(hours=2)).replace(tzinfo=None).isoformat(timespec="seconds") + "+02:00"
        other = made(await office.admin.post(PATH, json=BODY | {"expires_at": elsewhere}))
        assert other["expires_at"][:19] == moment[:19]
        client = office.client(key["key"])
        assert (await client.get("/v1/relations")).status_code == 200
        async with office.db.transaction(office.id) as session:
            row = await session.get_one(ApiKey, (office.id, key["id"]))
            row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        problem(await client.get("/v1/relations"), 401, "token_invalid")


class TestRevoke:
    async def test_holds_at_once(self, office: Tenant) -> None:
        """AZ-05."""
        key = made(await office.admin.post(PATH, json=BODY))
        client, path = office.client(key["key"]), f"{PATH}/{key['id']}"
        assert (await client.get("/v1/relations")).status_code == 200
        assert (await office.admin.delete(path)).status_code == 204
        problem(await client.get("/v1/relations"), 401, "token_invalid")
        problem(await office.admin.delete(path), 409, "revoked")
        assert made(await office.admin.get(path), 200)["revoked_at"] is not None

    async def test_once_of_many(self, office: Tenant) -> None:
        path = f"{PATH}/{made(await office.admin.post(PATH, json=BODY))['id']}"
        answers = await at_once(*(office.admin.delete(path) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [204] + [409] * 4
        events = (await office.admin.get("/v1/timeline", params={"sort": "-at"})).json()["items"]
        assert [event["action"] for event in events].count("api_key.revoked") == 1


class TestAccess:
    async def test_only_an_administrator(self, office: Tenant, other_office: Tenant) -> None:
        """AU-02: able to make no keys; AZ-03."""
        made_key = made(await office.admin.post(PATH, json=BODY | {"scopes": sorted(KEY_SCOPES)}))
        path = f"{PATH}/{made_key['id']}"
        _, manager = await office.member(Role.MANAGER)
        _, henk = await office.linked_contact(await office.relation("1"))
        for client in (office.client(made_key["key"]), manager, office.anna, henk):
            for call in (
                client.get(PATH),
                client.get(path),
                client.post(PATH, json=BODY),
                client.delete(path),
            ):
                problem(await call, 403)
        problem(await other_office.admin.get(path), 404)
        problem(await other_office.admin.delete(path), 404)
        assert (await other_office.admin.get(PATH)).json()["items"] == []

    async def test_does_nothing_beyond_its_scopes(self, office: Tenant) -> None:
        """AU-02: scoped. What is not named is refused (AZ-01)."""
        client = await office.key(P.DOSSIERS_READ)
        relation = await office.relation("1")
        dossier = f"/v1/dossiers/{relation['dossier_id']}"
        assert (await client.get(dossier)).status_code == 200
        for call in (
            client.get("/v1/relations"),
            client.get("/v1/inbox"),
            client.get("/v1/office"),
            client.post(f"{dossier}/folders", json={"name": "x"}),
            client.delete("/v1/auth/tokens/current"),
        ):
            problem(await call, 403)
        assert (await client.get(dossier)).status_code == 200

    async def test_list(self, office: Tenant) -> None:
        for name in ("a", "b", "c"):
            made(await office.admin.post(PATH, json=BODY | {"name": name}))
        await pages(office.admin, PATH, "name", ("created_at", ["a", "b", "c"]))
        await refuses_parameters(office.admin, PATH, "name=a")
