from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P, visible
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require
from app.listing import Page, paginate
from app.models import TeamRole
from app.schemas.team_roles import TeamRoleCreate, TeamRoleQuery, TeamRoleRead, TeamRoleUpdate
from app.services import team_roles

router = APIRouter(prefix="/team-roles", tags=["team roles"], route_class=Route)


async def role_in_path(team_role_id: UUID, session: Transaction, actor: CurrentActor) -> TeamRole:
    return await find(session, actor, TeamRole, team_role_id)


RoleInPath = Annotated[TeamRole, Depends(role_in_path)]


@router.get("", dependencies=[require(P.TEAM_ROLES_READ)], response_model=Page[TeamRoleRead])
async def list_team_roles(query: Annotated[TeamRoleQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """The roles that team members can have on relations (teamrollen)."""
    return await paginate(session, visible(actor, TeamRole), query, team_roles.SORTS, TeamRole.id)


@router.post("", status_code=201, dependencies=[require(P.TEAM_ROLES_WRITE)], response_model=TeamRoleRead)
async def create_team_role(data: TeamRoleCreate, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Add a team role (teamrol)."""
    role = await team_roles.create(session, actor, data)
    answer.created(f"/team-roles/{role.id}", role)
    return role


@router.get("/{team_role_id}", dependencies=[require(P.TEAM_ROLES_READ)], response_model=TeamRoleRead)
async def get_team_role(role: RoleInPath, answer: Answer) -> Any:
    """One team role (teamrol)."""
    answer.show(role)
    return role


@router.patch("/{team_role_id}", dependencies=[require(P.TEAM_ROLES_WRITE)], response_model=TeamRoleRead)
async def update_team_role(
    role: RoleInPath, data: TeamRoleUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Change how a team role (teamrol) is called, or its place in the list."""
    answer.check(role)
    await team_roles.change(session, actor, role, data)
    await session.flush()
    answer.show(role)
    return role


@router.delete("/{team_role_id}", status_code=204, dependencies=[require(P.TEAM_ROLES_WRITE)])
async def delete_team_role(role: RoleInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Take a team role (teamrol) off the list. It stays while anybody has it, and `relation_manager` always."""
    answer.check(role)
    await team_roles.remove(session, actor, role)
