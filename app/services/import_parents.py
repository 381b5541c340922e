"""Who is above whom, when a whole file says so: somebody who is not there, a ring, and in which order they are made."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.models import Import, ImportIdentifier, Relation
from app.models.base import among
from app.schemas.import_relations import RELATIONS
from app.services.import_findings import Found, of_row
from app.services.import_rows import rewrite

PARENT = RELATIONS.by_field["parent_number"]
UNKNOWN = (
    "parent_unknown",
    "Neither the office nor this file has the relation that this one should hang below, or its row is not right.",
    "Correct the number, or the row of that relation.",
)
Key = TypeVar("Key")
Above = Mapping[str, str | None]  # by key, the one above it
RING = ("parent_ring", "These relations hang below each other in a ring.", "Correct who is above whom.")


async def settle(session: AsyncSession, of: Import, made: set[str], waves: Mapping[str, int], parents: Above) -> None:
    """``made``: keys of what the file makes; ``waves``: of that and of what it moves, below how many of these each was
    planned so far; ``parents``: by key, the one above it, where the file says so, or None.
    """
    below = {key: parent for key, parent in parents.items() if parent is not None}
    if not below:
        return
    known = await _known(session, of, set(below.values()).difference(made))
    office = await _all_above(session, of)
    above = {**office, **parents}
    wrong = _wrong(below, made, known, above, office)
    await _refuse(session, of, {key: of_row(*words, PARENT) for key, words in wrong.items()})
    await _order(session, of, waves, {key: wave for key, wave in _waves(waves, above).items() if key not in wrong})


def _wrong(
    below: Mapping[str, str], made: set[str], known: Collection[str], above: dict[str, str | None], office: Above
) -> dict[str, tuple[str, str, str]]:
    """Rows that say who is above them and can not, and why; in ``above`` they stay where the office has them."""
    children = defaultdict(list)
    for key, parent in below.items():
        children[parent].append(key)
    seen: set[str] = set()
    rings = {key for start in above for key in ring(start, above, seen)}
    found = [(key, RING) for key in below if key in rings]
    found += [(key, UNKNOWN) for key, parent in below.items() if parent not in known and parent not in made]
    wrong: dict[str, tuple[str, str, str]] = {}
    while found:
        more: dict[str, tuple[str, str, str]] = {}
        for key, words in found:
            if key not in wrong:
                more.setdefault(key, words)
        wrong |= more
        above.update({key: office.get(key) for key in more})
        # Who hangs below a row that is not right is not right either; and who stays, others may have counted on to go.
        found = [(child, UNKNOWN) for key in more if key in made for child in children[key]]
        walked: set[str] = set()
        found += [(each, RING) for key in more.keys() - made for each in ring(key, above, walked) if each in below]
    return wrong


def ring(start: Key, above: Mapping[Key, Key | None], seen: set[Key]) -> list[Key]:
    """Those that, going up from here, come back to themselves; nothing where what was ``seen`` before is met."""
    path: dict[Key, None] = {}
    key: Key | None = start
    while key is not None and key not in seen and key not in path:
        path[key] = None
        key = above.get(key)
    seen.update(path)
    walked = list(path)
    return walked[walked.index(key) :] if key is not None and key in path else []


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
    sets = "action = 'error', becomes = '{}', fields = '[]', findings = r.findings || jsonb_build_array(made.finding)"
    gone = await rewrite(session, of, sets, "key text, finding jsonb", rows, by="key")
    await session.execute(
        delete(ImportIdentifier).where(
            ImportIdentifier.office_id == of.office_id,
            ImportIdentifier.import_id == of.id,
            among(ImportIdentifier.number, gone),
        )
    )


async def _order(session: AsyncSession, of: Import, waves: Mapping[str, int], right: Mapping[str, int]) -> None:
    """Who hangs below another new or moved one is done after him: so no ring is there in between either."""
    rows = [{"key": key, "wave": wave} for key, wave in right.items() if waves[key] != wave]
    await rewrite(session, of, "wave = made.wave", "key text, wave integer", rows, by="key")


def _waves(counted: Collection[str], above: Above) -> dict[str, int]:
    """Below how many of these each of them hangs."""
    found: dict[str, int] = {}  # those, and itself
    for start in counted:
        path: list[str] = []
        key: str | None = start
        while key is not None and key not in found:
            path.append(key)
            key = above.get(key)
        many = found[key] if key is not None else 0
        for each in reversed(path):
            many += each in counted
            found[each] = many
    return {key: found[key] - 1 for key in counted}
