"""The lists that an office keeps itself: labels, products, kinds and groups of relations."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, visible
from app.errors import invalid
from app.models.named import Named
from app.schemas.named import NamedCreate, NamedQuery, NamedUpdate
from app.services import events
from app.text import name_key

N = TypeVar("N", bound=Named)


def find_all(actor: Actor, model: type[N], query: NamedQuery) -> Select[N]:
    found = visible(actor, model)
    return found if query.is_archived is None else found.where(model.is_archived == query.is_archived)


async def create(session: AsyncSession, actor: Actor, model: type[N], data: NamedCreate) -> N:
    entry = model(office_id=actor.office_id, **data.model_dump(), name_key=name_key(data.name))
    session.add(entry)
    await session.flush()
    events.record(session, actor, f"{events.kind_of(entry)}.created", entry, name=entry.name)
    return entry


async def change(session: AsyncSession, actor: Actor, entry: Named, data: NamedUpdate) -> None:
    changed = entry.take(data.given())
    entry.name_key = name_key(entry.name)
    if changed:
        events.record(session, actor, f"{events.kind_of(entry)}.changed", entry, fields=changed)


async def remove(session: AsyncSession, actor: Actor, entry: Named) -> None:
    """What relations have stays: the foreign key refuses, and says so."""
    events.record(session, actor, f"{events.kind_of(entry)}.deleted", entry, name=entry.name)
    await session.delete(entry)
    await session.flush()


async def check_offered(
    session: AsyncSession, actor: Actor, model: type[N], wanted: Iterable[tuple[str, UUID]], has: set[UUID]
) -> dict[UUID, N]:
    """The entries that these pointers name: each is there, a new one on offer; what the relation ``has`` may stay.

    None of them is deleted until the commit.
    """
    places = list(wanted)
    ids = {entry_id for _, entry_id in places}
    kept = visible(actor, model).where(model.id.in_(ids)).with_for_update(read=True, key_share=True)
    found = {entry.id: entry for entry in await session.scalars(kept)}
    for pointer, entry_id in places:
        if entry_id not in found:
            raise invalid(pointer, "unknown", "There is no such entry in the office's list.")
        if found[entry_id].is_archived and entry_id not in has:
            raise invalid(pointer, "archived", "This entry is archived; choose one that is in use.")
    return found


def sorts(model: type[Named]) -> dict[str, tuple[Any]]:
    return {"name": (model.name_key,)}
