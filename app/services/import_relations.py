"""What becomes of a file's rows of relations: decided row by row, by the rules that the API itself goes by.

Nothing is written here. Rows are looked at in batches, together with what the office has of them; what rows of the
same file say of each other is settled in the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, column, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import invalid
from app.models import Import, Relation, RelationExternalId
from app.models.base import among
from app.schemas.import_columns import Given
from app.schemas.import_masks import without_bsn
from app.schemas.import_relations import RELATIONS
from app.services import (
    import_findings,
    import_parents,
    import_shared_numbers,
    relation_identifiers,
    relation_parts,
)
from app.services.import_lists import Lists
from app.services.import_reading import RowRead
from app.services.import_relation_rows import Existing, RelationRow, new_relation
from app.services.import_rows import NumberedRows, Planned, id_in
from app.text import number_key


def _parent_of(existing: Existing | None) -> UUID | None:
    found: UUID | None = existing.relation.parent_id if existing else None
    return found


class RelationPlanner:
    catalogue = RELATIONS

    def __init__(self, of: Import, lists: Lists) -> None:
        self.of = of
        self.lists = lists
        self.actor = Actor.system(of.office_id)
        self.rows = NumberedRows(RELATIONS, "relation")
        self.made: set[str] = set()  # keys of new ones
        self.waves: dict[str, int] = {}  # by key of a new or moved one, how many of these it hangs below so far
        self.parents: dict[str, str | None] = {}  # by key, the key of the one above it, where the file says so
        self.external: dict[tuple[str, str], int] = {}  # the row that names an id of another package

    async def plan(self, session: AsyncSession, rows: Sequence[RowRead]) -> list[Planned]:
        known = await self._existing(session, rows)
        taken = await self._external_ids(session, rows)
        decide = partial(self._decide, session, known, taken)
        return [self._made(self.rows.plan(row, decide)) for row in rows]

    def _made(self, planned: Planned) -> Planned:
        """Who is above whom is known by now where the file has him first, as most have."""
        key = planned.key or ""
        if planned.action == "create":
            self.made.add(key)
        if planned.action == "create" or "parent_id" in planned.becomes.get("relations", ()):
            planned.wave = self.waves[key] = self.waves.get(self.parents.get(key) or "", -1) + 1
        return planned

    async def _existing(self, session: AsyncSession, rows: Sequence[RowRead]) -> dict[str, Existing]:
        names = ("number", "parent_number")
        keys = {number_key(row.given[name]) for row in rows for name in names if row.given.get(name)}
        found = select(*Relation.__table__.c).where(
            Relation.office_id == self.of.office_id, among(Relation.number_key, sorted(keys))
        )
        rows_found = (await session.execute(found)).mappings()
        by_id = {row["id"]: Existing(SimpleNamespace(**row)) for row in rows_found}
        relations: Any = [existing.relation for existing in by_id.values()]
        for number in await relation_identifiers.rows_of(session, self.actor, relations):
            by_id[number.relation_id].numbers.append(number)
        for relation_id, parts in (await relation_parts.of(session, self.actor, by_id.keys())).items():
            existing = by_id[relation_id]
            existing.labels, existing.external_ids = parts["label_ids"], parts["external_ids"]
            existing.products = [(each.product_id, each.starts_on, each.ends_on) for each in parts["products"]]
        return {existing.relation.number_key: existing for existing in by_id.values()}

    async def _external_ids(self, session: AsyncSession, rows: Sequence[RowRead]) -> dict[tuple[str, str], UUID]:
        """Whose the ids of other packages are that these rows name."""
        pairs = {pair for row in rows for pair in (row.given.get("external_ids") or {}).items() if pair[1]}
        if not pairs:
            return {}
        ids = RelationExternalId
        named = func.unnest(*(literal(list(each), ARRAY(Text)) for each in zip(*pairs, strict=True)))
        of = named.table_valued(column("system", Text), column("external_id", Text)).render_derived(name="named")
        found = (
            select(ids.system, ids.external_id, ids.relation_id)
            .join(of, (ids.system == of.c.system) & (ids.external_id == of.c.external_id))
            .where(ids.office_id == self.of.office_id)
        )
        return {(row.system, row.external_id): row.relation_id for row in await session.execute(found)}

    def _decide(
        self,
        session: AsyncSession,
        known: Mapping[str, Existing],
        taken: Mapping[tuple[str, str], UUID],
        planned: Planned,
        given: Given,
    ) -> None:
        key = planned.key or ""
        existing = known.get(key)
        says_parent, above = "parent_number" in given, given.pop("parent_number", None)
        if says_parent:
            given["parent_id"] = self._parent(key, above, known)
        planned.subject_id = existing.relation.id if existing else id_in(self.of.id, key)
        planned.subject_version = existing.relation.version if existing else None
        named = [pair for pair in (given.get("external_ids") or {}).items() if pair[1] is not None]
        self._check_external(planned, named, taken)
        row_of = existing or new_relation(self.of.office_id, planned.subject_id)
        decision = RelationRow(session, self.lists, row_of, given).decide()
        planned.title = f"{row_of.relation.number} {without_bsn(row_of.relation.name)}"
        planned.becomes, planned.fields, planned.identifiers = decision.becomes, decision.fields, decision.identifiers
        if above and "parent_id" in decision.becomes.get("relations", ()):
            planned.becomes["above"] = number_key(above)  # who had this number, when somebody looked at the plan
        planned.action = "create" if existing is None else "update" if decision.becomes else "unchanged"
        if planned.is_refused:
            return
        if says_parent:
            self.parents[key] = above and number_key(above)
        self.external |= dict.fromkeys(named, planned.number)
        if planned.action != "unchanged":
            planned.findings += [import_findings.of_warning(RELATIONS, each) for each in decision.warnings]

    def _parent(self, key: str, number: str | None, known: Mapping[str, Existing]) -> UUID | None:
        if number is None:
            return None
        above = number_key(number)
        if not (existing := known.get(above)):
            return id_in(self.of.id, above)  # of this file, or of nothing: settled in the end
        found: UUID = existing.relation.id
        if existing.relation.archived_at is not None and found != _parent_of(known.get(key)):
            raise invalid("/parent_id", "archived", "That relation is archived; choose one that is in use.")
        return found

    def _check_external(
        self, planned: Planned, named: Iterable[tuple[str, str]], taken: Mapping[tuple[str, str], UUID]
    ) -> None:
        """Ids of other packages that the row gives, each to one relation."""
        for pair in named:
            if taken.get(pair, planned.subject_id) != planned.subject_id:
                raise invalid("/external_ids", "taken", "Another relation has this id in that package.")
            if first := self.external.get(pair):
                detail = f"Row {first} gives this id of that package to another relation."
                raise invalid("/external_ids", "external_id_twice", detail)

    async def settle(self, session: AsyncSession) -> None:
        """What rows of the file say of each other: who is above whom and whether he is there, who shares a number."""
        await import_parents.settle(session, self.of, self.made, self.waves, self.parents)
        await import_shared_numbers.warn(session, self.of)
