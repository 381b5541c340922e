"""Roles of team members on a relation: for readers and mutators they are what opens it (domain.md 4.1)."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, ActorKind, visible
from app.errors import invalid
from app.models import Relation, RelationRole, StandardRole, TeamMember, TeamRole
from app.models.team_roles import RELATION_MANAGER
from app.schemas.relation_team import TeamEntryRead, TeamPut, TeamRead
from app.services import events

Entry = tuple[UUID, str]  # a team member and the key of a role


def _of(actor: Actor, relation: Relation) -> Select[RelationRole]:
    return visible(actor, RelationRole).where(RelationRole.relation_id == relation.id)


async def read(session: AsyncSession, actor: Actor, relation: Relation) -> TeamRead:
    roles = _of(actor, relation).options(joinedload(RelationRole.team_member)).order_by(RelationRole.id)
    return TeamRead(items=shown(await session.scalars(roles)))


def shown(roles: Iterable[RelationRole | StandardRole]) -> list[TeamEntryRead]:
    return [
        TeamEntryRead(team_member_id=role.team_member_id, team_member_name=role.team_member.name, role=role.role)
        for role in roles
    ]


async def begin(session: AsyncSession, actor: Actor, relation: Relation) -> None:
    session.add_all(
        RelationRole(office_id=actor.office_id, relation_id=relation.id, team_member_id=member, role=role)
        for member, role in await first(session, actor)
    )


async def first(session: AsyncSession, actor: Actor) -> list[Entry]:
    """The team of a new relation: the standard team, and who made it as its manager."""
    entries = {(role.team_member_id, role.role) for role in await session.scalars(visible(actor, StandardRole))}
    if actor.kind is ActorKind.TEAM_MEMBER:
        entries.add((actor.id, RELATION_MANAGER))
    members, roles = await _there(session, actor, entries)
    return [(member, role) for member, role in sorted(entries) if member in members and role in roles]


async def replace(session: AsyncSession, actor: Actor, relation: Relation, data: TeamPut) -> TeamRead:
    wanted = await known(session, actor, data)
    # One writer at a time: two whole lists must not be merged into a third that nobody sent.
    await session.execute(visible(actor, Relation).where(Relation.id == relation.id).with_for_update(of=Relation))

    def role_of(member: UUID, role: str) -> RelationRole:
        return RelationRole(office_id=actor.office_id, relation_id=relation.id, team_member_id=member, role=role)

    if changes := await exchange(session, _of(actor, relation), wanted, role_of):
        relation.updated_at = func.now()  # the team's version is the relation's
        events.record(session, actor, "relation.team_changed", relation, relation_id=relation.id, **changes)
    await session.flush()
    return await read(session, actor, relation)


async def known(session: AsyncSession, actor: Actor, data: TeamPut) -> set[Entry]:
    """The entries, if the office has all these members and roles; it keeps them until the commit."""
    entries = {(entry.team_member_id, entry.role) for entry in data.items}
    members, roles = await _there(session, actor, entries)
    for place, entry in enumerate(data.items):
        if entry.team_member_id not in members:
            raise invalid(f"/items/{place}/team_member_id", "unknown", "There is no such team member.")
        if entry.role not in roles:
            raise invalid(f"/items/{place}/role", "unknown", "The office has no such team role.")
    return entries


async def _there(session: AsyncSession, actor: Actor, entries: set[Entry]) -> tuple[set[UUID], set[str]]:
    """The members and the roles of these that are there, and stay; locked before the relation, as who leaves does."""
    members = visible(actor, TeamMember).where(TeamMember.id.in_({member for member, _ in entries}))
    roles = visible(actor, TeamRole).where(TeamRole.key.in_({role for _, role in entries}))
    return (
        {row.id for row in await session.scalars(members.with_for_update(read=True, key_share=True))},
        {row.key for row in await session.scalars(roles.with_for_update(read=True, key_share=True))},
    )


async def exchange(
    session: AsyncSession, current: Select[Any], wanted: set[Entry], make: Callable[[UUID, str], Any]
) -> dict[str, Any]:
    """Bring the rows to what is wanted; what was added and removed. Nothing: they were so already."""
    have = {(row.team_member_id, row.role): row for row in await session.scalars(current)}
    for gone in have.keys() - wanted:
        await session.delete(have[gone])
    session.add_all(make(*entry) for entry in sorted(wanted - have.keys()))
    changes = {"added": _plain(wanted - have.keys()), "removed": _plain(have.keys() - wanted)}
    return changes if any(changes.values()) else {}


def _plain(entries: set[Entry]) -> list[dict[str, str]]:
    return [{"team_member_id": str(member), "role": role} for member, role in sorted(entries)]
