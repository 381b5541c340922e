"""Somebody whose sign-in asks for a code, and the app on his phone that makes it."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pyotp
from sqlalchemy import select, text

from app.models import Event
from tests.factories.clients import Client
from tests.factories.conventions import made
from tests.factories.people import PASSWORD, caller, contact_with_password, member_email
from tests.factories.tenants import Tenant

PATH = "/v1/me/two-step"
EMAIL = "henk@vries.nl"


@dataclass
class Person:
    """Somebody with a password, who is signed in, and the app on his phone."""

    office: Tenant
    path: str
    email: str
    client: Client
    app: pyotp.TOTP | None = None

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]

    def code(self, steps: int = 0) -> str:
        """Of now, or so many half minutes later: one later counts too, and the test may run into it."""
        assert self.app is not None
        return self.app.at(time.time(), counter_offset=steps)

    async def begin(self) -> dict[str, Any]:
        begun = made(await self.client.post(PATH))
        self.app = pyotp.TOTP(begun["secret"])
        return begun

    async def confirm(self, otp: str) -> httpx.Response:
        return await self.client.post(f"{PATH}/confirm", json={"otp": otp})

    async def remove(self, otp: str) -> httpx.Response:
        return await self.client.post(f"{PATH}/remove", json={"otp": otp})

    async def turn_on(self) -> None:
        await self.begin()
        assert (await self.confirm(self.code())).status_code == 204
        await later(self.office)

    async def sign_in(self, otp: str | None = None, password: str = PASSWORD, address: str = "") -> httpx.Response:
        body = {"office": self.office.slug, "email": self.email, "password": password}
        async with caller(self.office) as client:
            return await client.post(f"{address}/v1/auth/tokens", json=body | ({"otp": otp} if otp else {}))

    async def since(self, client: Client) -> Any:
        return made(await client.get(self.path), 200)["two_step_since"]


async def later(office: Tenant) -> None:
    """As if the last code had been used long ago."""
    async with office.db.transaction(office.id) as session:
        await session.execute(text("UPDATE two_step_secrets SET last_step = 0"))


async def anna(office: Tenant) -> Person:
    email = await member_email(office)
    return Person(office, f"/v1/team-members/{office.anna_id}", email, office.anna)


async def henk(office: Tenant, email: str = EMAIL) -> Person:
    contact_id = await contact_with_password(office, email)
    return Person(office, f"/v1/contacts/{contact_id}", email, await office.contact(contact_id))


async def actions(office: Tenant, person: Person) -> list[tuple[str, Any]]:
    """What stands in his history about signing in: what, and why he was refused."""
    async with office.db.transaction(office.id) as session:
        found = select(Event).where(Event.office_id == office.id, Event.subject_id == UUID(person.id))
        events = (await session.scalars(found.order_by(Event.at))).all()
    mine = [event for event in events if event.action.startswith(("two_step.", "auth."))]
    return [(event.action, event.data.get("code")) for event in mine]
