"""An office and the clients that speak for its people."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.access import Permission, Role
from app.crypto import Token
from app.db import Database
from app.models import ApiKey, AuthToken, Contact, Office, TeamMember
from app.services import auth, folder_templates, team_roles
from tests.factories.clients import Client, client_of


@dataclass
class Tenant:
    """One office. ``admin`` and ``anna`` (a mutator) are signed in; others are made when asked for."""

    db: Database
    address: str
    id: UUID
    slug: str
    admin: Client
    anna: Client
    admin_id: UUID
    anna_id: UUID
    clients: list[Client] = field(default_factory=list)

    def client(self, token: Token | str) -> Client:
        made = client_of(self.address, headers={"Authorization": f"Bearer {token}"})
        self.clients.append(made)
        return made

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()

    async def member(self, role: Role, name: str = "Somebody") -> tuple[UUID, Client]:
        member = await make_member(self.db, self.id, role, name)
        return member.id, self.client(await sign_in(self.db, self.id, team_member_id=member.id))

    async def contact(self, contact_id: str | UUID) -> Client:
        """Signed in as this contact, as if he had accepted his invitation."""
        async with self.db.transaction(self.id) as session:
            contact = await session.get_one(Contact, (self.id, UUID(str(contact_id))))
            contact.login_status = "active"
        return self.client(await sign_in(self.db, self.id, contact_id=contact.id))

    async def key(self, *scopes: Permission) -> Client:
        token = Token.make("ordk", self.id)
        async with self.db.transaction(self.id) as session:
            session.add(
                ApiKey(
                    office_id=self.id,
                    name="key",
                    token_hash=token.hash,
                    hint=token.hint,
                    scopes=list(scopes),
                    created_by_id=self.admin_id,
                )
            )
        return self.client(token)

    async def relation(self, number: str | None = "100", **values: Any) -> dict[str, Any]:
        """A relation that Anna made, so that she has a role on it."""
        body = {"number": number, "type": "organisation", "name": f"Relation {number}", "legal_form": "bv"}
        answer = await self.anna.post("/v1/relations", json=body | values)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def folders(self, relation: dict[str, Any]) -> dict[str, Any]:
        """The folders of its dossier by the first word of their names: Permanent, Jaar, Intern, Inbox."""
        answer = await self.admin.get(f"/v1/dossiers/{relation['dossier_id']}/folders")
        return {folder["name"].split()[0]: folder for folder in answer.json()["items"]}

    async def linked_contact(self, relation: dict[str, Any], number: str = "1", **link: Any) -> tuple[str, Client]:
        """A contact with portal access to the relation, signed in."""
        body = {"number": number, "email": f"c{number}@example.nl", "surname": f"Contact{number}"}
        contact = (await self.admin.post("/v1/contacts", json=body)).json()
        linked = await self.admin.put(
            f"/v1/relations/{relation['id']}/contacts/{contact['id']}", json={"portal_access": True} | link
        )
        assert linked.status_code == 201, linked.text
        return contact["id"], await self.contact(contact["id"])


async def make_tenant(db: Database, address: str) -> Tenant:
    office_id, slug = uuid7(), f"o-{secrets.token_hex(6)}"
    async with db.transaction(office_id) as session:
        session.add(Office(id=office_id, slug=slug, name="Kantoor"))
        await session.flush()
        session.add_all([*folder_templates.defaults(office_id), *team_roles.defaults(office_id)])
    admin = await make_member(db, office_id, Role.ADMINISTRATOR, "Bea Beheer")
    anna = await make_member(db, office_id, Role.MUTATOR, "Anna Jansen")
    tenant = Tenant(db, address, office_id, slug, None, None, admin.id, anna.id)  # type: ignore[arg-type]
    tenant.admin = tenant.client(await sign_in(db, office_id, team_member_id=admin.id))
    tenant.anna = tenant.client(await sign_in(db, office_id, team_member_id=anna.id))
    return tenant


async def make_member(db: Database, office_id: UUID, role: Role, name: str) -> TeamMember:
    email = f"{secrets.token_hex(4)}@kantoor.example"
    async with db.transaction(office_id) as session:
        member = TeamMember(
            office_id=office_id, name=name, email=email, email_key=auth.email_key(email), role=role, status="active"
        )
        session.add(member)
        await session.flush()
    return member


async def sign_in(db: Database, office_id: UUID, **person: UUID) -> Token:
    """A session without the cost of a password; signing in itself has its own tests."""
    token = Token.make("ords", office_id)
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    async with db.transaction(office_id) as session:
        session.add(AuthToken(office_id=office_id, token_hash=token.hash, expires_at=expires_at, **person))
    return token
