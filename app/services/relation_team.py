"""Roles of team members on a relation: for readers and mutators they are what opens it (domain.md 4.1)."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.errors import invalid
from app.models import Relation, RelationRole, TeamMember
from app.schemas.relation_team import TeamEntryRead, TeamPut, TeamRead
from app.services import events


async def read(session: AsyncSession, actor: Actor, relation: Relation) -> TeamRead:
    roles = await session.scalars(
        visible(actor, RelationRole)
        .where(RelationRole.relation_id == relation.id)
        .options(joinedload(RelationRole.team_member))
        .order_by(RelationRole.id)
    )
    return TeamRead(
        items=[
            TeamEntryRead.model_validate(
                {"team_member_id": role.team_member_id, "team_member_name": role.team_member.name, "role": role.role}
            )
            for role in roles
        ]
    )


def _plain(entries: set[tuple[UUID, str]]) -> list[dict[str, str]]:
    return [{"team_member_id": str(member), "role": role} for member, role in sorted(entries)]


async def replace(session: AsyncSession, actor: Actor, relation: Relation, data: TeamPut) -> TeamRead:
    # One writer at a time: two whole lists must not be merged into a third that nobody sent.
    await session.execute(visible(actor, Relation).where(Relation.id == relation.id).with_for_update(of=Relation))
    wanted = {(entry.team_member_id, str(entry.role)) for entry in data.items}
    known = set(
        await session.scalars(
            select(TeamMember.id).where(
                TeamMember.office_id == actor.office_id, TeamMember.id.in_({member for member, _ in wanted})
            )
        )
    )
    for place, entry in enumerate(data.items):
        if entry.team_member_id not in known:
            raise invalid(f"/items/{place}/team_member_id", "unknown", "There is no such team member.")
    current = await session.scalars(visible(actor, RelationRole).where(RelationRole.relation_id == relation.id))
    have = {(role.team_member_id, role.role): role for role in current}
    for gone in have.keys() - wanted:
        await session.delete(have[gone])
    for member, role in sorted(wanted - have.keys()):
        session.add(RelationRole(office_id=actor.office_id, relation_id=relation.id, team_member_id=member, role=role))
    if have.keys() != wanted:
        relation.updated_at = func.now()  # the team's version is the relation's
        events.record(
            session,
            actor,
            "relation.team_changed",
            relation,
            relation_id=relation.id,
            added=_plain(wanted - have.keys()),
            removed=_plain(have.keys() - wanted),
        )
    await session.flush()
    return await read(session, actor, relation)
