"""What happened, written in the transaction that did it (tijdlijn; LO-01, BSN-08)."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.models import Event

DOWNLOADING = timedelta(hours=1)


def kind_of(subject: Any) -> str:
    """The word for what something happened to: ``dossier_item``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(subject).__name__).lower()


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    subject: Any,
    *,
    relation_id: UUID | None = None,
    visible: bool = False,
    **data: Any,
) -> None:
    """One line for one change. ``visible``: a client who can see the subject may see this line.

    ``data`` is for the office only; it never holds a citizen number, a token or the content of a message.
    """
    session.add(
        Event(
            office_id=actor.office_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            subject_type=kind_of(subject),
            subject_id=subject.id,
            relation_id=relation_id,
            is_client_visible=visible,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
            data={key: str(value) if isinstance(value, UUID) else value for key, value in data.items()},
        )
    )


async def downloaded(session: AsyncSession, actor: Actor, subject: Any, relation_id: UUID, *, is_range: bool) -> None:
    """One line for a download; the ranges of one within an hour are one."""
    recent = select(Event.id).where(
        Event.office_id == actor.office_id,
        Event.subject_id == subject.id,
        Event.actor_id == actor.id,
        Event.action == "file.downloaded",
        Event.at > func.now() - DOWNLOADING,
    )
    if not is_range or await session.scalar(recent.limit(1)) is None:
        record(session, actor, "file.downloaded", subject, relation_id=relation_id)
