"""The two-step check (tweestapsverificatie): begun, turned on with a code, turned off with a code, or reset."""

from datetime import UTC, datetime
from typing import Any

import pyotp
from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, ActorKind, visible
from app.db import Database
from app.errors import Conflict, Forbidden, NotFound, invalid
from app.models import AuthToken, Contact, TeamMember
from app.schemas.two_step import TwoStepBegun
from app.services import contacts, events, offices, two_step_codes
from app.services.auth import email_key, end_sessions, id_by_slug
from app.services.two_step_codes import Person


def _model(actor: Actor) -> Any:
    return Contact if actor.is_contact else TeamMember


async def since(session: AsyncSession, actor: Actor) -> datetime | None:
    """When the caller's check was turned on; a key has none."""
    if actor.kind is ActorKind.API_KEY:
        return None
    person: Person = await session.get_one(_model(actor), (actor.office_id, actor.id))
    return person.two_step_since


async def _locked(session: AsyncSession, actor: Actor, model: Any, row_id: Any) -> Person:
    """The person as he is now, until the commit: who signs in, begins or resets at the same time waits."""
    person: Person | None = await session.scalar(
        visible(actor, model)
        .where(model.id == row_id)
        .with_for_update(of=model)
        .execution_options(populate_existing=True)
    )
    if person is None:
        raise NotFound
    return person


async def begin(session: AsyncSession, actor: Actor) -> TwoStepBegun:
    """A fresh secret for the caller's app; one that was never confirmed goes. Not on yet."""
    person = await _locked(session, actor, _model(actor), actor.id)
    if person.two_step_since is not None:
        raise Conflict("Your two-step check is on already; turn it off first.", code="two_step_on")
    await two_step_codes.forget(session, person)
    secret = pyotp.random_base32()
    two_step_codes.keep(session, person, secret)
    events.record(session, actor, "two_step.begun", person)
    office = await offices.own(session, actor)
    return TwoStepBegun(
        secret=secret, uri=pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=office.name)
    )


async def confirm(session: AsyncSession, actor: Actor, otp: str) -> None:
    """On, now that the caller's app makes the right codes. His other sessions end: they showed none."""
    person = await _locked(session, actor, _model(actor), actor.id)
    if person.two_step_since is not None:
        raise Conflict("Your two-step check is on already.", code="two_step_on")
    await _spend(session, person, otp)
    person.two_step_since = datetime.now(UTC)
    await end_sessions(session, actor.office_id, _sessions_of(person) & (AuthToken.id != actor.token_id))
    events.record(session, actor, "two_step.turned_on", person)


async def remove(session: AsyncSession, actor: Actor, otp: str) -> None:
    """Off, by the caller himself, who shows once more that he has what makes the codes."""
    person = await _locked(session, actor, _model(actor), actor.id)
    if person.two_step_since is None:
        raise Conflict("Your two-step check is off.", code="two_step_off")
    await _spend(session, person, otp)
    await _turn_off(session, person)
    events.record(session, actor, "two_step.turned_off", person)


async def reset_contact(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    """With a role on everything that this login opens, as for its e-mail address."""
    await contacts.lock(session, actor, contact)  # no link to what is not the caller's comes in between
    await contacts.check_all_his_relations(session, actor, contact)
    await _reset(session, actor, contact)


async def reset_team_member(session: AsyncSession, actor: Actor, member: TeamMember) -> None:
    """Never one's own: who finds an administrator's open session would be in for good without a code."""
    if member.id == actor.id:
        detail = "Turn your own two-step check off with a code, or ask another administrator to reset it."
        raise Forbidden(detail, code="own_two_step")
    await _reset(session, actor, member)


async def reset_by_operator(db: Database, slug: str, email: str) -> None:
    """For an office's only administrator, whom nobody in it can help."""
    office_id = await id_by_slug(db, slug)
    if office_id is None:
        raise NotFound("There is no such office.")
    async with db.transaction(office_id) as session:
        system = Actor.system(office_id)
        member = await session.scalar(visible(system, TeamMember).where(TeamMember.email_key == email_key(email)))
        if member is None:
            raise NotFound("The office has no team member with this e-mail address.")
        await _reset(session, system, member)


async def _reset(session: AsyncSession, actor: Actor, person: Person) -> None:
    """Off, for somebody who lost what makes his codes; his sessions end. Off already: nothing happens."""
    person = await _locked(session, actor, type(person), person.id)
    if person.two_step_since is None:
        return
    await _turn_off(session, person)
    await end_sessions(session, actor.office_id, _sessions_of(person))
    events.record(session, actor, "two_step.reset", person)


async def _turn_off(session: AsyncSession, person: Person) -> None:
    await two_step_codes.forget(session, person)
    person.two_step_since = None


async def _spend(session: AsyncSession, person: Person, otp: str) -> None:
    row = await two_step_codes.find(session, person)
    if row is None:
        raise Conflict("Begin first: `POST /v1/me/two-step`.", code="two_step_not_begun")
    if not two_step_codes.spend(session, row, otp):
        raise invalid("/otp", "otp_invalid", two_step_codes.NO_CODE)


def _sessions_of(person: Person) -> Any:
    return or_(AuthToken.team_member_id == person.id, AuthToken.contact_id == person.id)
