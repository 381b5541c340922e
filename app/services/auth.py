"""Who sends a request, and signing in and out."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import limits
from app.access import CONTACT, CROSS_CLIENT, KEY_SCOPES, ROLE_PERMISSIONS, Actor, ActorKind, Permission, Role
from app.crypto import Token, verify_password
from app.db import Database
from app.errors import Forbidden, Unauthenticated
from app.models import ApiKey, AuthToken, Contact, TeamMember
from app.services import events, two_step_codes
from app.settings import Settings

WINDOW = timedelta(minutes=15)

# Asked by every request, so built once.
_KEY = select(ApiKey).where(
    ApiKey.office_id == bindparam("office"), ApiKey.token_hash == bindparam("hash"), ApiKey.live()
)
_SESSION = (
    select(AuthToken.id, TeamMember, Contact)
    .where(AuthToken.office_id == bindparam("office"), AuthToken.token_hash == bindparam("hash"), AuthToken.live())
    .outerjoin(TeamMember, (TeamMember.office_id == AuthToken.office_id) & (TeamMember.id == AuthToken.team_member_id))
    .outerjoin(Contact, (Contact.office_id == AuthToken.office_id) & (Contact.id == AuthToken.contact_id))
)


@dataclass(frozen=True)
class SignedIn:
    token: Token
    expires_at: datetime
    actor: Actor


def email_key(email: str) -> str:
    """E-mail addresses are compared without case."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


@dataclass(frozen=True)
class Credentials:
    """What a request shows, and the permissions that its operation asks for."""

    token: Token
    permissions: tuple[Permission, ...]

    @classmethod
    def of(cls, header: str | None, permissions: tuple[Permission, ...]) -> "Credentials":
        """From ``Authorization: Bearer ...``; Unauthenticated (401) when that is no token of ours."""
        scheme, _, text = (header or "").partition(" ")
        token = Token.parse(text.strip()) if scheme.lower() == "bearer" else None
        if token is None or token.kind == "ordi":
            raise Unauthenticated
        return cls(token, permissions)


async def authenticate(session: AsyncSession, credentials: Credentials) -> Actor:
    """Who it is, as he is now (401), and may he do this kind of thing (403)?

    Asked in the transaction that decides (AZ-06): revoking a token, blocking a person or ending a session holds
    at once. What comes with a body is asked before a byte of it is read as well.
    """
    token = credentials.token
    actor = await (_key_actor if token.kind == "ordk" else _session_actor)(session, token)
    if actor is None:
        raise Unauthenticated("This token is not valid (any more); sign in again.", code="token_invalid")
    actor.require(*credentials.permissions)
    return actor


async def _session_actor(session: AsyncSession, token: Token) -> Actor | None:
    row = (await session.execute(_SESSION, {"office": token.office_id, "hash": token.hash})).one_or_none()
    return row and _person_actor(row[1] or row[2], row[0])


def _person_actor(person: TeamMember | Contact, token_id: UUID | None = None) -> Actor | None:
    if isinstance(person, Contact):
        if person.login_status != "active":
            return None
        return Actor(person.office_id, ActorKind.CONTACT, person.id, person.name, CONTACT, token_id=token_id)
    if person.status != "active":
        return None
    return team_actor(person, token_id)


def team_actor(member: TeamMember, token_id: UUID | None = None) -> Actor:
    role = Role(member.role)
    return Actor(
        member.office_id,
        ActorKind.TEAM_MEMBER,
        member.id,
        member.name,
        ROLE_PERMISSIONS[role],
        sees_all_relations=role in CROSS_CLIENT,
        role=role,
        token_id=token_id,
    )


async def _key_actor(session: AsyncSession, token: Token) -> Actor | None:
    key = await session.scalar(_KEY, {"office": token.office_id, "hash": token.hash})
    if key is None:
        return None
    known = {scope for scope in key.scopes if scope in KEY_SCOPES}
    scopes = frozenset(Permission(scope) for scope in known) | {Permission.ME_READ}
    return Actor(key.office_id, ActorKind.API_KEY, key.id, key.name, scopes, sees_all_relations=True, token_id=key.id)


async def sign_in(
    db: Database, settings: Settings, office: str, email: str, password: str, otp: str | None, address: str
) -> SignedIn:
    """A token for a team member or a contact. One answer for every failure, in about one time (AU-03).

    Only who knows the password learns whether the two-step check is on: he is asked for the code, and neither
    counted (but for his address, which bounds what checking passwords costs us) nor written down as refused.
    """
    account = f"{office.casefold()}\0{email_key(email)}"
    await limits.spend(db, "sign_in_address", address, settings.sign_in_attempts_per_address, WINDOW)
    await limits.spend(db, "sign_in", account, settings.sign_in_attempts, WINDOW)
    office_id = await id_by_slug(db, office)
    people: list[TeamMember | Contact] = []
    if office_id is not None:
        async with db.transaction(office_id) as session:
            people = await _people(session, office_id, email)
    known = await _who_knows(people, password)
    # Two people may have one address; the one who signs in takes back no tries on the other.
    is_alone = len(people) == 1
    refusal = Unauthenticated("The office, the e-mail address or the password is not right.", code="credentials")
    if known is not None:
        async with db.transaction(known.office_id) as session:
            if (person := await _unchanged(session, known)) is not None:
                people = [person]
                lacking = await two_step_codes.refusal(session, person, otp)
                if lacking is None:
                    if is_alone:
                        await limits.forgive(session, "sign_in", account)
                    return await _begin_session(session, settings, person)
                refusal = lacking
    if refusal.code == two_step_codes.ASKED:
        await _ask_for_code(db, people[0], account if is_alone else None)
    else:
        await _record_refusal(db, people, refusal.code)
    raise refusal


