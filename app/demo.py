"""The demo office of local mode: domain.md's worked example (rule 35), made through the services.

Its passwords are random for each installation and kept beside the servers' data, so that a demo on a database
that others reach has no login that everybody knows.
"""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import CONTACT, Actor, ActorKind, Permission, Role
from app.crypto import hash_password
from app.db import Database
from app.models import Contact, Conversation, Folder, Relation, TeamMember
from app.multipart import Chunk
from app.schemas.api_keys import ApiKeyCreate
from app.schemas.contact_links import ContactLinkPut
from app.schemas.contacts import ContactCreate
from app.schemas.conversations import ConversationCreate, MessageCreate
from app.schemas.document_requests import DocumentRequestCreate, LineCreate
from app.schemas.offices import OfficeCreate
from app.schemas.relation_team import TeamEntry, TeamPut
from app.schemas.relations import RelationCreate
from app.schemas.team_members import TeamMemberCreate
from app.services import (
    api_keys,
    auth,
    contact_links,
    contacts,
    conversations,
    document_requests,
    dossier_items,
    messages,
    offices,
    relation_team,
    relations,
    team_members,
)
from app.services.upload_places import Uploads
from app.services.uploads import Upload
from app.settings import Settings
from app.storage import Storage

M = TypeVar("M")

SLUG = "demo"
BSNS = ("999990019", "999990032")  # as made up as the people: of the range kept for tests
KEY_SCOPES = [
    Permission.RELATIONS_READ,
    Permission.RELATIONS_WRITE,
    Permission.RELATIONS_MATCH,
    Permission.RELATIONS_SEARCH,
    Permission.CONTACTS_READ,
    Permission.CONTACTS_WRITE,
    Permission.DOSSIERS_READ,
    Permission.DOSSIER_ITEMS_READ,
    Permission.DOSSIER_ITEMS_UPLOAD,
    Permission.IMPORT_TEMPLATES_READ,
    Permission.IMPORTS_READ,
    Permission.IMPORTS_WRITE,
]


@dataclass(frozen=True)
class Logins:
    """What `make run` prints."""

    administrator: str
    accountant: str
    contact: str
    api_key: str

    def lines(self, address: str) -> str:
        return f"""
Ordner runs at {address}   (the contract: {address}/docs)

  office         {SLUG}
  administrator  beheer@demo.example   {self.administrator}
  accountant     anna@demo.example     {self.accountant}
  contact        henk@demo.example     {self.contact}
  API key        {self.api_key}

Ctrl-C stops everything; the data stays.
"""


@dataclass
class File:
    """A file of the demo, as an upload takes it in."""

    filename: str | None
    content: bytes
    media_type: str = "application/pdf"

    async def chunks(self) -> AsyncIterator[Chunk]:
        yield self.content


async def demo_office(settings: Settings, address: str, data: Path) -> str:
    """Make the demo where there is no office yet; say how to sign in."""
    db, storage = Database(settings), Storage(settings)
    uploads = Uploads(db, storage, settings)
    kept = data / "demo.json"
    try:
        if await auth.id_by_slug(db, SLUG) is None:
            if await offices.all_ids(db):
                return f"\nOrdner runs at {address}\n"  # a real office lives here: no demo beside it
            logins = await Demo(db, uploads, settings).build()
            _keep(kept, logins)
        if not kept.exists():
            return f"\nOrdner runs at {address}; the demo's logins were in {kept}, which is gone\n"
        return Logins(**json.loads(kept.read_text())).lines(address)
    finally:
        await uploads.close()
        storage.close()
        await db.close()


def _keep(path: Path, logins: Logins) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(logins)))


