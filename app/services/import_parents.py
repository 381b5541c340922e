"""Who is above whom, when a whole file says so: somebody who is not there, a ring, and in which order they are made."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_json
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.models import Import, ImportIdentifier, Relation
from app.models.base import among
from app.schemas.import_relations import RELATIONS
from app.services.import_findings import Found, of_row

PARENT = RELATIONS.by_field["parent_number"]
UNKNOWN = (
    "parent_unknown",
    "Neither the office nor this file has the relation that this one should hang below, or its row is not right.",
    "Correct the number, or the row of that relation.",
)
RING = ("parent_ring", "These relations hang below each other in a ring.", "Correct who is above whom.")


async def settle(session: AsyncSession, of: Import, made: Mapping[str, int], parents: Mapping[str, str | None]) -> None:
    """``made``: keys of what the file makes, and below how many new ones each was planned so far.

    ``parents``: by key, the one above it, where the file says so, or None.
    """
    below = {key: parent for key, parent in parents.items() if parent is not None}
    if not below:
        return
    known = await _known(session, of, set(below.values()) - made.keys())
    rings = _in_rings(await _all_above(session, of) | dict(parents))
    wrong = {key: RING for key in below if key in rings}
    children = defaultdict(list)
    for key, parent in below.items():
        children[parent].append(key)
    lost = [key for key, parent in below.items() if parent not in known and parent not in made]
    lost += [child for key in wrong if key in made for child in children[key]]
    while lost:  # who hangs below a row that is not right is not right either
        key = lost.pop()
        if key not in wrong:
            wrong[key] = UNKNOWN
            lost += children[key] if key in made else []
    await _refuse(session, of, {key: of_row(*words, PARENT) for key, words in wrong.items()})
    await _order(session, of, made, {key: above for key, above in below.items() if above in made and key not in wrong})


def _in_rings(above: Mapping[str, str | None]) -> set[str]:
    """Those that, going up, come back to themselves. Each is looked at once."""
    rings: set[str] = set()
    seen: set[str] = set()
    for start in above:
        path: dict[str, None] = {}
        key: str | None = start
        while key is not None and key not in seen and key not in path:
            path[key] = None
            key = above.get(key)
        if key is not None and key in path:
            walked = list(path)
            rings.update(walked[walked.index(key) :])
        seen.update(path)
    return rings


async def _all_above(session: AsyncSession, of: Import) -> dict[str, str]:
    """By key, the one above it, as the office has it."""
    parent = aliased(Relation)
    found = (
        select(Relation.number_key, parent.number_key)
        .join(parent, (parent.office_id == Relation.office_id) & (parent.id == Relation.parent_id))
        .where(Relation.office_id == of.office_id)
    )
    return {row[0]: row[1] for row in await session.execute(found)}


async def _known(session: AsyncSession, of: Import, keys: set[str]) -> set[str]:
    found = select(Relation.number_key).where(
        Relation.office_id == of.office_id, among(Relation.number_key, sorted(keys))
    )
    return set(await session.scalars(found))


async def _refuse(session: AsyncSession, of: Import, wrong: Mapping[str, Found]) -> None:
    """These rows are errors after all; nothing is kept of what they should have become."""
    if not wrong:
        return
    rows = [{"key": key, "finding": finding} for key, finding in wrong.items()]
    changed = await session.execute(
        text(
            "UPDATE import_rows r SET action = 'error', becomes = '{}', fields = '[]', "
            "findings = r.findings || jsonb_build_array(wrong.finding) "
            "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS wrong (key text, finding jsonb) "
            "WHERE r.office_id = :office_id AND r.import_id = :import_id AND r.key = wrong.key "
            "AND r.action IN ('create', 'update', 'unchanged') RETURNING r.number"
        ),
        {"rows": to_json(rows).decode(), "office_id": of.office_id, "import_id": of.id},
    )
    gone = [row.number for row in changed]
    await session.execute(
        delete(ImportIdentifier).where(
            ImportIdentifier.office_id == of.office_id,
            ImportIdentifier.import_id == of.id,
            among(ImportIdentifier.number, gone),
        )
    )


async def _order(session: AsyncSession, of: Import, made: Mapping[str, int], below: Mapping[str, str]) -> None:
    """Who hangs below another new one is made after him."""
    waves: list[dict[str, Any]] = [{"key": key, "wave": wave} for key, wave in _waves(below) if made.get(key) != wave]
    if waves:
        await session.execute(
            text(
                "UPDATE import_rows r SET wave = made.wave "
                "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS made (key text, wave integer) "
                "WHERE r.office_id = :office_id AND r.import_id = :import_id AND r.key = made.key "
                "AND r.action = 'create'"
            ),
            {"rows": to_json(waves).decode(), "office_id": of.office_id, "import_id": of.id},
        )


def _waves(below: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """How many new ones each hangs below."""
    found: dict[str, int] = {}
    for start in below:
        path, key = [], start
        while key in below and key not in found:
            path.append(key)
            key = below[key]
        for each in reversed(path):
            found[each] = found.get(below[each], 0) + 1
    yield from found.items()
