"""What hangs on a relation in tables of its own, beside its numbers: labels, products, ids of other packages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import CompoundSelect, cast, delete, null, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.access import Actor, visible
from app.clock import today
from app.errors import FieldError, all_invalid, invalid, taken
from app.filings import PERIOD_FIELDS
from app.merge_patch import merged
from app.models import Label, Product, Relation, RelationExternalId, RelationLabel, RelationProduct
from app.models.base import among
from app.services import named

FIELDS = ("label_ids", "products", "external_ids")
MOST_PACKAGES = 50

Given = Mapping[str, Any]
Term: TypeAlias = tuple[UUID, date | None, date | None]  # a product, from the first day to the last


async def show(session: AsyncSession, actor: Actor, relations: Sequence[Relation]) -> None:
    """Put the parts on each relation, for its answer."""
    found = await of(session, actor, [relation.id for relation in relations])
    for relation in relations:
        relation.shown |= found[relation.id]


async def of(session: AsyncSession, actor: Actor, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The FIELDS of each of these relations, by its id: one statement, whatever their number."""
    found: dict[UUID, dict[str, Any]] = {id_: {"label_ids": [], "products": [], "external_ids": {}} for id_ in ids}
    for row in await session.execute(_rows_of(actor, ids)):
        parts = found[row.relation_id]
        if row.system:
            parts["external_ids"][row.system] = row.external_id
        elif row.product_id:
            parts["products"].append(row)
        else:
            parts["label_ids"].append(row.label_id)
    return found


def _rows_of(actor: Actor, ids: Collection[UUID]) -> CompoundSelect[Any]:
    columns = (
        RelationLabel.label_id, RelationProduct.product_id, RelationProduct.starts_on, RelationProduct.ends_on,
        RelationExternalId.system, RelationExternalId.external_id,
    )  # fmt: skip
    each = [
        select(
            model.id,
            model.relation_id,
            *(column if column.class_ is model else cast(null(), column.type).label(column.key) for column in columns),
        ).where(model.office_id == actor.office_id, among(model.relation_id, ids))
        for model in (RelationLabel, RelationProduct, RelationExternalId)
    ]
    return union_all(*each).order_by("id")


async def put(session: AsyncSession, actor: Actor, relation: Relation, given: Given) -> list[str]:
    """Set the parts that are given; the fields that changed. The caller made the relation, or holds its row."""
    if not given.keys() & {*FIELDS, *PERIOD_FIELDS.values()}:
        return []
    with session.no_autoflush:  # the relation's own change goes out with this one, as one version
        changed = []
        if "label_ids" in given and await _put_labels(session, actor, relation, given["label_ids"] or []):
            changed.append("label_ids")
        if given.keys() & {"products", *PERIOD_FIELDS.values()}:
            changed += await _put_products(session, actor, relation, given)
        if "external_ids" in given and await _put_external(session, actor, relation, given["external_ids"]):
            changed.append("external_ids")
        return changed


async def _put_labels(session: AsyncSession, actor: Actor, relation: Relation, wanted: list[UUID]) -> bool:
    rows = {
        row.label_id: row
        for row in await session.scalars(visible(actor, RelationLabel).where(RelationLabel.relation_id == relation.id))
    }
    places = [(f"/label_ids/{place}", label_id) for place, label_id in enumerate(wanted)]
    await named.check_offered(session, actor, Label, places, set(rows))
    for gone in rows.keys() - set(wanted):
        await session.delete(rows[gone])
    new = [label_id for label_id in dict.fromkeys(wanted) if label_id not in rows]
    session.add_all(
        RelationLabel(office_id=actor.office_id, relation_id=relation.id, label_id=new_id) for new_id in new
    )
    return set(wanted) != rows.keys()


