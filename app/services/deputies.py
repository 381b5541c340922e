"""Deputies (waarnemers): an absent member's roles on relations are another's too, for a period (domain.md 6)."""

from sqlalchemy import Select, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.errors import Conflict, invalid
from app.models import Deputy, TeamMember
from app.schemas.deputies import DeputyCreate, DeputyQuery, DeputyUpdate
from app.services import events, offices

WITH_NAMES = (joinedload(Deputy.team_member), joinedload(Deputy.deputy_member))
SORTS = {"created_at": (Deputy.created_at,)}


def find_all(actor: Actor, query: DeputyQuery) -> Select[Deputy]:
    found = visible(actor, Deputy).options(*WITH_NAMES)
    if query.team_member_id:
        found = found.where(Deputy.team_member_id == query.team_member_id)
    if query.deputy_member_id:
        found = found.where(Deputy.deputy_member_id == query.deputy_member_id)
    return found


async def create(session: AsyncSession, actor: Actor, data: DeputyCreate) -> Deputy:
    await offices.queue(session, actor)  # so that of two like it one is refused, and nobody leaves meanwhile
    for field in ("team_member_id", "deputy_member_id"):
        if await session.scalar(visible(actor, TeamMember).where(TeamMember.id == getattr(data, field))) is None:
            raise invalid(f"/{field}", "unknown", "There is no such team member.")
    deputy = Deputy(office_id=actor.office_id, **data.model_dump())
    await _check_once(session, actor, deputy)
    session.add(deputy)
    await session.flush()
    await session.refresh(deputy, ["team_member", "deputy_member"])
    _record(session, actor, deputy, "deputy.created")
    return deputy


async def change(session: AsyncSession, actor: Actor, deputy: Deputy, data: DeputyUpdate) -> None:
    await offices.queue(session, actor)
    changed = deputy.take(data.given())
    if deputy.ends_on and deputy.ends_on < deputy.starts_on:
        field = "starts_on" if changed == ["starts_on"] else "ends_on"
        raise invalid(f"/{field}", "order", "ends_on can not be before starts_on.")
    with session.no_autoflush:
        await _check_once(session, actor, deputy)
    if changed:
        _record(session, actor, deputy, "deputy.changed")


async def remove(session: AsyncSession, actor: Actor, deputy: Deputy) -> None:
    _record(session, actor, deputy, "deputy.deleted")
    await session.delete(deputy)


async def _check_once(session: AsyncSession, actor: Actor, deputy: Deputy) -> None:
    """The same two, twice in one period: ending the one would end nothing, and nobody would see why."""
    others = visible(actor, Deputy).where(
        Deputy.team_member_id == deputy.team_member_id,
        Deputy.deputy_member_id == deputy.deputy_member_id,
        Deputy.id != deputy.id,
        or_(Deputy.ends_on.is_(None), Deputy.ends_on >= deputy.starts_on),
    )
    if deputy.ends_on:
        others = others.where(Deputy.starts_on <= deputy.ends_on)
    if await session.scalar(others.limit(1)) is not None:
        raise Conflict("He stands in for this member in a part of this period already; change that.", code="overlap")


def _record(session: AsyncSession, actor: Actor, deputy: Deputy, action: str) -> None:
    events.record(
        session,
        actor,
        action,
        deputy,
        team_member_id=deputy.team_member_id,
        deputy_member_id=deputy.deputy_member_id,
        starts_on=deputy.starts_on.isoformat(),
        ends_on=deputy.ends_on and deputy.ends_on.isoformat(),
    )
