from datetime import UTC, datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, Role, visible
from app.errors import Conflict
from app.models import AuthToken, Deputy, Relation, RelationRole, StandardRole, TeamMember
from app.schemas.team_members import TeamMemberCreate, TeamMemberUpdate
from app.services import api_keys, events, invitations, offices, two_step_codes
from app.services.auth import email_key, end_sessions

PERSONAL = ("email", "email_key", "password_hash", "two_step_since")  # what is erased of who leaves
SORTS = {"created_at": (TeamMember.created_at,)}


async def create(session: AsyncSession, actor: Actor, data: TeamMemberCreate) -> TeamMember:
    member = TeamMember(office_id=actor.office_id, **data.model_dump(), email_key=email_key(data.email))
    session.add(member)
    await session.flush()
    events.record(session, actor, "team_member.created", member, role=member.role)
    return member


async def change(session: AsyncSession, actor: Actor, member: TeamMember, data: TeamMemberUpdate) -> None:
    """Blocking and a new address end the member's sessions and invitations, the end of his rights his API keys;
    an office keeps an active administrator.
    """
    # All who change team members queue here, so that two of them can not take the last administrator away.
    await offices.queue(session, actor)
    changed = member.take(data.given())
    has_moved = bool(member.take({"email_key": email_key(member.email)}))
    await session.flush()
    await _check_administrator(session, actor)
    if member.status == "blocked" or member.role != Role.ADMINISTRATOR:
        await api_keys.revoke_all_of(session, actor, member)
    if has_moved or "status" in changed:
        await _end_login(session, actor, member)
    if changed:
        events.record(session, actor, "team_member.changed", member, fields=changed, role=member.role)


async def remove(session: AsyncSession, actor: Actor, member: TeamMember) -> None:
    """The member leaves: what lets him in ends at once, and so do his roles, standard roles and deputyships.

    The row stays for the history, without his address and password; another member may have the address.
    """
    await offices.queue(session, actor)
    member.take({"deleted_at": datetime.now(UTC), "status": "blocked"} | dict.fromkeys(PERSONAL))
    await session.flush()
    await _check_administrator(session, actor)
    await api_keys.revoke_all_of(session, actor, member)
    await _end_login(session, actor, member)
    await two_step_codes.forget(session, member)
    await _end_work(session, actor, member)
    events.record(session, actor, "team_member.deleted", member, role=member.role)


async def _check_administrator(session: AsyncSession, actor: Actor) -> None:
    active = select(func.count()).where(
        TeamMember.office_id == actor.office_id,
        TeamMember.role == Role.ADMINISTRATOR,
        TeamMember.status == "active",
    )
    if not await session.scalar(active):
        raise Conflict("The office would be left without an administrator.", code="last_administrator")


async def _end_login(session: AsyncSession, actor: Actor, member: TeamMember) -> None:
    await end_sessions(session, actor.office_id, AuthToken.team_member_id == member.id)
    await invitations.end(session, member)


async def _end_work(session: AsyncSession, actor: Actor, member: TeamMember) -> None:
    """Nothing is his to do any more; a relation whose team he was in has changed, and so has the standard team."""
    his = select(RelationRole.relation_id).where(
        RelationRole.office_id == actor.office_id, RelationRole.team_member_id == member.id
    )
    own = select(Relation.id).where(Relation.office_id == actor.office_id, Relation.id.in_(his))
    await session.execute(own.order_by(Relation.id).with_for_update(key_share=True))
    await session.execute(
        update(Relation)
        .where(Relation.office_id == actor.office_id, Relation.id.in_(his))
        .values(version=Relation.version + 1, updated_at=func.now())
    )
    await session.execute(
        delete(RelationRole).where(RelationRole.office_id == actor.office_id, RelationRole.team_member_id == member.id)
    )
    await session.execute(
        delete(Deputy).where(
            Deputy.office_id == actor.office_id,
            or_(Deputy.team_member_id == member.id, Deputy.deputy_member_id == member.id),
        )
    )
    standard = await session.scalars(visible(actor, StandardRole).where(StandardRole.team_member_id == member.id))
    for role in standard.all():
        await session.delete(role)
        office = await offices.own(session, actor)
        office.updated_at = func.now()  # the standard team's version is the office's