async def _put_products(session: AsyncSession, actor: Actor, relation: Relation, given: Given) -> list[str]:
    rows = list(
        await session.scalars(visible(actor, RelationProduct).where(RelationProduct.relation_id == relation.id))
    )
    have = {(row.product_id, row.starts_on, row.ends_on): row for row in rows}
    wanted = list(have)
    if "products" in given:
        wanted = [(item["product_id"], item.get("starts_on"), item.get("ends_on")) for item in given["products"] or []]
    places = [(f"/products/{place}/product_id", product_id) for place, (product_id, _, _) in enumerate(wanted)]
    known = await named.check_offered(session, actor, Product, places, {row.product_id for row in rows})
    check_products(relation, wanted, {product.id: product.filing_type for product in known.values()}, given)
    for gone in have.keys() - set(wanted):
        await session.delete(have[gone])
    for product_id, starts_on, ends_on in wanted:
        if (product_id, starts_on, ends_on) not in have:
            term = {"product_id": product_id, "starts_on": starts_on, "ends_on": ends_on}
            session.add(RelationProduct(office_id=actor.office_id, relation_id=relation.id, **term))
    return ["products"] if set(wanted) != have.keys() else []


def check_products(
    relation: Relation, wanted: Sequence[Term], leads_to: Mapping[UUID, str | None], given: Given
) -> None:
    """Invalid where the terms of the products do not go together, or a period that one asks for is missing.

    ``leads_to``: the return of each product. Asked for when the products or that period are given.
    """
    returns = {leads_to[product_id] for product_id, _, end in wanted if _goes_on(end)}
    asked = PERIOD_FIELDS if "products" in given else {kind: f for kind, f in PERIOD_FIELDS.items() if f in given}
    errors = _term_errors(wanted)
    errors += _period_errors(relation, {kind: field for kind, field in asked.items() if kind in returns})
    if errors:
        raise all_invalid(errors)


def _goes_on(ends_on: date | None) -> bool:
    return ends_on is None or ends_on >= today()


def _term_errors(wanted: Sequence[Term]) -> list[FieldError]:
    """Each in order, and the same product never twice on one day."""
    errors = []
    for place, (product_id, starts_on, ends_on) in enumerate(wanted):
        if starts_on and ends_on and ends_on < starts_on:
            errors.append(FieldError(f"/products/{place}/ends_on", "order", "ends_on can not be before starts_on."))
        for other_id, other_start, other_end in wanted[:place]:
            begins_before_end = starts_on is None or other_end is None or starts_on <= other_end
            ends_after_begin = ends_on is None or other_start is None or ends_on >= other_start
            if other_id == product_id and begins_before_end and ends_after_begin:
                detail = "The relation takes this product already in that time; end the one before first."
                errors.append(FieldError(f"/products/{place}", "overlap", detail))
                break
    return errors


def _period_errors(relation: Relation, needed: Mapping[str, str]) -> list[FieldError]:
    """Who takes a product that leads to a periodic return has the period of it (domain.md 3.1; rules 41 to 43)."""
    detail = "The relation takes a product that leads to this return, so say how often it is filed."
    return [
        FieldError(f"/{field}", "filing_period_needed", detail)
        for field in needed.values()
        if getattr(relation, field) in (None, "none")
    ]


async def _put_external(
    session: AsyncSession, actor: Actor, relation: Relation, patch: dict[str, str | None] | None
) -> bool:
    """Merged by package, so that two integrators leave each other's id alone."""
    mine = RelationExternalId.relation_id == relation.id
    have = {
        row.system: row.external_id for row in await session.scalars(visible(actor, RelationExternalId).where(mine))
    }
    wanted = merged(have, patch)
    check_packages(wanted)
    gone = [system for system in have if wanted.get(system) != have[system]]
    await session.execute(
        delete(RelationExternalId).where(
            RelationExternalId.office_id == actor.office_id, mine, RelationExternalId.system.in_(gone)
        )
    )
    for system in sorted(wanted.keys() - (have.keys() - set(gone))):
        row = insert(RelationExternalId).values(
            id=uuid7(), office_id=actor.office_id, relation_id=relation.id, system=system, external_id=wanted[system]
        )
        row = row.on_conflict_do_nothing(index_elements=["office_id", "system", "external_id"])
        if await session.scalar(row.returning(RelationExternalId.id)) is None:
            raise taken(f"/external_ids/{system}", "Another relation has this id in that package.")
    return wanted != have


def check_packages(wanted: Mapping[str, str]) -> None:
    if len(wanted) > MOST_PACKAGES:
        raise invalid("/external_ids", "too_long", f"A relation has ids of at most {MOST_PACKAGES} packages.")
