"""The feed of changes (wijzigingen): for who keeps a copy of relations, contacts and links in step with ours.

A change stands at the id of the transaction that wrote it, and is shown once every transaction up to that id has
ended. So whoever commits late still comes after each cursor that was given out before: a long transaction, in any
database of the server, holds the feed back (ours end after 30 s of idleness) and is never jumped over. What changes
again moves to its new place: each thing is told of at least once, as it is when the page is made.

Ids of transactions mean nothing elsewhere: a cursor says which feed it is of, and a database that was restored, or
whose standby took over, has another one. (Only a disk that was put back as it had been is told by nothing, once the
server has come as far again: then whoever keeps a copy begins anew by himself.)
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import literal, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, P, visible
from app.errors import Gone
from app.listing import read_cursor, write_cursor
from app.models import Change, Contact, ContactLink, Relation
from app.schemas.changes import ChangePage, ChangeQuery
from app.services import contact_links, relations

Ends: TypeAlias = tuple[UUID | None, UUID | None]

FIRST = UUID(int=0)
READING = {"relation": P.RELATIONS_READ, "contact": P.CONTACTS_READ, "contact_link": P.CONTACT_LINKS_READ}
# The server, its history since the last promotion of a standby, the database, the table: a restore changes one of them.
FEED = text(
    """
    SELECT pg_snapshot_xmin(now)::text::bigint AS ended,
           pg_snapshot_xmax(now)::text::bigint AS unborn,
           concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
                     left(pg_walfile_name(pg_current_wal_lsn()), 8),
                     (SELECT oid FROM pg_database WHERE datname = current_database()),
                     'changes'::regclass::oid) AS source,
           (SELECT max(position) FROM changes WHERE office_id = :office_id) AS last
    FROM pg_current_snapshot() now
    """
)


@dataclass(frozen=True)
class Feed:
    """The office's feed at this moment: every transaction below ``ended`` has."""

    id: str
    ended: int


async def find(session: AsyncSession, actor: Actor, query: ChangeQuery) -> ChangePage:
    feed, renewed = await _feed(session, actor)
    after = _after(query, feed)
    found = visible(actor, Change).where(
        Change.position < feed.ended,
        tuple_(Change.position, Change.id) > tuple_(*(literal(value) for value in after)),
    )
    if query.type:
        found = found.where(Change.type == query.type)
    rows = list(await session.scalars(found.order_by(Change.position, Change.id).limit(query.limit + 1)))
    page, has_more = rows[: query.limit], len(rows) > query.limit
    here = (page[-1].position, page[-1].id) if has_more else (feed.ended, FIRST)
    cursor = write_cursor(query, feed.id, *here)
    if has_more:
        session.info["next_cursor"] = cursor  # for the Link header
    items = await _shown(session, actor, page)
    return ChangePage.model_validate({"items": items, "next_cursor": cursor, "has_more": has_more or renewed})


async def _feed(session: AsyncSession, actor: Actor) -> tuple[Feed, bool]:
    """The feed, and whether it was renewed: after a restore, rows of a server that had come further stand in a future
    that is not ours, where nobody would find them. They take their place as changed now.
    """
    row = (await session.execute(FEED, {"office_id": actor.office_id})).one()
    is_foreign = row.last is not None and row.last >= row.unborn
    if is_foreign:
        foreign = update(Change).where(Change.office_id == actor.office_id, Change.position >= row.unborn)
        await session.execute(foreign.values(position=text("pg_current_xact_id()::text::bigint")))
    name = hashlib.sha256(f"{row.source}/{actor.office_id}".encode()).hexdigest()[:16]
    return Feed(name, row.ended), is_foreign


def _after(query: ChangeQuery, feed: Feed) -> tuple[int, UUID]:
    if query.cursor is None:
        return 0, FIRST
    name, position, row_id = read_cursor(query, str, int, UUID)
    if name != feed.id or not 0 <= position <= feed.ended:
        detail = "The database was restored or moved since this cursor was given; begin again without it."
        raise Gone(detail, code="cursor_expired")
    return position, row_id


async def _shown(session: AsyncSession, actor: Actor, page: Sequence[Change]) -> list[dict[str, Any]]:
    there = await _there(session, actor, page)
    return [
        {
            "type": change.type,
            "id": change.id,
            "relation_id": change.relation_id,
            "contact_id": change.contact_id,
            "is_deleted": _ends(change) not in there,
            "changed_at": change.at,
            "data": there.get(_ends(change)) if READING[change.type] in actor.permissions else None,
        }
        for change in page
    ]


def _ends(change: Change) -> Ends:
    return change.relation_id, change.contact_id


async def _there(session: AsyncSession, actor: Actor, page: Sequence[Change]) -> dict[Ends, Any]:
    """What still exists of what these changes are about, by its ends; of each kind in one query."""
    ends = {kind: [_ends(change) for change in page if change.type == kind] for kind in READING}
    found: dict[Ends, Any] = {}
    if ids := [relation_id for relation_id, _ in ends["relation"]]:
        shown = visible(actor, Relation).where(Relation.id.in_(ids)).options(relations.WITH_DOSSIER)
        rows = list(await session.scalars(shown))
        await relations.show(session, actor, rows)
        found |= {(row.id, None): row for row in rows}
    if ids := [contact_id for _, contact_id in ends["contact"]]:
        people = visible(actor, Contact).where(Contact.id.in_(ids))
        found |= {(None, row.id): row for row in await session.scalars(people)}
    if pairs := ends["contact_link"]:
        both = tuple_(ContactLink.relation_id, ContactLink.contact_id).in_(pairs)
        links = visible(actor, ContactLink).where(both).options(*contact_links.ENDS)
        found |= {(row.relation_id, row.contact_id): row for row in await session.scalars(links)}
    return found
