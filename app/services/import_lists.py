"""The office's own lists while a file is planned: what its names mean, and whether they still mean it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Import, Label, Office, Product, RelationGroup, RelationKind
from app.models.named import Named
from app.text import name_key

LISTS: dict[str, type[Named]] = {
    "products": Product,
    "labels": Label,
    "kind": RelationKind,
    "group": RelationGroup,
}


class Entry(NamedTuple):
    id: UUID
    name_key: str
    is_archived: bool
    filing_type: str | None

    @property
    def mark(self) -> str:
        """Another one says that it means something else by now."""
        return sha256(repr((self.name_key, self.is_archived, self.filing_type)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Lists:
    """Entries by list and by the key of their name. ``used``: those that were asked for, by id, with their marks."""

    by_name: Mapping[str, Mapping[str, Entry]]
    filing_types: Mapping[UUID, str | None]
    keeps_citizen_numbers: bool
    used: dict[str, str] = field(default_factory=dict)

    def find(self, name: str, value: str) -> Entry | None:
        entry = self.by_name[name].get(name_key(value))
        if entry and (found := str(entry.id)) not in self.used:
            self.used[found] = entry.mark
        return entry


async def load(session: AsyncSession, office_id: UUID) -> Lists:
    by_name: dict[str, dict[str, Entry]] = {}
    for name, model in LISTS.items():
        rows = await session.scalars(select(model).where(model.office_id == office_id))
        by_name[name] = {
            row.name_key: Entry(row.id, row.name_key, row.is_archived, getattr(row, "filing_type", None))
            for row in rows
        }
    office = await session.get_one(Office, office_id, populate_existing=True)
    filing_types = {entry.id: entry.filing_type for entry in by_name["products"].values()}
    return Lists(by_name, filing_types, office.keeps_citizen_numbers)


async def changed(session: AsyncSession, of: Import) -> list[str]:
    """Ids of entries that the plan names and that mean something else by now, or are gone."""
    planned_from: dict[str, str] = of.about.get("entries") or {}
    if not planned_from:
        return []
    lists = (await load(session, of.office_id)).by_name.values()
    now = {str(entry.id): entry.mark for entries in lists for entry in entries.values()}
    return [each for each, mark in planned_from.items() if now.get(each) != mark]
