"""Signing in and out, and what a token is worth (AU-02, AU-03, AZ-05)."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from app.access import CONTACT, MUTATOR, P, Role
from app.crypto import Token
from app.settings import Settings
from tests.factories import Tenant, hostile
from tests.factories.conventions import made, problem, refuses, refuses_bodies
from tests.factories.people import PASSWORD, WRONG, caller, contact_with_password, member_email, sign_in

pytestmark = pytest.mark.anyio

PATH = "/v1/auth/tokens"


def said(problem_json: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in problem_json.items() if key != "request_id"}


class TestSignIn:
    async def test_team_member(self, office: Tenant) -> None:
        email = await member_email(office)
        async with caller(office) as client:
            signed_in = made(await sign_in(client, office, f" {email.upper()} "))
        assert signed_in.keys() == {"token", "expires_at", "kind"}
        assert signed_in["kind"] == "team_member"
        assert signed_in["token"].startswith("ords_")
        left = datetime.fromisoformat(signed_in["expires_at"]) - datetime.now(UTC)
        assert timedelta(hours=11) < left <= timedelta(hours=12)
        me = made(await office.client(signed_in["token"]).get("/v1/me"), 200)
        assert me == {
            "kind": "team_member",
            "id": str(office.anna_id),
            "name": "Anna Jansen",
            "office": {"id": str(office.id), "slug": office.slug, "name": "Kantoor"},
            "role": "mutator",
            "permissions": sorted(MUTATOR),
            "sees_all_relations": False,
            "two_step_since": None,
        }

    async def test_contact_by_the_office_s_name_in_any_case(self, office: Tenant) -> None:
        contact_id = await contact_with_password(office, "henk@vries.nl")
        body = {"office": office.slug.upper(), "email": "HENK@Vries.NL", "password": PASSWORD}
        async with caller(office) as client:
            signed_in = made(await client.post(PATH, json=body))
        me = made(await office.client(signed_in["token"]).get("/v1/me"), 200)
        assert (signed_in["kind"], me["kind"], me["id"], me["role"]) == ("contact", "contact", contact_id, None)
        assert me["permissions"] == sorted(CONTACT)

    async def test_one_address_of_an_employee_and_a_client(self, office: Tenant) -> None:
        """domain.md 6: the password says who of the two comes."""
        email = await member_email(office)
        contact_id = await contact_with_password(office, email, WRONG)
        async with caller(office) as client:
            for password, expected in ((PASSWORD, str(office.anna_id)), (WRONG, contact_id)):
                token = made(await sign_in(client, office, email, password))["token"]
                assert made(await office.client(token).get("/v1/me"), 200)["id"] == expected
            problem(await sign_in(client, office, email, "geen van beide"), 401, "credentials")

    async def test_one_answer_for_every_failure(self, office: Tenant, other_office: Tenant) -> None:
        """AU-03: nobody learns from it which offices and people there are."""
        email = await member_email(office)
        blocked_id, _ = await office.member(Role.READER)
        blocked = await member_email(office, blocked_id)
        made(await office.admin.patch(f"/v1/team-members/{blocked_id}", json={"status": "blocked"}), 200)
        contact_id = await contact_with_password(office, "uit@vries.nl")
        made(await office.admin.patch(f"/v1/contacts/{contact_id}", json={"login_status": "blocked"}), 200)
        new = {"name": "Nieuw", "email": "nieuw@kantoor.example", "role": "reader"}
        made(await office.admin.post("/v1/team-members", json=new))
        answers = []
        async with caller(office) as client:
            for slug, who, password in (
                (office.slug, email, WRONG),
                (office.slug, email, ""),
                (office.slug, "niemand@kantoor.example", PASSWORD),
                (other_office.slug, email, PASSWORD),
                ("geen-kantoor", email, PASSWORD),
                (office.slug, blocked, PASSWORD),
                (office.slug, "uit@vries.nl", PASSWORD),
                (office.slug, "nieuw@kantoor.example", ""),
            ):
                body = {"office": slug, "email": who, "password": password}
                answers.append(await client.post(PATH, json=body))
        assert [said(problem(answer, 401, "credentials")) for answer in answers] == [said(answers[0].json())] * 8
        assert len({str(sorted(answer.headers.keys())) for answer in answers}) == 1
        assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)

    async def test_unknown_takes_as_long_as_wrong(self, office: Tenant) -> None:
        """AU-03: a password is always worked out, also where there is none to compare with."""
        email = await member_email(office)
        took: dict[str, list[float]] = {email: [], "niemand@vries.nl": []}
        async with caller(office) as client:
            for _ in range(4):
                for who, times in took.items():
                    begun = time.perf_counter()
                    problem(await sign_in(client, office, who, WRONG), 401)
                    times.append(time.perf_counter() - begun)
        known, unknown = (statistics.median(times) for times in took.values())
        assert 1 / 2.5 < unknown / known < 2.5

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-04."""
        body = {"office": office.slug, "email": "a@b.nl", "password": PASSWORD}
        words = {
            "office": (*hostile.NO_LINE, "null"),
            "email": (*hostile.UNREADABLE, *hostile.NO_TEXT, "null", '"' + "x" * 255 + '"'),
            "password": (*hostile.NO_TEXT, r'"\ud800"', "null", '"' + "x" * 10_000 + '"'),
        }
        async with caller(office) as client:
            await refuses(client, "POST", PATH, body, words)
            await refuses_bodies(client, "POST", PATH, body)
            for password in ("a\0b", "х" * 200, " "):
                problem(await client.post(PATH, json=body | {"password": password}), 401, "credentials")


