"""The office's own lists while a file is planned: what its names mean, and whether they still mean it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Label, Office, Product, RelationGroup, RelationKind
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
    is_archived: bool
    filing_type: str | None


@dataclass(frozen=True)
class Lists:
    """Entries by list and by the key of their name. ``fingerprint``: another one says that something changed."""

    by_name: Mapping[str, Mapping[str, Entry]]
    filing_types: Mapping[UUID, str | None]
    keeps_citizen_numbers: bool
    fingerprint: str

    def find(self, name: str, value: str) -> Entry | None:
        return self.by_name[name].get(name_key(value))


async def load(session: AsyncSession, office_id: UUID) -> Lists:
    by_name: dict[str, dict[str, Entry]] = {}
    seen: list[Any] = []
    for name, model in LISTS.items():
        rows = list(await session.scalars(select(model).where(model.office_id == office_id).order_by(model.id)))
        by_name[name] = {
            row.name_key: Entry(row.id, row.is_archived, getattr(row, "filing_type", None)) for row in rows
        }
        seen += [(row.id, row.version) for row in rows]
    office = await session.get_one(Office, office_id, populate_existing=True)
    seen.append(office.keeps_citizen_numbers)
    filing_types = {entry.id: entry.filing_type for entry in by_name["products"].values()}
    return Lists(by_name, filing_types, office.keeps_citizen_numbers, _digest(seen))


def _digest(seen: Iterable[Any]) -> str:
    return sha256(repr(list(seen)).encode()).hexdigest()
