"""The standard team (standaard teamrollen): the roles that every new relation begins with (domain.md 4.1)."""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.models import Office, StandardRole
from app.schemas.relation_team import TeamPut
from app.schemas.standard_team import StandardTeamRead
from app.services import events, offices, relation_team


async def read(session: AsyncSession, actor: Actor) -> StandardTeamRead:
    roles = visible(actor, StandardRole).options(joinedload(StandardRole.team_member)).order_by(StandardRole.id)
    return StandardTeamRead(items=relation_team.shown(await session.scalars(roles)))


async def replace(session: AsyncSession, actor: Actor, office: Office, data: TeamPut) -> StandardTeamRead:
    await offices.queue(session, actor)  # one writer at a time: two whole lists must not be mixed
    wanted = await relation_team.known(session, actor, data)

    def role_of(member: UUID, role: str) -> StandardRole:
        return StandardRole(office_id=actor.office_id, team_member_id=member, role=role)

    if changes := await relation_team.exchange(session, visible(actor, StandardRole), wanted, role_of):
        office.updated_at = func.now()  # the team's version is the office's
        events.record(session, actor, "office.standard_team_changed", office, **changes)
    await session.flush()
    return await read(session, actor)
