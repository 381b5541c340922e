"""Relations and contacts in the columns of the import, so that an import of what was exported changes nothing.

Pages come one after the other in the order of their numbers, each in a transaction of its own: what changes
meanwhile may show in later pages. Numbers of natural persons are masked, which an import reads as "as it is".
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Select, func, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, visible
from app.db import Database
from app.errors import Invalid
from app.models import Contact, ContactLink, Label, Office, Product, Relation, RelationGroup, RelationKind
from app.models.base import among
from app.schemas import import_contacts, import_relations
from app.schemas.exports import ContactExportQuery
from app.schemas.import_columns import Catalogue, Given, cells
from app.schemas.import_contacts import CONTACTS, OF_LINKS
from app.schemas.import_relations import RELATIONS, RESOLVED
from app.schemas.import_templates import Form
from app.services import contacts, events, relation_lists, relations
from app.services.export_files import MOST_ROWS, Pages

PAGE = 500  # rows; that long at most another request waits for the loop

Ask: TypeAlias = Callable[[AsyncSession], Awaitable[Actor]]  # who asks, as he is now; refuses who may no more


@dataclass(frozen=True)
class Export:
    """``find``: what the query selects; ``say``: rows in the words of the catalogue, one when it is asked for."""

    name: str
    catalogue: Catalogue
    model: Any
    find: Callable[[AsyncSession, Actor, Any], Awaitable[Select[Any]]]
    say: Callable[[AsyncSession, Actor, Sequence[Any]], Awaitable[Iterable[Given]]]


async def begin(session: AsyncSession, actor: Actor, export: Export, query: Any, form: Form) -> None:
    """Write down who takes what along."""
    found = await export.find(session, actor, query)
    count = await session.scalar(found.with_only_columns(func.count(export.model.id))) or 0
    if form == "xlsx" and count > MOST_ROWS:
        raise Invalid(f"A sheet holds {MOST_ROWS:,} rows; take the CSV file.", code="too_many_rows")
    office = await session.get_one(Office, actor.office_id)
    filters = query.model_dump(mode="json", exclude_defaults=True)
    events.record(session, actor, f"{export.name}.exported", office, form=form, count=count, filters=filters)


async def pages(db: Database, office_id: UUID, ask: Ask, export: Export, query: Any) -> Pages:
    """No connection is held while a page is on its way."""
    after: Any = None
    columns = export.catalogue.columns
    while True:
        async with db.transaction(office_id) as session:
            actor = await ask(session)
            rows = await _page(session, await export.find(session, actor, query), export.model, after)
            said = await export.say(session, actor, rows)
        yield map(partial(cells, export.catalogue, columns), said)  # as its reader goes on, in his thread
        if len(rows) < PAGE:
            return
        after = rows[-1]


async def _page(session: AsyncSession, found: Select[Any], model: Any, after: Any) -> Sequence[Any]:
    keys = (model.number_sort, model.id)
    if after is not None:
        last = (literal(after.number_sort, model.number_sort.type), literal(after.id, model.id.type))
        found = found.where(tuple_(*keys) > tuple_(*last))
    return (await session.scalars(found.order_by(*keys).limit(PAGE))).all()


def _fields(catalogue: Catalogue) -> set[str]:
    return {RESOLVED.get(column.path[0], column.path[0]) for column in catalogue.columns}


# -- relations -----------------------------------------------------------------------------------------------

_RELATION_FIELDS = _fields(RELATIONS) - {"products"}


async def _say_relations(session: AsyncSession, actor: Actor, rows: Sequence[Relation]) -> Iterable[Given]:
    await relations.show(session, actor, rows)
    names = await _names(session, actor, rows)
    return (import_relations.in_words(_shown(relation), names) for relation in rows)


def _shown(relation: Relation) -> dict[str, Any]:
    products = [row._asdict() for row in relation.products]
    return {field: getattr(relation, field) for field in _RELATION_FIELDS} | {"products": products}


async def _names(session: AsyncSession, actor: Actor, rows: Sequence[Relation]) -> Mapping[UUID, str]:
    """What the ids in these rows are called, in one word each."""
    wanted: list[tuple[Any, Any, set[UUID | None]]] = [
        (Relation, Relation.number, {row.parent_id for row in rows}),
        (RelationKind, RelationKind.name, {row.kind_id for row in rows}),
        (RelationGroup, RelationGroup.name, {row.group_id for row in rows}),
        (Label, Label.name, {each for row in rows for each in row.label_ids}),
        (Product, Product.name, {each.product_id for row in rows for each in row.products}),
    ]
    names: dict[UUID, str] = {}
    for model, name, ids in wanted:
        if known := [each for each in ids if each is not None]:
            found = visible(actor, model).where(among(model.id, known)).with_only_columns(model.id, name)
            names |= {row[0]: row[1] for row in await session.execute(found)}
    return names


# -- contacts ------------------------------------------------------------------------------------------------

_CONTACT_FIELDS = _fields(CONTACTS) - {"links"}


async def _find_contacts(session: AsyncSession, actor: Actor, query: ContactExportQuery) -> Select[Contact]:
    return contacts.filtered(actor, query)


async def _say_contacts(session: AsyncSession, actor: Actor, rows: Sequence[Contact]) -> Iterable[Given]:
    links: dict[UUID, list[Given]] = {row.id: [] for row in rows}
    same = (Relation.office_id == ContactLink.office_id) & (Relation.id == ContactLink.relation_id)
    found = visible(actor, ContactLink).join(Relation, same).where(among(ContactLink.contact_id, list(links)))
    said = [getattr(ContactLink, field) for field in OF_LINKS]
    found = found.with_only_columns(ContactLink.contact_id, Relation.number, *said)
    for row in await session.execute(found.order_by(Relation.number_sort, Relation.id)):
        links[row.contact_id].append({"relation": {"number": row.number}, **row._asdict()})
    return (
        import_contacts.in_words({field: getattr(row, field) for field in _CONTACT_FIELDS}, links[row.id])
        for row in rows
    )


EXPORTS = {
    "relations": Export("relations", RELATIONS, Relation, relation_lists.filtered, _say_relations),
    "contacts": Export("contacts", CONTACTS, Contact, _find_contacts, _say_contacts),
}
