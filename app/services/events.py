"""What happened, written in the transaction that did it (tijdlijn; LO-01, BSN-08)."""

import re
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from app.access import Actor
from app.models import Event


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
            subject_type=re.sub(r"(?<!^)(?=[A-Z])", "_", type(subject).__name__).lower(),
            subject_id=subject.id,
            relation_id=relation_id,
            is_client_visible=visible,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
            data={key: str(value) if isinstance(value, UUID) else value for key, value in data.items()},
        )
    )


def downloaded(session: AsyncSession, actor: Actor, request: Request, subject: Any, relation_id: UUID) -> None:
    """One line for a download: not for HEAD, and not for each further range of one."""
    begins = request.headers.get("range", "bytes=0-").strip().startswith("bytes=0-")
    if not request.state.is_head and begins and "if-none-match" not in request.headers:
        record(session, actor, "file.downloaded", subject, relation_id=relation_id)
