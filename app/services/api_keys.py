from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, Role, visible
from app.crypto import Token
from app.errors import Conflict, Forbidden, invalid
from app.models import ApiKey, TeamMember
from app.schemas.api_keys import ApiKeyCreate
from app.services import events

SORTS = {"created_at": (ApiKey.created_at,)}


async def create(session: AsyncSession, actor: Actor, data: ApiKeyCreate) -> tuple[ApiKey, Token]:
    """A key that can do at most what its maker can; only its hash is stored."""
    if not set(data.scopes) <= actor.permissions:  # pragma: no cover - administrators have all; here for finer roles
        raise Forbidden("A key can not do more than you can.")
    # Who is removed, blocked or made less at this moment waits for us, or we for that: no key outlives his right to it.
    maker = visible(actor, TeamMember).where(
        TeamMember.id == actor.id, TeamMember.role == Role.ADMINISTRATOR, TeamMember.status == "active"
    )
    if await session.scalar(maker.with_for_update(read=True)) is None:
        raise Forbidden("You may not make keys any more.")
    if data.expires_at is not None and data.expires_at <= datetime.now(UTC):
        raise invalid("/expires_at", "past", "Give a moment in the future.")
    token = Token.make("ordk", actor.office_id)
    key = ApiKey(
        office_id=actor.office_id,
        name=data.name,
        scopes=sorted(set(data.scopes)),
        expires_at=data.expires_at,
        token_hash=token.hash,
        hint=token.hint,
        created_by_id=actor.id,
    )
    session.add(key)
    await session.flush()
    events.record(session, actor, "api_key.created", key, name=key.name, scopes=key.scopes)
    return key, token


async def revoke_all_of(session: AsyncSession, actor: Actor, member: TeamMember) -> None:
    """Keys end with the administrator who made them: a key sees everything, and must not outlive his right to."""
    live = select(ApiKey).where(
        ApiKey.office_id == actor.office_id, ApiKey.created_by_id == member.id, ApiKey.revoked_at.is_(None)
    )
    for key in await session.scalars(live.with_for_update()):
        key.revoked_at = datetime.now(UTC)
        events.record(session, actor, "api_key.revoked", key, name=key.name)


async def revoke(session: AsyncSession, actor: Actor, key: ApiKey) -> None:
    await session.refresh(key, with_for_update=True)
    if key.revoked_at is not None:
        raise Conflict("This key is revoked already.", code="revoked")
    key.revoked_at = datetime.now(UTC)
    events.record(session, actor, "api_key.revoked", key, name=key.name)
