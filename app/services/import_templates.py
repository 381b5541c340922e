"""The sample files of an import (importvoorbeeldbestanden), with the names of the office's own lists in them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, P, Permission, visible
from app.models import Label, Product, RelationGroup, RelationKind
from app.models.named import Named
from app.schemas.import_columns import Column, cells
from app.schemas.import_templates import WIDTHS, Form, ImportTemplate, OfficeWords, choices_of, examples, explanation
from app.sheets import writing

LISTS: dict[str, tuple[type[Named], Permission]] = {
    "products": (Product, P.PRODUCTS_READ),
    "labels": (Label, P.LABELS_READ),
    "relation_kinds": (RelationKind, P.RELATION_KINDS_READ),
    "relation_groups": (RelationGroup, P.RELATION_GROUPS_READ),
}
MOST_NAMES = 10_000


async def words_of(session: AsyncSession, actor: Actor) -> OfficeWords:
    """What is on offer in each list that the caller may read."""
    names: dict[str, Sequence[str]] = {}
    for name, (model, permission) in LISTS.items():
        if permission in actor.permissions:
            offered = visible(actor, model).where(~model.is_archived).order_by(model.name_key).limit(MOST_NAMES)
            names[name] = list(await session.scalars(offered.with_only_columns(model.name)))
    products: dict[str, str] = {}
    if "products" in names:
        leading = visible(actor, Product).where(~Product.is_archived, Product.filing_type.is_not(None))
        rows = leading.order_by(Product.name_key.desc()).with_only_columns(Product.filing_type, Product.name)
        products = {str(filing_type): name for filing_type, name in await session.execute(rows)}
    return OfficeWords(names, products)


def workbook(template: ImportTemplate, words: OfficeWords) -> bytes:
    """The list with its example and drop-downs, and the sheet that explains it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        with writing.workbook(path) as book:
            columns = [_column(column, choices_of(column, words)) for column in template.catalogue.columns]
            rows = book.list(template.catalogue.sheet, columns)
            for row in _rows(template, words):
                rows.write(row)
            book.page("Uitleg", explanation(template, words), WIDTHS)
        return path.read_bytes()


def csv(template: ImportTemplate, words: OfficeWords) -> bytes:
    """The list with its example."""
    headings = [column.dutch for column in template.catalogue.columns]
    return writing.csv_head(headings) + writing.csv_rows(_rows(template, words))


MAKERS: dict[Form, Callable[[ImportTemplate, OfficeWords], bytes]] = {"xlsx": workbook, "csv": csv}


def _rows(template: ImportTemplate, words: OfficeWords) -> Iterable[list[Any]]:
    for values in examples(template, words):
        yield cells(template.catalogue, template.catalogue.columns, values)


def _column(column: Column, choices: Sequence[str]) -> writing.Column:
    """Of one choice a drop-down; where several may stand together it would refuse them, so they are only told."""
    kind = column.kind
    return writing.Column(
        column.dutch,
        width=max(14, len(column.dutch) + 2),
        is_text=kind.form == "text",
        choices=() if kind.is_several else choices,
        note=_several(choices) if kind.is_several else column.explanation,
    )


def _several(choices: Sequence[str]) -> str:
    """As many of the names as a note holds."""
    told = "Meer dan één mag, met ; ertussen."
    return f"{told} Bijvoorbeeld: {'; '.join(choices)}" if choices else told
