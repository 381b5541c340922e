"""How often somebody may try to sign in, and whose tries are counted together (AU-03, AU-05, AZ-08)."""

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.settings import Settings
from tests.factories import Client, Tenant
from tests.factories.conventions import made, problem
from tests.factories.people import PASSWORD, WRONG, address, caller, contact_with_password, member_email, sign_in
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

ALLOWED = 5  # conftest


async def test_of_one_account(office: Tenant, other_office: Tenant) -> None:
    """Whatever the spelling and from wherever; the right password is not even looked at any more."""
    email, elsewhere = await member_email(office), await member_email(other_office)
    spellings = [email, email.upper(), f" {email}", email.title(), f"{email} "]
    for spelling in spellings:
        async with caller(office) as client:
            problem(await sign_in(client, office, spelling, WRONG), 401)
    async with caller(office) as client:
        refused = await sign_in(client, office, email)
        problem(refused, 429, "too_many_requests")
        seconds = int(refused.headers["retry-after"])
        assert 1 <= seconds <= 900
        assert refused.headers["ratelimit-policy"] == f'"sign_in";q={ALLOWED};w=900'
        assert refused.headers["ratelimit"] == f'"sign_in";r=0;t={seconds}'
        upper = {"office": office.slug.upper(), "email": email, "password": PASSWORD}
        problem(await client.post("/v1/auth/tokens", json=upper), 429)
        made(await sign_in(client, other_office, elsewhere))
        admin = await member_email(office, office.admin_id)
        made(await sign_in(client, office, admin))
        async with office.db.transaction(None) as session:
            await session.execute(text("UPDATE rate_limits SET resets_at = now() - interval '1 second'"))
        made(await sign_in(client, office, email))  # the window is over


async def test_another_person_of_the_same_address_takes_no_tries_back(office: Tenant) -> None:
    """Else whoever may set a contact's address could guess an employee's password without end."""
    email = await member_email(office, password="het echte wachtwoord van anna")
    await contact_with_password(office, email)
    statuses = []
    for _ in range(3):
        async with caller(office) as client:
            statuses += [(await sign_in(client, office, email, WRONG)).status_code for _ in range(2)]
            statuses.append((await sign_in(client, office, email)).status_code)
    assert statuses == [401, 401, 201, 401, 401, 429, 429, 429, 429]


async def test_parallel_tries_are_counted_each(office: Tenant) -> None:
    email = await member_email(office)
    async with caller(office) as client:
        answers = await at_once(*(sign_in(client, office, email, WRONG) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * ALLOWED + [429] * 15


async def test_accounts_that_do_not_exist_are_limited_alike(office: Tenant) -> None:
    async with caller(office) as client:
        statuses = [(await sign_in(client, office, "niemand@vries.nl", WRONG)).status_code for _ in range(ALLOWED + 1)]
    assert statuses == [401] * ALLOWED + [429]


@pytest.fixture
def limits(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Three tries of one address."""
    settings: Settings = app.state.settings
    monkeypatch.setattr(settings, "sign_in_attempts_per_address", 3)
    return settings


async def spend_all(client: Client, office: Tenant, **headers: str) -> None:
    for place in range(3):
        problem(await sign_in(client, office, f"{place}@vries.nl", WRONG, **headers), 401)
    refused = await sign_in(client, office, "4@vries.nl", WRONG, **headers)
    problem(refused, 429)
    assert refused.headers["ratelimit-policy"].startswith('"sign_in_address";q=3;')


async def test_of_one_address(office: Tenant, limits: Settings) -> None:
    email = await member_email(office)
    async with caller(office) as client, caller(office) as other:
        await spend_all(client, office)
        problem(await sign_in(client, office, email), 429)
        made(await sign_in(other, office, email))


async def test_of_one_address_for_invitations(office: Tenant, limits: Settings) -> None:
    async with caller(office) as client:
        statuses = [
            (await client.post(f"/v1/invitations/{place}/accept", json={"password": PASSWORD})).status_code
            for place in range(4)
        ]
    assert statuses == [404, 404, 404, 429]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP"])
async def test_forwarded_headers_of_a_client_count_for_nothing(office: Tenant, limits: Settings, header: str) -> None:
    """AU-05."""
    async with caller(office) as client:
        for place in range(3):
            spoofed = {header: f"for=10.0.0.{place}" if header == "Forwarded" else f"10.0.0.{place}"}
            problem(await sign_in(client, office, f"{place}@vries.nl", WRONG, **spoofed), 401)
        problem(await sign_in(client, office, "4@vries.nl", WRONG, **{header: "10.0.0.9"}), 429)


async def test_a_trusted_proxy_names_the_client(
    office: Tenant, limits: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-05: the last hop that is not a proxy of ours counts; what the client put before it does not."""
    proxy, inner = address(), address()
    monkeypatch.setattr(limits, "trusted_proxies", [proxy, inner])
    one, two = f"198.51.100.{proxy.split('.')[3]}", f"203.0.113.{inner.split('.')[3]}"
    async with caller(office, proxy) as client:
        for place in range(3):
            chain = {"X-Forwarded-For": f"10.0.0.{place}, {one}, {inner}"}
            problem(await sign_in(client, office, f"{place}@vries.nl", WRONG, **chain), 401)
        problem(await sign_in(client, office, "4@vries.nl", WRONG, **{"X-Forwarded-For": f"{two},{one}"}), 429)
        problem(await sign_in(client, office, "4@vries.nl", WRONG, **{"X-Forwarded-For": two}), 401)
        body = {"office": office.slug, "email": "5@vries.nl", "password": WRONG}
        lines = [("X-Forwarded-For", "10.9.9.9"), ("X-Forwarded-For", one)]
        problem(await client.post("/v1/auth/tokens", json=body, headers=lines), 429)
    async with caller(office) as stranger:
        await spend_all(stranger, office, **{"X-Forwarded-For": two})
