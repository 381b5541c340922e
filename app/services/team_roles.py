from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Conflict
from app.models import TeamRole
from app.models.team_roles import RELATION_MANAGER
from app.schemas.team_roles import TeamRoleCreate, TeamRoleUpdate
from app.services import events
from app.text import name_key

SORTS = {"position": (TeamRole.position,)}

# What a new office starts with (domain.md 2.10): key and name, in this order.
DEFAULTS = (
    (RELATION_MANAGER, "Relatiebeheerder"),
    ("accountant", "Accountant"),
    ("tax", "Fiscaal"),
    ("administration", "Administratie"),
    ("payroll", "Salaris"),
    ("secretariat", "Secretariaat"),
)


def defaults(office_id: UUID) -> list[TeamRole]:
    return [
        TeamRole(office_id=office_id, key=key, name=name, name_key=name_key(name), position=10 * place)
        for place, (key, name) in enumerate(DEFAULTS, 1)
    ]


async def create(session: AsyncSession, actor: Actor, data: TeamRoleCreate) -> TeamRole:
    role = TeamRole(office_id=actor.office_id, **data.model_dump(), name_key=name_key(data.name))
    session.add(role)
    await session.flush()
    events.record(session, actor, "team_role.created", role, key=role.key, name=role.name)
    return role


async def change(session: AsyncSession, actor: Actor, role: TeamRole, data: TeamRoleUpdate) -> None:
    changed = role.take(data.given())
    role.name_key = name_key(role.name)
    if changed:
        events.record(session, actor, "team_role.changed", role, fields=changed)


async def remove(session: AsyncSession, actor: Actor, role: TeamRole) -> None:
    if role.key == RELATION_MANAGER:
        raise Conflict("Who makes a relation gets this role, so it stays.", code="relation_manager")
    events.record(session, actor, "team_role.deleted", role, key=role.key, name=role.name)
    await session.delete(role)
