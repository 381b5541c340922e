"""Invitations (uitnodigingen): one-time tokens with which people set their own password."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.crypto import Token
from app.settings import Settings
from tests.factories import Client, Tenant, hostile
from tests.factories.conventions import made, problem, refuses, refuses_bodies
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.people import PASSWORD, WRONG, caller, contact_with_password, sign_in
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio

EMAIL = "henk@vries.nl"


async def new_contact(office: Tenant) -> str:
    """The path of a contact without a login."""
    body = {"number": "1", "email": EMAIL, "surname": "Vries"}
    return f"/v1/contacts/{made(await office.anna.post('/v1/contacts', json=body))['id']}"


async def accept(office: Tenant, token: str, password: Any = PASSWORD) -> Any:
    async with caller(office) as client:
        return await client.post(f"/v1/invitations/{token}/accept", json={"password": password})


async def status(client: Client, path: str) -> str:
    found = made(await client.get(path), 200)
    return str(found.get("login_status") or found["status"])


async def can_sign_in(office: Tenant, password: str = PASSWORD, email: str = EMAIL) -> bool:
    async with caller(office) as client:
        return (await sign_in(client, office, email, password)).status_code == 201


async def test_accepting_locks_the_person_first(office: Tenant) -> None:
    """As whoever blocks him does: two that each wait for the other would both be stopped."""
    path = await new_contact(office)
    token = made(await office.admin.post(f"{path}/invitation"))["token"]
    async with lock_row(office, "contacts", path.rpartition("/")[2]) as release:
        accepting = asyncio.create_task(accept(office, token))
        await eventually(lambda: waiting_for_locks(office, 1, accepting), "he waits for the contact")
        assert not accepting.done()
        async with office.db.transaction(office.id) as session:
            await session.execute(text("SELECT id FROM invitations FOR UPDATE NOWAIT"))
        await release()
        made(await accepting, 200)


class TestInvite:
    async def test_link_for_an_administrator_only(self, office: Tenant) -> None:
        """In local mode; a mutator who invites never holds another person's token."""
        path = await new_contact(office)
        answer = await office.anna.post(f"{path}/invitation")
        by_anna = made(answer)
        assert answer.headers["location"] == path
        assert by_anna == {"expires_at": by_anna["expires_at"], "delivery": "link", "token": None, "link": None}
        assert await status(office.anna, path) == "invited"
        by_admin = made(await office.admin.post(f"{path}/invitation"))
        assert by_admin["token"].startswith("ordi_")
        assert by_admin["link"].endswith(f"/v1/invitations/{by_admin['token']}/accept")
        left = datetime.fromisoformat(by_admin["expires_at"]) - datetime.now(UTC)
        assert timedelta(days=6) < left <= timedelta(days=7)

    async def test_replay_has_no_secret(self, office: Tenant) -> None:
        """AU-02: shown once; and one key, one token."""
        path, key = f"{await new_contact(office)}/invitation", {"Idempotency-Key": "k"}
        first, again = await office.admin.post(path, headers=key), await office.admin.post(path, headers=key)
        assert made(again) == made(first) | {"token": None, "link": None}
        assert again.headers["idempotency-replayed"] == "true"
        async with office.db.transaction(office.id) as session:
            assert await session.scalar(text("SELECT count(*) FROM invitations")) == 1

    async def test_production_shows_no_link_and_wants_a_mail_server(
        self, office: Tenant, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = await new_contact(office)
        settings: Settings = app.state.settings
        monkeypatch.setattr(settings, "mode", "production")
        problem(await office.admin.post(f"{path}/invitation"), 409, "no_mail_server")
        assert await status(office.anna, path) == "none"

    async def test_blocked(self, office: Tenant) -> None:
        path = await new_contact(office)
        made(await office.anna.patch(path, json={"login_status": "blocked"}), 200)
        problem(await office.admin.post(f"{path}/invitation"), 409, "blocked")
        made(await office.anna.patch(path, json={"login_status": "none"}), 200)
        made(await office.admin.post(f"{path}/invitation"))
        problem(await office.admin.post("/v1/contacts/1/invitation"), 404)


class TestAccept:
    async def test_contact(self, office: Tenant) -> None:
        path = await new_contact(office)
        token = made(await office.admin.post(f"{path}/invitation"))["token"]
        assert not await can_sign_in(office)
        accepted = await accept(office, token)
        assert made(accepted, 200) == {"office": office.slug, "email": EMAIL}
        assert await status(office.anna, path) == "active"
        assert await can_sign_in(office)
        problem(await accept(office, token, WRONG), 404, "not_found")
        assert not await can_sign_in(office, WRONG)

    async def test_team_member(self, office: Tenant) -> None:
        body = {"name": "Rik", "email": "rik@kantoor.example", "role": "reader"}
        path = f"/v1/team-members/{made(await office.admin.post('/v1/team-members', json=body))['id']}"
        token = made(await office.admin.post(f"{path}/invitation"))["token"]
        assert made(await accept(office, token), 200)["email"] == "rik@kantoor.example"
        assert await status(office.anna, path) == "active"
        assert await can_sign_in(office, email="rik@kantoor.example")

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-04; the token still works afterwards."""
        token = made(await office.admin.post(f"{await new_contact(office)}/invitation"))["token"]
        path = f"/v1/invitations/{token}/accept"
        words = (*hostile.NO_TEXT, "null", '""', '"negen 123"', '"' + "x" * 201 + '"', r'"\ud800\ud800\ud800\ud800"')
        async with caller(office) as client:
            await refuses(client, "POST", path, {}, {"password": words})
            await refuses_bodies(client, "POST", path, {"password": PASSWORD})
            problem(await client.post(path, json={}), 422, None, "/password")
        assert (await accept(office, token, "ten chars!")).status_code == 200

    async def test_tokens_that_are_none(self, office: Tenant, other_office: Tenant) -> None:
        """AZ-03: another office's id with a secret of ours opens nothing."""
        shown = made(await office.admin.post(f"{await new_contact(office)}/invitation"))["token"]
        token = Token.parse(shown)
        assert token is not None
        session = office.admin.headers["authorization"].removeprefix("Bearer ")
        forged = [
            Token("ordi", other_office.id, token.secret),
            Token("ords", office.id, token.secret),
            Token.make("ordi", office.id),
        ]
        for odd in ("x", "%00", "🙂", "a" * 3_000, shown[:-1], f"{shown}x", shown.upper(), session, *map(str, forged)):
            problem(await accept(office, odd), 404, "not_found")
        assert (await accept(office, shown)).status_code == 200

    async def test_expired(self, office: Tenant) -> None:
        token = made(await office.admin.post(f"{await new_contact(office)}/invitation"))["token"]
        async with office.db.transaction(office.id) as session:
            await session.execute(text("UPDATE invitations SET expires_at = now() - interval '1 second'"))
        problem(await accept(office, token), 404, "not_found")

    @pytest.mark.parametrize(
        ("change", "back"),
        [({"login_status": "blocked"}, {"login_status": "none"}), ({"email": "goed@vries.nl"}, {"email": EMAIL})],
    )
    async def test_ends_with_a_block_or_another_address(
        self, office: Tenant, change: dict[str, str], back: dict[str, str]
    ) -> None:
        """AZ-05: what was sent to a wrong or a blocked person opens nothing, not even when that is lifted."""
        path = await new_contact(office)
        token = made(await office.admin.post(f"{path}/invitation"))["token"]
        for each in (change, back):
            made(await office.anna.patch(path, json=each), 200)
            problem(await accept(office, token), 404, "not_found")
        fresh = made(await office.admin.post(f"{path}/invitation"))["token"]
        assert (await accept(office, fresh)).status_code == 200

    async def test_of_a_team_member_ends_with_a_block_or_another_address(self, office: Tenant) -> None:
        path = f"/v1/team-members/{office.anna_id}"
        for change, then in (
            ({"status": "blocked"}, {"status": "invited"}),
            ({"email": "anders@kantoor.example"}, {"name": "Anna"}),
        ):
            token = made(await office.admin.post(f"{path}/invitation"))["token"]
            for each in (change, then):
                made(await office.admin.patch(path, json=each), 200)
                problem(await accept(office, token), 404, "not_found")

    async def test_again_sets_a_new_password_and_ends_sessions(self, office: Tenant) -> None:
        """AU-03: the old password and the sessions go on until the new one is set, and end with it."""
        path = f"/v1/contacts/{await contact_with_password(office, EMAIL)}"
        henk = await office.contact(path.rpartition("/")[2])
        tokens = [made(await office.admin.post(f"{path}/invitation"))["token"] for _ in range(2)]
        assert await status(office.anna, path) == "active"
        assert await can_sign_in(office)
        assert (await henk.get("/v1/me")).status_code == 200
        assert (await accept(office, tokens[0], WRONG)).status_code == 200
        problem(await henk.get("/v1/me"), 401, "token_invalid")
        assert (await can_sign_in(office), await can_sign_in(office, WRONG)) == (False, True)
        problem(await accept(office, tokens[1]), 404, "not_found")

    async def test_once_of_many(self, office: Tenant) -> None:
        token = made(await office.admin.post(f"{await new_contact(office)}/invitation"))["token"]
        passwords = [f"wachtwoord {place}" for place in range(8)]
        answers = await at_once(*(accept(office, token, password) for password in passwords))
        assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
        winner = next(place for place, answer in enumerate(answers) if answer.status_code == 200)
        assert await can_sign_in(office, passwords[winner])
        assert not await can_sign_in(office, passwords[winner - 1])
