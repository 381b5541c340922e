"""``Idempotency-Key``, once for all routes: the same request sent again gets the same answer.

The key is claimed in a transaction of its own and committed before any work; the answer is stored in the
transaction that does the work. So at most one effect comes of a key, whoever dies in between: a claim
whose lease is over is taken over by the next try. Refusals (4xx, 5xx) are not kept: the key is free again.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import anyio
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from app.access import Actor
from app.db import Database
from app.errors import Conflict, Invalid, invalid
from app.models.idempotency_keys import IdempotencyKey

KEPT_HEADERS = ("location", "etag", "content-type")


@dataclass(frozen=True)
class Claim:
    """Our right to work under a key, or the answer that was given under it before."""

    id: UUID
    owner: UUID
    answer: Response | None = None
    fingerprint: bytes | None = None

    def replay(self, fingerprint: bytes) -> Response:
        """The stored answer, when the request is the same one."""
        assert self.answer is not None
        if fingerprint != self.fingerprint:
            raise Invalid(
                "This Idempotency-Key was used for another request; take a new one.",
                code="idempotency_key_reused",
            )
        return self.answer


def key_of(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise invalid(
            "/Idempotency-Key",
            "invalid",
            "Use 1 to 200 printable ASCII characters, such as a UUID.",
            "header",
        )
    return key


def fingerprint(parts: list[Any]) -> bytes:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()


async def claim(db: Database, actor: Actor, request: Request, lease_seconds: int) -> Claim | None:
    """Claim the request's key (None: it has none). 409 while the first request with it still runs."""
    key = key_of(request)
    if key is None:
        return None
    owner = uuid4()
    scope = {
        "office_id": actor.office_id,
        "actor_id": actor.id,
        "method": request.method,
        "path": request.scope["path"],
        "key": key,
    }
    lease = func.now() + timedelta(seconds=lease_seconds)
    over = (IdempotencyKey.state == "running") & (IdempotencyKey.lease_until < func.now())
    fresh = insert(IdempotencyKey).values(**scope, owner=owner, lease_until=lease)
    take = fresh.on_conflict_do_update(
        index_elements=["office_id", "actor_id", "method", "path", "key"],
        set_={"owner": owner, "lease_until": lease},
        where=over,
    ).returning(IdempotencyKey.id)
    async with db.transaction(actor.office_id) as session:
        claimed = await session.scalar(take)
        if claimed is not None:
            return Claim(claimed, owner)
        row = await session.scalar(select(IdempotencyKey).filter_by(**scope))
    if row is None or row.state == "running":
        raise Conflict(
            "The first request with this Idempotency-Key is still running.",
            code="idempotency_key_in_use",
            headers={"Retry-After": "2"},
        )
    answer = Response(row.body, row.status or 200, {**(row.headers or {}), "Idempotency-Replayed": "true"})
    return Claim(row.id, row.owner, answer, row.fingerprint)


def kept_answer(response: Response, secret_fields: tuple[str, ...]) -> tuple[bytes, dict[str, str]]:
    """What is stored of an answer: never a secret that is shown once."""
    body = bytes(response.body)
    if secret_fields:
        content = json.loads(body)
        body = json.dumps(content | {field: None for field in secret_fields if field in content}).encode()
    return body, {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}


async def finish(
    session: Any,
    actor: Actor,
    claimed: Claim,
    mark: bytes,
    response: Response,
    secret_fields: tuple[str, ...] = (),
) -> None:
    """Store the answer in the transaction of the effect; Conflict when the lease was lost to another try."""
    body, headers = kept_answer(response, secret_fields)
    done = (
        update(IdempotencyKey)
        .where(
            IdempotencyKey.office_id == actor.office_id,
            IdempotencyKey.id == claimed.id,
            IdempotencyKey.owner == claimed.owner,
            IdempotencyKey.state == "running",
        )
        .values(state="done", fingerprint=mark, status=response.status_code, headers=headers, body=body)
    )
    if (await session.execute(done)).rowcount != 1:
        raise Conflict("Another try with this Idempotency-Key went on in the meantime.", code="idempotency_key_in_use")


async def renew(db: Database, actor: Actor, claimed: Claim, lease_seconds: int) -> None:
    async with db.transaction(actor.office_id) as session:
        lease = func.now() + timedelta(seconds=lease_seconds)
        await session.execute(_mine(update(IdempotencyKey), actor, claimed).values(lease_until=lease))


async def release(db: Database, actor: Actor, claimed: Claim) -> None:
    """Nothing came of it: the key is free for the next try.

    Right even when the answer of our COMMIT was lost: that transaction holds the row, so this waits for it
    and then finds the answer stored, which stays. And where the database is gone the lease runs out.
    """
    with anyio.CancelScope(shield=True), suppress(SQLAlchemyError, OSError):
        async with db.transaction(actor.office_id) as session:
            await session.execute(_mine(delete(IdempotencyKey), actor, claimed))


def _mine(statement: Any, actor: Actor, claimed: Claim) -> Any:
    return statement.where(
        IdempotencyKey.office_id == actor.office_id,
        IdempotencyKey.id == claimed.id,
        IdempotencyKey.owner == claimed.owner,
        IdempotencyKey.state == "running",
    )


def expired(office_id: UUID, hours: int) -> Any:
    """Answers that no client waits for any more, and claims that nobody will finish."""
    age = func.now() - timedelta(hours=hours)
    return delete(IdempotencyKey).where(
        IdempotencyKey.office_id == office_id,
        IdempotencyKey.created_at < age,
        or_(IdempotencyKey.state == "done", IdempotencyKey.lease_until < func.now()),
    )