class TestSignOut:
    async def test_this_token_and_no_other(self, office: Tenant) -> None:
        """AZ-05: refused with the next request."""
        email = await member_email(office)
        async with caller(office) as client:
            one, two = [office.client(made(await sign_in(client, office, email))["token"]) for _ in range(2)]
        out = await one.delete("/v1/auth/tokens/current")
        assert (out.status_code, out.content) == (204, b"")
        for call in (one.get("/v1/me"), one.delete("/v1/auth/tokens/current")):
            problem(await call, 401, "token_invalid")
        assert (await two.get("/v1/me")).status_code == 200

    async def test_a_key_has_no_session(self, office: Tenant) -> None:
        """A 204 would say that the key is refused from now on; it is not."""
        key = await office.key(P.RELATIONS_READ)
        problem(await key.delete("/v1/auth/tokens/current"), 403)
        assert (await key.get("/v1/me")).status_code == 200


class TestTokens:
    async def test_expired(self, office: Tenant) -> None:
        assert (await office.anna.get("/v1/me")).status_code == 200
        late = text("UPDATE auth_tokens SET expires_at = now() - interval '1 second' WHERE team_member_id = :id")
        async with office.db.transaction(office.id) as session:
            await session.execute(late, {"id": office.anna_id})
        problem(await office.anna.get("/v1/me"), 401, "token_invalid")

    async def test_malformed(self, office: Tenant, other_office: Tenant) -> None:
        """AU-01: an opaque token, looked up whole; nothing of it is believed."""
        good = office.anna.headers["authorization"].removeprefix("Bearer ")
        token = Token.parse(good)
        assert token is not None
        forged = [
            Token("ordk", office.id, token.secret),
            Token("ordi", office.id, token.secret),
            Token("ords", other_office.id, token.secret),
            Token("ords", uuid4(), token.secret),
            Token("ords", UUID(int=0), token.secret),
            Token("ords", office.id, bytes(32)),
        ]
        flipped = good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
        odd: list[Any] = [
            "", "Bearer", "Bearer x", "Basic YTpi", good, f"Token {good}", f"Bearer {good}x",
            f"Bearer {good[:-1]}", f"Bearer {flipped}", f"Bearer {good.upper()}", f"Bearer {good} {good}",
            f"Bearer ords_{'z' * 71}", f"Bearer {'a' * 9_000}", b"Bearer \xff\xfe", b"Bearer ords_\xc3\xa9",
            "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", *(f"Bearer {each}" for each in forged),
        ]  # fmt: skip
        async with caller(office) as client:
            problem(await client.get("/v1/me"), 401, "unauthenticated")
            for header in odd:
                value = header if isinstance(header, bytes) else header.encode()
                refused = await client.get("/v1/me", headers={b"Authorization": value})
                assert problem(refused, 401)["code"] in ("unauthenticated", "token_invalid"), header
                assert good not in refused.text
            for fine in (f"Bearer {good}", f"bearer {good}", f"BEARER  {good}"):
                assert (await client.get("/v1/me", headers={"Authorization": fine})).status_code == 200
            problem(await client.get("/v1/me", params={"access_token": good}), 401)  # AZ-07

    async def test_nothing_that_opens_is_stored_or_logged(
        self, office: Tenant, settings: Settings, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """AU-02, LO-02: a dump of the database and the log hold no token, key, invitation or password."""
        email = await member_email(office)
        async with caller(office) as client:
            token = made(await sign_in(client, office, email))["token"]
        key = made(await office.admin.post("/v1/api-keys", json={"name": "k", "scopes": ["relations:read"]}))["key"]
        invited = made(await office.admin.post(f"/v1/team-members/{office.anna_id}/invitation"))["token"]
        async with caller(office) as client:
            accepted = await client.post(f"/v1/invitations/{invited}/accept", json={"password": WRONG})
            assert accepted.status_code == 200
        secrets = [PASSWORD, WRONG]
        for shown in (token, key, invited):
            parsed = Token.parse(shown)
            assert parsed is not None
            secrets += [shown, parsed.secret.hex()]
        said = "".join(capfd.readouterr()).splitlines()
        logged = "\n".join(line for line in said if "link=" not in line)  # which local mode prints on purpose
        connection = await asyncpg.connect(settings.database_url.get_secret_value())
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            rows = {row[0]: await connection.fetch(f'SELECT t::text FROM "{row[0]}" t') for row in tables}
        finally:
            await connection.close()
        assert len(rows["auth_tokens"]) >= 3
        dump = "\n".join(row[0] for table in rows.values() for row in table)
        assert email in dump
        for secret in secrets:
            assert secret not in dump
            assert secret not in logged
