"""People who sign in with a password, each from an address of their own."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx

from app.crypto import hash_password
from app.models import Contact, TeamMember
from tests.factories.clients import Client, client_of
from tests.factories.tenants import Tenant

PASSWORD = "een lang wachtwoord"
WRONG = "een ander wachtwoord"


def address() -> str:
    """A loopback address that no other test calls from, so that tries are counted for this one alone."""
    return "127." + ".".join(str(1 + secrets.randbelow(250)) for _ in range(3))


@asynccontextmanager
async def caller(office: Tenant, local_address: str | None = None) -> AsyncIterator[Client]:
    """Somebody who is not signed in."""
    async with client_of(office.address, local_address or address()) as client:
        yield client


async def sign_in(
    client: Client, office: Tenant, email: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    body = {"office": office.slug, "email": email, "password": password}
    return await client.post("/v1/auth/tokens", json=body, headers=headers)


async def member_email(office: Tenant, member_id: UUID | None = None, password: str = PASSWORD) -> str:
    """The address of this team member (Anna), who has this password now."""
    hashed = await hash_password(password)
    async with office.db.transaction(office.id) as session:
        member = await session.get_one(TeamMember, (office.id, member_id or office.anna_id))
        member.password_hash = hashed
        return member.email


async def contact_with_password(office: Tenant, email: str, password: str = PASSWORD) -> str:
    """The id of an active contact with this address."""
    body: dict[str, Any] = {"number": secrets.token_hex(4), "email": email, "surname": "Vries"}
    answer = await office.admin.post("/v1/contacts", json=body)
    assert answer.status_code == 201, answer.text
    hashed = await hash_password(password)
    async with office.db.transaction(office.id) as session:
        contact = await session.get_one(Contact, (office.id, UUID(answer.json()["id"])))
        contact.password_hash, contact.login_status = hashed, "active"
    return str(contact.id)