class Demo:
    """One office with a family of relations, filled along all the routes that there are today."""

    def __init__(self, db: Database, uploads: Uploads, settings: Settings) -> None:
        self.db = db
        self.uploads = uploads
        self.settings = settings
        self.logins = Logins(secrets.token_urlsafe(9), secrets.token_urlsafe(9), secrets.token_urlsafe(9), "")

    async def build(self) -> Logins:
        office = OfficeCreate(
            slug=SLUG,
            name="Demo Accountants",
            administrator="Bea Beheer",
            email="beheer@demo.example",
            password=self.logins.administrator,
        )
        office_id, _ = await offices.create(self.db, self.settings, office)
        hashes = [await hash_password(word) for word in (self.logins.accountant, self.logins.contact)]
        async with self.db.transaction(office_id) as session:
            admin = auth.team_actor(await self._one(session, TeamMember, TeamMember.role == Role.ADMINISTRATOR))
            _, token = await api_keys.create(session, admin, ApiKeyCreate(name="demo", scopes=KEY_SCOPES))
            vof, henk = await self._family(session, admin, hashes[1])
            anna = await self._accountant(session, admin, hashes[0], [vof, henk[0]])
        await self._fill(anna, vof, henk[0], henk[1])
        return Logins(self.logins.administrator, self.logins.accountant, self.logins.contact, str(token))

    async def _one(self, session: AsyncSession, model: type[M], condition: ColumnElement[bool]) -> M:
        found = await session.scalar(select(model).where(condition))
        assert found is not None
        return found

    async def _family(
        self, session: AsyncSession, admin: Actor, henks_hash: str
    ) -> tuple[Relation, tuple[Relation, Contact]]:
        """The VOF (100) and its partners (100.1, 100.2): three, so that neither sees the other's income tax."""
        vof = await relations.create(
            session,
            admin,
            RelationCreate(
                number="100",
                type="organisation",
                name="De Vries Fietsen VOF",
                legal_form="vof",
                rsin="999990056",
                kvk_number="90000056",
            ),
        )
        partners = []
        for place, (first, prefix, surname) in enumerate((("Henk", "de", "Vries"), ("Jan", None, "Lammers")), 1):
            names = {"first_names": first, "prefix": prefix, "surname": surname}
            number = {"bsn": BSNS[place - 1]} if self.settings.vault else {}
            own = await relations.create(
                session,
                admin,
                RelationCreate(number=f"100.{place}", type="person", parent_id=vof.id, **names, **number),
            )
            contact = await contacts.create(
                session,
                admin,
                ContactCreate(number=f"100.{place}", email=f"{first.lower()}@demo.example", **names),
            )
            for relation in (vof, own):
                opens = ContactLinkPut(portal_access=True, is_preferred=relation is own)
                await contact_links.put(session, admin, relation, contact, opens, lambda *_: None)
            partners.append((own, contact))
        await auth.set_password(session, partners[0][1], henks_hash)
        return vof, partners[0]

    async def _accountant(self, session: AsyncSession, admin: Actor, hashed: str, team_of: list[Relation]) -> Actor:
        data = TeamMemberCreate(name="Anna Jansen", email="anna@demo.example", role=Role.MUTATOR)
        anna = await team_members.create(session, admin, data)
        await auth.set_password(session, anna, hashed)
        for relation in team_of:
            await relation_team.replace(
                session,
                admin,
                relation,
                TeamPut(items=[TeamEntry(team_member_id=anna.id, role="accountant")]),
            )
        return auth.team_actor(anna)

    async def _fill(self, anna: Actor, vof: Relation, own: Relation, henk: Contact) -> None:
        client = Actor(henk.office_id, ActorKind.CONTACT, henk.id, henk.name, CONTACT)
        permanent = await self._folder(anna, vof, "Permanent dossier")
        await self._upload(anna, permanent, "Vennootschapscontract.pdf", "Uittreksel KvK.pdf")
        await self._upload(anna, await self._folder(anna, own, "Permanent dossier"), "Kopie loonstrook.pdf")
        async with self.db.transaction(anna.office_id) as session:
            about = ConversationCreate(relation_id=vof.id, subject="Derde kwartaal")
            conversation = await conversations.create(session, client, about)
        await self._send(client, conversation, "Hierbij de bonnen van het derde kwartaal.", "Bonnen Q3.pdf")
        await self._send(anna, conversation, "Dank je Henk, ik ga ermee aan de slag.")
        async with self.db.transaction(anna.office_id) as session:
            await document_requests.create(
                session,
                anna,
                DocumentRequestCreate(
                    relation_id=vof.id,
                    contact_id=henk.id,
                    title="Stukken voor de jaarrekening",
                    lines=[LineCreate(title="Bankafschriften december", folder_id=permanent.id)],
                ),
            )

    async def _folder(self, actor: Actor, relation: Relation, name: str) -> Folder:
        async with self.db.transaction(actor.office_id) as session:
            return await self._one(session, Folder, (Folder.dossier_id == relation.dossier_id) & (Folder.name == name))

    async def _upload(self, actor: Actor, folder: Folder, *names: str) -> None:
        async with self.uploads.begin(actor) as upload:
            await self._receive(upload, *names)
            async with self.db.transaction(actor.office_id) as session:
                await dossier_items.add_batch(session, actor, folder.id, upload)
            upload.is_committed = True

    async def _send(self, actor: Actor, conversation: Conversation, text: str, *names: str) -> None:
        async with self.uploads.begin(actor) as upload:
            await self._receive(upload, *names)
            async with self.db.transaction(actor.office_id) as session:
                await messages.send(session, actor, conversation.id, MessageCreate(text=text), upload)
            upload.is_committed = True

    async def _receive(self, upload: Upload, *names: str) -> None:
        for name in names:
            await upload.receive(File(name, pdf(name.removesuffix(".pdf"))))
        await upload.arrived()


def pdf(title: str) -> bytes:
    """A real, one-page PDF that shows its title."""
    text = title.encode("cp1252", "replace").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
    drawing = b"BT /F1 24 Tf 72 720 Td (" + text + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
