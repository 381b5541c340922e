"""Invitations: one-time tokens with which people set their own password.

The token is made when it is delivered: by the mail job, or for the answer to an administrator in local
mode. So it lies nowhere readable, not in the queue either, and a mail sent twice holds two tokens that
both work until one is used.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.access import Actor, Role
from app.crypto import Token, hash_password
from app.db import Database
from app.errors import Conflict, NotFound
from app.models import Contact, Invitation, Office, TeamMember
from app.schemas.auth import InvitationAccepted
from app.schemas.contacts import InvitationRead
from app.services import auth, events
from app.settings import Settings

log = structlog.get_logger()
Person = Contact | TeamMember


def link(settings: Settings, token: Token) -> str:
    return settings.invitation_link.format(public_url=settings.public_url.rstrip("/"), token=token)


async def invite(session: AsyncSession, settings: Settings, actor: Actor, person: Person) -> InvitationRead:
    """Let the person set a password. The mail leaves through a job; without a mail server a link is handed over."""
    _set_invited(person)
    by_mail = settings.smtp_url is not None
    shown = settings.is_local and actor.role is Role.ADMINISTRATOR
    if not by_mail and not settings.is_local:
        raise Conflict("No mail server is set (ORDNER_SMTP_URL), so no invitation can go out.", code="no_mail_server")
    expires_at = datetime.now(UTC) + timedelta(hours=settings.invitation_hours)
    events.record(session, actor, f"{_kind(person)}.invited", person)
    await session.flush()
    answer = InvitationRead(expires_at=expires_at, delivery="mail" if by_mail else "link")
    if by_mail:
        await jobs.enqueue(
            session,
            "invitations.send",
            {
                "office_id": actor.office_id,
                "kind": _kind(person),
                "id": person.id,
                "expires_at": expires_at.isoformat(),
            },
        )
    if settings.is_local and (shown or not by_mail):
        token = make(session, person, expires_at)
        if not by_mail:
            log.info("invitation", person=person.email, link=link(settings, token))
        if shown:
            answer.token, answer.link = str(token), link(settings, token)
    return answer


def _kind(person: Person) -> str:
    return "contact" if isinstance(person, Contact) else "team_member"


def _set_invited(person: Person) -> None:
    state = person.login_status if isinstance(person, Contact) else person.status
    if state == "blocked":
        raise Conflict("This login is blocked; lift that first.", code="blocked")
    if state == "active":
        return  # a new password for a login that goes on working until it is set
    if isinstance(person, Contact):
        person.login_status = "invited"
    else:
        person.status = "invited"


def make(session: AsyncSession, person: Person, expires_at: datetime) -> Token:
    token = Token.make("ordi", person.office_id)
    is_contact = isinstance(person, Contact)
    session.add(
        Invitation(
            office_id=person.office_id,
            token_hash=token.hash,
            contact_id=person.id if is_contact else None,
            team_member_id=None if is_contact else person.id,
            expires_at=expires_at,
        )
    )
    return token


async def accept(db: Database, text: str, password: str) -> InvitationAccepted:
    """Set the password with a live token; every other token of that person and every session ends with it."""
    token = Token.parse(text)
    if token is None or token.kind != "ordi":
        raise NotFound("This invitation is not valid (any more); ask for a new one.")
    async with db.transaction(token.office_id) as session:
        await _live(session, token)  # before the costly hash: a guess is not worth 40 ms of ours
    hashed = await hash_password(password)
    async with db.transaction(token.office_id) as session:
        person = await _person(session, await _live(session, token))
        await _live(session, token)  # who ends invitations holds the person: it is still live, and stays so
        await auth.set_password(session, person, hashed)
        await end(session, person)
        await session.flush()
        events.record(session, auth.without_rights(person), f"{_kind(person)}.password_set", person)
        slug = await session.scalar(select(Office.slug).where(Office.id == person.office_id))
        return InvitationAccepted(office=str(slug), email=person.email)


async def end(session: AsyncSession, person: Person) -> None:
    """No invitation that this person has works any more: one was used, or they lie where they should not."""
    owner = Invitation.contact_id if isinstance(person, Contact) else Invitation.team_member_id
    await session.execute(
        update(Invitation)
        .where(Invitation.office_id == person.office_id, owner == person.id, Invitation.used_at.is_(None))
        .values(used_at=func.now())
    )


async def _live(session: AsyncSession, token: Token) -> Invitation:
    found = await session.scalar(
        select(Invitation).where(
            Invitation.office_id == token.office_id, Invitation.token_hash == token.hash, Invitation.live()
        )
    )
    if found is None:
        raise NotFound("This invitation is not valid (any more); ask for a new one.")
    return found


async def _person(session: AsyncSession, invitation: Invitation) -> Person:
    """The invited one, if not blocked since; locked, so that a block and an acceptance can not pass each other."""
    model, row_id = (
        (Contact, invitation.contact_id) if invitation.contact_id else (TeamMember, invitation.team_member_id)
    )
    person: Person | None = await session.scalar(
        select(model).where(model.office_id == invitation.office_id, model.id == row_id).with_for_update()
    )
    state = person and (person.login_status if isinstance(person, Contact) else person.status)
    if person is None or state == "blocked":
        raise NotFound("This invitation is not valid (any more); ask for a new one.")
    return person


async def prepare_mail(
    session: AsyncSession, office_id: UUID, kind: str, person_id: UUID, expires_at: datetime
) -> tuple[Person, Token] | None:
    """For the job: the person and a fresh token; None when there is nobody to invite any more."""
    model = Contact if kind == "contact" else TeamMember
    person: Person | None = await session.scalar(
        select(model).where(model.office_id == office_id, model.id == person_id)
    )
    state = person and (person.login_status if isinstance(person, Contact) else person.status)
    if person is None or state == "blocked" or expires_at <= datetime.now(UTC):
        return None
    return person, make(session, person, expires_at)
