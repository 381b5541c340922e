from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P, visible
from app.dependencies import (
    Answer,
    CurrentActor,
    CurrentSettings,
    Route,
    Transaction,
    find,
    require,
    shows_once,
)
from app.listing import Page, paginate
from app.models import TeamMember
from app.schemas.contacts import InvitationRead
from app.schemas.team_members import TeamMemberCreate, TeamMemberQuery, TeamMemberRead, TeamMemberUpdate
from app.services import invitations, team_members

router = APIRouter(prefix="/team-members", tags=["team members"], route_class=Route)


async def member_in_path(team_member_id: UUID, session: Transaction, actor: CurrentActor) -> TeamMember:
    return await find(session, actor, TeamMember, team_member_id)


MemberInPath = Annotated[TeamMember, Depends(member_in_path)]


@router.get("", dependencies=[require(P.TEAM_MEMBERS_READ)], response_model=Page[TeamMemberRead])
async def list_team_members(
    query: Annotated[TeamMemberQuery, Query()], session: Transaction, actor: CurrentActor
) -> Any:
    """Team members (medewerkers) of the office."""
    return await paginate(session, visible(actor, TeamMember), query, team_members.SORTS, TeamMember.id)


@router.post("", status_code=201, dependencies=[require(P.TEAM_MEMBERS_WRITE)], response_model=TeamMemberRead)
async def create_team_member(data: TeamMemberCreate, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Make a team member (medewerker); invite him to let him in."""
    member = await team_members.create(session, actor, data)
    answer.created(f"/team-members/{member.id}", member)
    return member


@router.get("/{team_member_id}", dependencies=[require(P.TEAM_MEMBERS_READ)], response_model=TeamMemberRead)
async def get_team_member(member: MemberInPath, answer: Answer) -> Any:
    """One team member (medewerker)."""
    answer.show(member)
    return member


@router.patch("/{team_member_id}", dependencies=[require(P.TEAM_MEMBERS_WRITE)], response_model=TeamMemberRead)
async def update_team_member(
    member: MemberInPath, data: TeamMemberUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Change a team member (medewerker): role, block. An office keeps at least one active administrator."""
    answer.check(member)
    await team_members.change(session, actor, member, data)
    answer.show(member)
    return member


@router.delete("/{team_member_id}", status_code=204, dependencies=[require(P.TEAM_MEMBERS_WRITE)])
async def delete_team_member(member: MemberInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Remove a team member who leaves (medewerker uit dienst): sessions, invitations, API keys and roles end at once.

    What he did and wrote keeps his name; his e-mail address is free again. An office keeps an active administrator.
    """
    answer.check(member)
    await team_members.remove(session, actor, member)


@router.post("/{team_member_id}/invitation", status_code=201, dependencies=[require(P.TEAM_MEMBERS_WRITE)])
@shows_once("token", "link")
async def invite_team_member(
    member: MemberInPath, session: Transaction, actor: CurrentActor, settings: CurrentSettings, answer: Answer
) -> InvitationRead:
    """Invite a team member (uitnodiging) to set a password."""
    answer.created(f"/team-members/{member.id}")
    return await invitations.invite(session, settings, actor, member)
