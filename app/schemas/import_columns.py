"""The columns of an import: which there are, which one a heading means, and how a row becomes what the API takes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from app.schemas import import_cells
from app.schemas.import_cells import Cell, Kind, Note, Notes, Reader, Unreadable
from app.schemas.import_masks import without_bsn, without_digits
from app.sheets.reading import Broken, Value, heading_key
from app.sheets.rows import cut

Given = dict[str, Any]

MAX_SHOWN = 100


@dataclass(frozen=True)
class Column:
    """``field``: the API's own name, dotted inside objects; what the API knows by id stands here by name or number.

    ``also``: what packages call it. ``needed``: for whom it must be filled in, ``only``: for whom it is, in Dutch.
    """

    field: str
    dutch: str
    english: str
    kind: Kind
    explanation: str
    example: str
    also: tuple[str, ...] = ()
    needed: str = "nee"
    only: str = "alle"

    @cached_property
    def path(self) -> tuple[str, ...]:
        return tuple(self.field.split("."))

    @property
    def headings(self) -> tuple[str, ...]:
        return (self.dutch, self.english, self.field, *self.also)

    def shown(self, cell: Value) -> str:
        """What stands in the cell, for a report: never a citizen number."""
        text = cut(_text(cell), MAX_SHOWN)
        return without_digits(text) if self.kind.is_secret else without_bsn(text)


def _text(cell: Value) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}"
    return cell.text if isinstance(cell, Broken) else "" if cell is None else str(cell)


class Told(NamedTuple):
    """A note on the cell of a field that only the whole row shows."""

    field: str
    note: Note
    is_error: bool = True


class CellFinding(NamedTuple):
    """What is the matter with a cell; ``value``: as it may be shown. An error keeps the row out."""

    column: Column
    code: str
    reason: str
    advice: str
    is_error: bool
    value: str


# Behind the columns of rejected rows; in a file that comes back it is left out, and nobody needs to be told.
ERRORS = Column("errors", "Fouten", "Errors", import_cells.text(str), "Wat er mis is met de rij.", "")
_LEFT_OUT = frozenset(map(heading_key, ERRORS.headings))


@dataclass(frozen=True)
class Catalogue:
    """The columns of one sort of file, in the order of its sample; ``also``: what is read, and not in the sample.

    ``gather`` and ``spread``: for what a row says in several cells together; from the cells' values to the API's
    words, and back. ``never_cleared``: fields that an empty cell leaves as they are, also where it clears the others.
    """

    sheet: str
    columns: tuple[Column, ...]
    gather: Callable[[Given], Iterable[Told]] = lambda given: ()
    spread: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda values: values
    also: tuple[Column, ...] = ()
    never_cleared: tuple[str, ...] = ()
    by_heading: dict[str, Column] = field(init=False, repr=False)
    by_field: dict[str, Column] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        every = (*self.columns, *self.also)
        named = {heading_key(heading): each for each in every for heading in each.headings}
        object.__setattr__(self, "by_heading", named)
        object.__setattr__(self, "by_field", {each.field: each for each in every})

    @property
    def known(self) -> frozenset[str]:
        """The keys of all headings, by which the reader of a file finds its heading row."""
        return frozenset(self.by_heading)


class Place(NamedTuple):
    """A column of the file: where it stands, and what reads it."""

    position: int
    column: Column
    read: Reader
    path: tuple[str, ...]


@dataclass(frozen=True)
class Headings:
    """``unknown``: headings that are kept out; ``doubled``: each with the ones that mean the same column."""

    places: tuple[Place, ...]
    unknown: tuple[str, ...]
    doubled: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(place.column for place in self.places)


def match(catalogue: Catalogue, headings: Sequence[str]) -> Headings:
    """Which column each heading means. Of those that mean the same none is read: who knows which is right."""
    meant: dict[str, list[int]] = {}
    unknown = []
    for index, heading in enumerate(headings):
        if column := catalogue.by_heading.get(heading_key(heading)):
            meant.setdefault(column.field, []).append(index)
        elif heading.strip() and heading_key(heading) not in _LEFT_OUT:
            unknown.append(heading)
    single = sorted((indexes[0], name) for name, indexes in meant.items() if len(indexes) == 1)
    columns = [(index, catalogue.by_field[name]) for index, name in single]
    places = tuple(Place(index, each, each.kind.read, each.path) for index, each in columns)
    doubled = tuple(tuple(headings[index] for index in indexes) for indexes in meant.values() if len(indexes) > 1)
    return Headings(places, tuple(unknown), doubled)


def read_row(catalogue: Catalogue, headings: Headings, cells: Sequence[Value]) -> tuple[Given, list[CellFinding]]:
    """What a row gives, in the API's words: nothing for an empty cell, nor for one that can not be read."""
    given: Given = {}
    findings: list[CellFinding] = []
    width = len(cells)
    for index, column, read, path in headings.places:
        if index >= width or (cell := cells[index]) is None:
            continue
        try:
            value, notes = read(cell)
        except Unreadable as error:
            findings += _findings(column, cell, error.notes, is_error=True)
            continue
        if notes:
            findings += _findings(column, cell, notes, is_error=False)
        if value is None:
            continue
        into = given
        for name in path[:-1]:
            into = into.setdefault(name, {})
        into[path[-1]] = value
    for name, note, is_error in catalogue.gather(given):
        column = catalogue.by_field[name]
        place = next(each.position for each in headings.places if each.column is column)
        findings += _findings(column, cells[place], (note,), is_error=is_error)
    return given, findings


def _findings(column: Column, cell: Value, notes: Notes, *, is_error: bool) -> list[CellFinding]:
    return [CellFinding(column, *note, is_error, column.shown(cell)) for note in notes]


def cells(catalogue: Catalogue, columns: Iterable[Column], values: Mapping[str, Any]) -> list[Cell]:
    """The way back: what ``read_row`` reads as these values again."""
    spread = catalogue.spread(values)
    return [_cell(column, spread) for column in columns]


def _cell(column: Column, values: Any) -> Cell:
    for name in column.path:
        values = values.get(name) if values else None
    return None if values is None or values in ("", [], {}) else column.kind.write(values)
