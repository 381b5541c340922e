"""The two-step check (tweestapsverificatie): domain.md 3.2, 4.2."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from sqlalchemy import select, text

from app.access import P, Role
from app.models import TwoStepSecret
from app.services import two_step_codes
from tests.factories import Tenant, hostile
from tests.factories.conventions import AT_ONCE, made, problem, refuses, refuses_bodies
from tests.factories.people import WRONG, caller, member_email
from tests.factories.two_step import PATH, Person, actions, anna, henk, later
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio


class TestLife:
    @pytest.mark.parametrize("make", [anna, henk])
    async def test_on_and_off(self, office: Tenant, make: Any) -> None:
        person: Person = await make(office)
        assert made(await person.client.get("/v1/me"), 200)["two_step_since"] is None
        await person.begin()
        assert await person.since(office.admin) is None
        made(await person.sign_in())  # not on yet
        before = await office.admin.get(person.path)
        on = await person.confirm(person.code())
        assert (on.status_code, on.content) == (204, b"")
        after = await office.admin.get(person.path, headers={"If-None-Match": before.headers["etag"]})
        assert made(after, 200)["two_step_since"] is not None
        assert made(await person.client.get("/v1/me"), 200)["two_step_since"] == after.json()["two_step_since"]
        problem(await person.client.post(PATH), 409, "two_step_on")
        problem(await person.confirm(person.code(1)), 409, "two_step_on")
        problem(await person.sign_in(), 401, "otp_required")
        token = made(await person.sign_in(person.code(1)))["token"]
        assert (await office.client(token).get("/v1/me")).status_code == 200
        await later(office)
        assert (await person.remove(person.code())).status_code == 204
        assert await person.since(office.admin) is None
        problem(await person.remove(person.code()), 409, "two_step_off")
        problem(await person.confirm(person.code()), 409, "two_step_not_begun")
        made(await person.sign_in("123456"))  # nobody asks
        assert [action for action, _ in await actions(office, person)] == [
            "two_step.begun",
            "two_step.turned_on",
            "auth.code_asked",
            "two_step.turned_off",
        ]

    async def test_what_the_app_is_given(self, office: Tenant) -> None:
        made(await office.admin.patch("/v1/office", json={"name": "Jansen & Zn: Één"}), 200)
        person = await anna(office)
        answer = await person.client.post(PATH)
        begun = made(answer)
        assert begun.keys() == {"secret", "uri"}
        assert answer.headers["location"] == "/v1/me"
        uri = urlsplit(begun["uri"])
        issuer, _, account = uri.path.removeprefix("/").partition(":")
        assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
        assert (unquote(issuer), unquote(account)) == ("Jansen & Zn: Één", person.email)
        assert parse_qs(uri.query) == {"secret": [begun["secret"]], "issuer": ["Jansen & Zn: Één"]}
        assert len(begun["secret"]) == 32

    async def test_begun_again(self, office: Tenant) -> None:
        """The first secret is worth nothing any more; of many at once one stays."""
        person = await anna(office)
        first = pyotp.TOTP((await person.begin())["secret"])
        answers = await at_once(*(person.client.post(PATH) for _ in range(AT_ONCE)))
        secrets = {made(answer)["secret"] for answer in answers}
        assert len(secrets) == AT_ONCE
        problem(await person.confirm(first.now()), 422, "otp_invalid", "/otp")
        async with office.db.transaction(office.id) as session:
            rows = list(await session.scalars(select(TwoStepSecret).where(TwoStepSecret.office_id == office.id)))
            assert len(rows) == 1
            assert two_step_codes.SEALING.open(session, rows[0]) in secrets

    async def test_a_replay_has_no_secret(self, office: Tenant) -> None:
        key = {"Idempotency-Key": "k"}
        first, again = [await office.anna.post(PATH, headers=key) for _ in range(2)]
        assert made(first)["secret"]
        assert made(again) == {"secret": None, "uri": None}
        assert again.headers["idempotency-replayed"] == "true"
        code = pyotp.TOTP(first.json()["secret"]).now()
        on = [await office.anna.post(f"{PATH}/confirm", json={"otp": code}, headers=key) for _ in range(2)]
        assert [answer.status_code for answer in on] == [204, 204]

    async def test_turning_on_ends_the_other_sessions(self, office: Tenant) -> None:
        """They began without a code."""
        person = await anna(office)
        other = office.client(made(await person.sign_in())["token"])
        await person.turn_on()
        problem(await other.get("/v1/me"), 401, "token_invalid")
        assert (await person.client.get("/v1/me")).status_code == 200

    async def test_a_new_password_keeps_it_on(self, office: Tenant) -> None:
        person = await henk(office)
        await person.turn_on()
        invited = made(await office.admin.post(f"{person.path}/invitation"))["token"]
        async with caller(office) as client:
            made(await client.post(f"/v1/invitations/{invited}/accept", json={"password": WRONG}), 200)
        problem(await person.sign_in(password=WRONG), 401, "otp_required")
        made(await person.sign_in(person.code(), WRONG))

    @pytest.mark.parametrize("step", ["confirm", "remove"])
    async def test_hostile_values(self, office: Tenant, step: str) -> None:
        words = (*hostile.NO_TEXT, "null", '""', '"12345"', '"1234567"', '"123 456"', '"12345a"', '"123456\\n"')
        path, odd = f"{PATH}/{step}", ('"١٢٣٤٥٦"', '"-12345"', "123456")
        await refuses(office.anna, "POST", path, {}, {"otp": (*words, *odd)})
        await refuses_bodies(office.anna, "POST", path, {"otp": "123456"})
        problem(await office.anna.post(path, json={}), 422, None, "/otp")


class TestReset:
    async def test_of_a_contact(self, office: Tenant, other_office: Tenant) -> None:
        """As for his address: by who may, with a role on everything that his login opens (4.2)."""
        first, second = await office.relation("1"), await office.relation("2")
        person = await henk(office)
        await person.turn_on()
        reset = f"{person.path}/two-step/reset"
        for relation in (first, second):
            link = f"/v1/relations/{relation['id']}/contacts/{person.id}"
            made(await office.admin.put(link, json={"portal_access": True}))
        _, reader = await office.member(Role.READER)
        _, stranger = await office.member(Role.MUTATOR)
        half_id, half = await office.member(Role.MUTATOR)
        team = {"items": [{"team_member_id": str(half_id), "role": "accountant"}]}
        made(await office.admin.put(f"/v1/relations/{first['id']}/team", json=team), 200)
        for client, status in (
            (person.client, 403),
            (reader, 403),
            (await office.key(*P), 403),
            (stranger, 404),
            (other_office.admin, 404),
        ):
            problem(await client.post(reset), status)
        problem(await half.post(reset), 403, "other_relations")
        assert await person.since(office.admin) is not None
        assert (await office.admin.delete(f"/v1/relations/{second['id']}/contacts/{person.id}")).status_code == 204
        done = await half.post(reset)
        assert (done.status_code, done.content) == (204, b"")
        assert await person.since(office.admin) is None
        problem(await person.client.get("/v1/me"), 401, "token_invalid")
        made(await person.sign_in())

    async def test_once(self, office: Tenant) -> None:
        """Again: nothing happens, nobody is signed out, no line."""
        person = await henk(office)
        await person.turn_on()
        assert (await office.admin.post(f"{person.path}/two-step/reset")).status_code == 204
        client = office.client(made(await person.sign_in())["token"])
        answers = await at_once(*(office.admin.post(f"{person.path}/two-step/reset") for _ in range(5)))
        assert [answer.status_code for answer in answers] == [204] * 5
        assert (await client.get("/v1/me")).status_code == 200
        assert [action for action, _ in await actions(office, person)].count("two_step.reset") == 1
        async with office.db.transaction(office.id) as session:
            assert await session.scalar(text("SELECT count(*) FROM two_step_secrets")) == 0

    async def test_of_a_team_member(self, office: Tenant, other_office: Tenant) -> None:
        person = await anna(office)
        await person.turn_on()
        reset = f"{person.path}/two-step/reset"
        _, manager = await office.member(Role.MANAGER)
        for client, status in (
            (person.client, 403),
            (manager, 403),
            (await office.key(*P), 403),
            (other_office.admin, 404),
        ):
            problem(await client.post(reset), status)
        assert (await office.admin.post(reset)).status_code == 204
        assert await person.since(office.admin) is None
        problem(await person.client.get("/v1/me"), 401, "token_invalid")

    async def test_never_one_s_own(self, office: Tenant) -> None:
        """An open session of an administrator is not enough to do without a code from then on."""
        own = f"/v1/team-members/{office.admin_id}"
        bea = Person(office, own, await member_email(office, office.admin_id), office.admin)
        await bea.turn_on()
        problem(await office.admin.post(f"{own}/two-step/reset"), 403, "own_two_step")
        _, other = await office.member(Role.ADMINISTRATOR)
        assert (await other.post(f"{own}/two-step/reset")).status_code == 204

    async def test_a_key_has_no_check(self, office: Tenant) -> None:
        key = await office.key(*P)
        for path, body in ((PATH, None), (f"{PATH}/confirm", {"otp": "123456"}), (f"{PATH}/remove", {"otp": "123456"})):
            problem(await key.post(path, json=body), 403, "forbidden")
        assert made(await key.get("/v1/me"), 200)["two_step_since"] is None
