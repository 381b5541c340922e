"""Making an office, and the work that goes over all of them."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.access import Actor, Role
from app.crypto import hash_password
from app.db import Database
from app.models import Office, TeamMember
from app.schemas.contacts import InvitationRead
from app.schemas.offices import OfficeCreate, OfficeUpdate
from app.services import auth, events, folder_templates, invitations, products, team_roles
from app.settings import Settings


async def create(db: Database, settings: Settings, data: OfficeCreate) -> tuple[UUID, InvitationRead | None]:
    """A new, empty office with the default folder template and team roles, and its first administrator.

    Without a password the administrator is invited; in local mode the answer holds the link.
    """
    password_hash = await hash_password(data.password) if data.password else None
    office_id = uuid7()
    async with db.transaction(office_id) as session:
        office = Office(id=office_id, slug=data.slug, name=data.name)
        session.add(office)
        await session.flush()
        for defaults in (folder_templates.defaults, products.defaults, team_roles.defaults):
            session.add_all(defaults(office_id))
        member = TeamMember(
            office_id=office_id,
            name=data.administrator,
            email=data.email,
            email_key=auth.email_key(data.email),
            role=Role.ADMINISTRATOR,
            status="active" if password_hash else "invited",
            password_hash=password_hash,
        )
        session.add(member)
        await session.flush()
        actor = auth.team_actor(member)
        events.record(session, actor, "office.created", office, slug=data.slug)
        invitation = None if password_hash else await invitations.invite(session, settings, actor, member)
    return office_id, invitation


async def own(session: AsyncSession, actor: Actor) -> Office:
    """The office that the actor belongs to."""
    return await session.get_one(Office, actor.office_id)


async def queue(session: AsyncSession, actor: Actor) -> None:
    """Wait for whoever else of the office changes what must stay true over many of its rows; until the commit.

    Whoever locks several rows locks them in this order, so that no two ever wait for each other: the office; team
    members, team roles and contacts; the relation; the tree of parents; its links, roles and what else hangs on it.
    Of one kind by id. A person is locked before his invitations, sessions and two-step secret.
    """
    await session.execute(select(Office.id).where(Office.id == actor.office_id).with_for_update(key_share=True))


async def change(session: AsyncSession, actor: Actor, office: Office, data: OfficeUpdate) -> None:
    if changed := office.take(data.given()):
        events.record(session, actor, "office.changed", office, fields=changed)


async def all_ids(db: Database) -> list[UUID]:
    """Every office, for work that goes over all; a function of the owner, since the role sees one office at a time."""
    async with db.transaction(None) as session:
        return list(await session.scalars(select(func.office_ids())))
