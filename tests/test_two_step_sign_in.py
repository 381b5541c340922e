"""Signing in with the two-step check (tweestapsverificatie) on."""

import asyncio

import pyotp
import pytest
from sqlalchemy import select

from app.models import TwoStepSecret
from app.services import two_step_codes
from tests.factories import Tenant, hostile
from tests.factories.conventions import made, problem, refuses
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.people import PASSWORD, WRONG, caller, member_email
from tests.factories.two_step import Person, actions, anna, henk
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio


class TestSignIn:
    async def test_who_does_not_know_the_password_learns_nothing(self, office: Tenant) -> None:
        on, off = await henk(office), await henk(office, "jan@vries.nl")
        await on.turn_on()
        nobody = Person(office, "", "niemand@vries.nl", office.anna)
        tries = [(person, otp) for person in (on, off, nobody) for otp in (None, "123456", on.code())]
        bodies = [problem(await person.sign_in(otp, WRONG), 401, "credentials") for person, otp in tries]
        assert len({body["detail"] for body in bodies}) == 1
        made(await on.sign_in(on.code()))  # the wrong password did not use it up

    async def test_hostile_codes(self, office: Tenant) -> None:
        body = {"office": office.slug, "email": "a@b.nl", "password": PASSWORD}
        words = (*hostile.NO_TEXT, '""', '"12345"', '"123456 "', "123456", '"12345a"')
        async with caller(office) as client:
            await refuses(client, "POST", "/v1/auth/tokens", body, {"otp": words})
            problem(await client.post("/v1/auth/tokens", json=body | {"otp": None}), 401, "credentials")

    async def test_one_address_of_an_employee_and_a_client(self, office: Tenant) -> None:
        """The code is asked of whom the password names, and the try stands in his history alone."""
        member = await anna(office)
        await member.turn_on()
        contact = await henk(office, member.email)
        await member_email(office, password=WRONG)
        problem(await member.sign_in(password=WRONG), 401, "otp_required")
        assert made(await contact.sign_in())["kind"] == "contact"
        assert ("auth.code_asked", None) in await actions(office, member)
        assert not await actions(office, contact)

    async def test_a_code_works_once(self, office: Tenant) -> None:
        """Whatever it was used for; and none from before it works after it."""
        person = await anna(office)
        await person.begin()
        code = person.code()
        assert (await person.confirm(code)).status_code == 204
        problem(await person.sign_in(code), 401, "otp_invalid")
        problem(await person.remove(code), 422, "otp_invalid", "/otp")
        following = person.code(1)
        made(await person.sign_in(following))
        for used in (following, code):
            problem(await person.sign_in(used), 401, "otp_invalid")
        assert ("auth.refused", "otp_invalid") in await actions(office, person)

    async def test_two_with_one_code(self, office: Tenant) -> None:
        """Held until both are at it; one is in."""
        person = await anna(office)
        await person.turn_on()
        async with office.db.transaction(office.id) as session:
            row = select(TwoStepSecret.id).where(TwoStepSecret.office_id == office.id)
            secret_id = (await session.scalars(row)).one()
        code = person.code(1)
        async with lock_row(office, "two_step_secrets", secret_id) as release:
            calls = [asyncio.create_task(person.sign_in(code)) for _ in range(2)]
            await eventually(lambda: waiting_for_locks(office, 2), "both wait for the secret")
            await release()
        answers = sorted(await at_once(*calls), key=lambda answer: answer.status_code)
        made(answers[0])
        problem(answers[1], 401, "otp_invalid")

    async def test_clocks_that_differ(self) -> None:
        """Half a minute either way counts, more does not."""
        app, at = pyotp.TOTP(pyotp.random_base32()), 1_800_000_015
        now = at // 30
        for seconds, step in (
            (0, now),
            (-30, now - 1),
            (30, now + 1),
            (-60, None),
            (60, None),
            (-90, None),
            (90, None),
        ):
            assert two_step_codes.step_of(app.secret, app.at(at + seconds), at) == step

    async def test_tries_are_counted(self, office: Tenant) -> None:
        """Five (conftest): knowing the password forgives no guess; only who gets in begins anew."""
        person = await henk(office)
        await person.turn_on()
        for otp in (None, "000000", None, "000001"):
            problem(await person.sign_in(otp), 401)
        made(await person.sign_in(person.code()))
        for otp in ("000000", None, "000001", None, "000002", "000003", None, "000004"):
            problem(await person.sign_in(otp), 401, "otp_invalid" if otp else "otp_required")
        problem(await person.sign_in(person.code(1)), 429, "too_many_requests")
        problem(await person.sign_in(), 429, "too_many_requests")

    async def test_the_first_step_is_no_failed_try(self, office: Tenant) -> None:
        """An app asks for the code when it hears that there is one: however often, of many at once too."""
        person = await henk(office)
        await person.turn_on()
        for _ in range(8):
            problem(await person.sign_in(), 401, "otp_required")
        answers = await at_once(*(person.sign_in() for _ in range(4)))
        assert {answer.json()["code"] for answer in answers} == {"otp_required"}
        for _ in range(4):
            problem(await person.sign_in(password=WRONG), 401, "credentials")
        problem(await person.sign_in(), 401, "otp_required")
        made(await person.sign_in(person.code()))
        codes = [code for action, code in await actions(office, person) if action == "auth.refused"]
        assert codes == ["credentials"] * 4
        for _ in range(5):
            problem(await person.sign_in(password=WRONG), 401, "credentials")
        problem(await person.sign_in(), 429, "too_many_requests")

    async def test_tries_to_remove_are_counted(self, office: Tenant) -> None:
        """Who finds an open session does not guess his way out of the check."""
        person = await anna(office)
        await person.turn_on()
        for _ in range(5):
            problem(await person.remove("000000"), 422, "otp_invalid", "/otp")
        problem(await person.remove(person.code()), 429, "too_many_requests")
        assert await person.since(office.admin) is not None
