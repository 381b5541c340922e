"""Roles of team members on a relation: for readers and mutators they are what opens it (domain.md 4.1)."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.errors import invalid
from app.models import Relation, RelationRole, TeamMember, TeamRole
from app.schemas.relation_team import TeamEntryRead, TeamPut, TeamRead
from app.services import events

M = TypeVar("M")


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


async def _known(session: AsyncSession, actor: Actor, data: TeamPut) -> set[tuple[UUID, str]]:
    """The entries, if the office has all these members and roles; they stay until the commit."""
    wanted = {(entry.team_member_id, entry.role) for entry in data.items}
    of_office = visible(actor, TeamMember).where(TeamMember.id.in_({member for member, _ in wanted}))
    members = {row.id for row in await session.scalars(_held(of_office))}
    of_list = visible(actor, TeamRole).where(TeamRole.key.in_({role for _, role in wanted}))
    roles = {row.key for row in await session.scalars(_held(of_list))}
    for place, entry in enumerate(data.items):
        if entry.team_member_id not in members:
            raise invalid(f"/items/{place}/team_member_id", "unknown", "There is no such team member.")
        if entry.role not in roles:
            raise invalid(f"/items/{place}/role", "unknown", "The office has no such team role.")
    return wanted


def _held(rows: Select[M]) -> Select[M]:
    """Nobody removes what is pointed at anew; what was removed meanwhile is not found."""
    return rows.with_for_update(read=True, key_share=True)


async def replace(session: AsyncSession, actor: Actor, relation: Relation, data: TeamPut) -> TeamRead:
    # One writer at a time: two whole lists must not be merged into a third that nobody sent.
    await session.execute(visible(actor, Relation).where(Relation.id == relation.id).with_for_update(of=Relation))
    wanted = await _known(session, actor, data)
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