async def id_by_slug(db: Database, slug: str) -> UUID | None:
    """An office by its short name; through a function of the owner, since the role sees one office at a time."""
    async with db.transaction(None) as session:
        found: UUID | None = await session.scalar(select(func.office_id_by_slug(slug.casefold())))
        return found


async def _people(session: AsyncSession, office_id: UUID, email: str) -> list[TeamMember | Contact]:
    key = email_key(email)
    member = await session.scalar(
        select(TeamMember).where(TeamMember.office_id == office_id, TeamMember.email_key == key)
    )
    contact = await session.scalar(select(Contact).where(Contact.office_id == office_id, Contact.email_key == key))
    return [person for person in (member, contact) if person is not None]


async def _who_knows(people: list[TeamMember | Contact], password: str) -> TeamMember | Contact | None:
    """One address may be an employee's and a client's; two checks always, so that time tells nothing."""
    found = None
    for place in range(2):
        person = people[place] if place < len(people) else None
        stored = person.password_hash if person and _person_actor(person) else None
        if await verify_password(stored, password) and found is None:
            found = person
    return found


async def _unchanged(session: AsyncSession, person: TeamMember | Contact) -> TeamMember | Contact | None:
    """Checking a password takes time: a new one or a block that came meanwhile counts, and none passes us now."""
    model = Contact if isinstance(person, Contact) else TeamMember
    row = select(model).where(model.office_id == person.office_id, model.id == person.id).with_for_update(read=True)
    found: TeamMember | Contact | None = await session.scalar(row)
    if found is None or found.password_hash != person.password_hash or _person_actor(found) is None:
        return None
    return found


def without_rights(person: TeamMember | Contact) -> Actor:
    """The person in the history, where he is not signed in."""
    kind = ActorKind.CONTACT if isinstance(person, Contact) else ActorKind.TEAM_MEMBER
    return Actor(person.office_id, kind, person.id, person.name, frozenset())


async def _record_refusal(db: Database, people: list[TeamMember | Contact], code: str) -> None:
    """A failed try stands in the history of whom it was tried on (LO-01): without the password, or with it."""
    for person in people:
        async with db.transaction(person.office_id) as session:
            events.record(session, without_rights(person), "auth.refused", person, code=code)


async def _ask_for_code(db: Database, person: TeamMember | Contact, account: str | None) -> None:
    """The first of two steps is no failed try: it takes back what it was counted as, and forgives no other.

    Who had the password and no code stands in the history all the same; he may have stolen it.
    """
    async with db.transaction(person.office_id) as session:
        if account is not None:
            await limits.unspend(session, "sign_in", account)
        events.record(session, without_rights(person), "auth.code_asked", person)


async def _begin_session(session: AsyncSession, settings: Settings, person: TeamMember | Contact) -> SignedIn:
    actor = _person_actor(person)
    assert actor is not None
    token = Token.make("ords", person.office_id)
    row = AuthToken(
        office_id=person.office_id,
        token_hash=token.hash,
        team_member_id=None if actor.is_contact else actor.id,
        contact_id=actor.id if actor.is_contact else None,
        expires_at=datetime.now(UTC) + timedelta(hours=settings.session_hours),
    )
    session.add(row)
    await session.flush()
    events.record(session, actor, "auth.signed_in", row)
    return SignedIn(token, row.expires_at, actor)


async def sign_out(session: AsyncSession, actor: Actor) -> None:
    if actor.kind is ActorKind.API_KEY:
        raise Forbidden("A key has no session to end; an administrator revokes it.")
    row = await session.get_one(AuthToken, (actor.office_id, actor.token_id))
    await end_sessions(session, actor.office_id, AuthToken.id == row.id)
    events.record(session, actor, "auth.signed_out", row)


async def end_sessions(session: AsyncSession, office_id: UUID, which: Any) -> None:
    """Revoke tokens; they are refused from the commit on."""
    await session.execute(
        update(AuthToken)
        .where(AuthToken.office_id == office_id, which, AuthToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )


async def set_password(session: AsyncSession, person: TeamMember | Contact, hashed: str) -> None:
    """Activate the person with this password and end what sessions there were."""
    person.password_hash = hashed
    if isinstance(person, Contact):
        person.login_status = "active"
    else:
        person.status = "active"
    mine = or_(AuthToken.team_member_id == person.id, AuthToken.contact_id == person.id)
    await end_sessions(session, person.office_id, mine)
