from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, Role
from app.errors import Conflict
from app.models import AuthToken, TeamMember
from app.schemas.team_members import TeamMemberCreate, TeamMemberUpdate
from app.services import api_keys, events, invitations, offices
from app.services.auth import email_key, end_sessions

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
    active = select(func.count()).where(
        TeamMember.office_id == actor.office_id,
        TeamMember.role == Role.ADMINISTRATOR,
        TeamMember.status == "active",
    )
    if not await session.scalar(active):
        raise Conflict("The office would be left without an administrator.", code="last_administrator")
    if member.status == "blocked" or member.role != Role.ADMINISTRATOR:
        await api_keys.revoke_all_of(session, actor, member)
    if has_moved or "status" in changed:
        await end_sessions(session, actor.office_id, AuthToken.team_member_id == member.id)
        await invitations.end(session, member)
    if changed:
        events.record(session, actor, "team_member.changed", member, fields=changed, role=member.role)
