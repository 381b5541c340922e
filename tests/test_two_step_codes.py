"""Where the secrets of two-step checks lie, and what the server does without its keys."""

import asyncpg
import pytest
from anyio import to_thread
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr
from sqlalchemy import select
from typer.testing import CliRunner, Result

from app.cli import main
from app.crypto import Vault, new_key
from app.db import Database
from app.models import TwoStepSecret
from app.services import two_step_codes
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.people import member_email
from tests.factories.servers import serve
from tests.factories.two_step import PATH, Person, anna, henk, later

pytestmark = pytest.mark.anyio


async def test_nowhere_to_be_read(office: Tenant, settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in a table, nor in the history, nor in a kept answer, nor in a log."""
    person = await anna(office)
    begun = made(await person.client.post(PATH, headers={"Idempotency-Key": "k"}))
    await person.turn_on()
    assert person.app
    secrets = (begun["secret"], person.app.secret)
    problem(await person.sign_in("000000"), 401)
    made(await person.sign_in(person.code()))
    logged = "".join(capfd.readouterr())
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        tables = [
            row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        rows = [row[0] for table in tables for row in await connection.fetch(f'SELECT t::text FROM "{table}" t')]
    finally:
        await connection.close()
    dump = "\n".join(rows)
    assert person.email in dump
    for secret in secrets:
        for form in (secret, secret.encode().hex()):
            assert form not in dump
            assert form not in logged


async def test_bound_to_its_person(office: Tenant, db: Database) -> None:
    """Moved to somebody else's row it opens nothing."""
    await (await anna(office)).turn_on()
    async with db.transaction(office.id) as session:
        row = (await session.scalars(select(TwoStepSecret).where(TwoStepSecret.office_id == office.id))).one()
        moved = TwoStepSecret(office_id=office.id, team_member_id=office.admin_id, secret=row.secret, key_id=row.key_id)
        with pytest.raises(InvalidTag):
            two_step_codes.SEALING.open(session, moved)


async def test_under_a_new_key(office: Tenant, settings: Settings) -> None:
    """What the old key sealed is sealed anew, and the same app goes on making the codes."""
    people = [await anna(office), await henk(office)]
    for person in people:
        await person.turn_on()
    assert settings.citizen_keys
    assert settings.citizen_index_key
    old, index_key = settings.citizen_keys.get_secret_value(), settings.citizen_index_key.get_secret_value()
    fresh = f"second:{new_key()}"
    both = Database(settings)
    try:
        both.vault = Vault.parse(f"{fresh},{old}", index_key)
        assert [await two_step_codes.SEALING.rotate(both, office.id) for _ in range(2)] == [2, 0]
        async with serve(settings, citizen_keys=SecretStr(fresh)) as served:
            for person in people:
                made(await person.sign_in(person.code(), address=served.address))
        both.vault = Vault.parse(f"{old},{fresh}", index_key)
        assert await two_step_codes.SEALING.rotate(both, office.id) == 2
    finally:
        await both.close()
    await later(office)
    for person in people:
        made(await person.sign_in(person.code()))


async def test_without_keys_nobody_begins(office: Tenant, settings: Settings) -> None:
    off = {"citizen_keys": None, "citizen_index_key": None}
    person = await anna(office)
    async with serve(settings, **off) as served, served.like(office.anna) as client:
        problem(await client.post(PATH), 409, "two_step_unavailable")
        made(await person.sign_in(address=served.address))


async def test_a_lost_key_lets_nobody_in_who_has_it_on(office: Tenant, settings: Settings) -> None:
    """And the office can still reset it."""
    person = await anna(office)
    await person.turn_on()
    other = SecretStr(f"other:{new_key()}")
    async with serve(settings, citizen_keys=other) as served, served.like(office.admin) as admin:
        problem(await person.sign_in(address=served.address), 401, "otp_required")
        problem(await person.sign_in(person.code(), address=served.address), 409, "two_step_key_missing")
        assert (await admin.post(f"{person.path}/two-step/reset")).status_code == 204
        made(await person.sign_in(address=served.address))


async def command(*words: str) -> Result:
    return await to_thread.run_sync(lambda: CliRunner().invoke(main, words))


async def test_by_who_runs_the_server(office: Tenant) -> None:
    """An office's only administrator lost his phone; and the keys are changed for numbers and secrets together."""
    person = Person(
        office, f"/v1/team-members/{office.admin_id}", await member_email(office, office.admin_id), office.admin
    )
    await person.turn_on()
    assert "two-step secrets were sealed anew" in (await command("rotate-citizen-keys")).stdout
    for slug, email in (("geen-kantoor", person.email), (office.slug, "niemand@vries.nl")):
        refused = await command("office", "reset-two-step", slug, email)
        assert refused.exit_code == 1
        assert "no" in refused.stderr
    problem(await person.sign_in(), 401, "otp_required")
    done = await command("office", "reset-two-step", office.slug, person.email.upper())
    assert (done.exit_code, done.stderr) == (0, "")
    problem(await person.client.get("/v1/me"), 401, "token_invalid")
    signed_in = office.client(made(await person.sign_in())["token"])
    lines = made(await signed_in.get("/v1/timeline", params={"subject_id": person.id}), 200)["items"]
    reset = next(line for line in lines if line["action"] == "two_step.reset")
    assert (reset["actor_kind"], reset["actor_name"]) == ("system", "Ordner")
