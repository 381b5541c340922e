"""Columns that hold several of a kind in one cell, separated by `;` or line breaks.

What holds such a sign stands in quotation marks, and a quotation mark in there is doubled, as in CSV.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from annotated_types import MaxLen
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.schemas.base import Line
from app.schemas.import_cells import MAX_LINE, MAX_LIST, NOTHING, Cell, Kind, Note, Notes, Read, Unreadable, plain
from app.schemas.import_dates import day
from app.schemas.import_kinds import closed, name_in
from app.schemas.import_words import TAXES
from app.schemas.relation_details import System
from app.sheets.reading import Value

_QUOTED = r'"(?:[^"]|"")*"'
_ITEM = re.compile(rf'\s*((?:[^;\r\n":]*:\s*)?{_QUOTED}[^;\r\n"]*|[^;\r\n]*)(?:[;\r\n]|$)')
_ITEM_OR_COMMA = re.compile(rf'\s*({_QUOTED}[^;\r\n"]*?|[^;\r\n]*?)(?:[;\r\n]|,\s|$)')
_WHOLE = re.compile(_QUOTED)
_SIGNS = re.compile(r'[;,\r\n"]')  # without one of these there is but one item
_TERM = re.compile(
    r"(?:(?:vanaf|van|from)? ?(?P<first>\d.*?))? ?(?:(?:t/m|tot en met|until) ?(?P<last>\d.*))?", re.IGNORECASE
)
_SCHEME = re.compile(r"([^\d()]+) ?(\d{4})")

TOO_MANY = Note("too_many", "The cell holds more than may stand together.", "Leave some out.")
TOO_LONG = Note("string_too_long", "A part of the cell is too long.", "Put ; between the parts, or shorten it.")
PACKAGE = Note("external_id_format", "This is no id of another package.", "Write it as afas:10023; exact:77.")
PACKAGE_TWICE = Note("duplicate_in_cell", "The cell names a package twice.", "Keep one of them.")
SCHEME = Note("extension_scheme_format", "No extension scheme can be read from this.", "Write inkomstenbelasting 2025.")
SCHEME_TWICE = Note("duplicate_in_cell", "The cell names a tax and year twice.", "Keep one of them.")
TERM_ORDER = Note("order", "The term ends before it begins.", "Correct the term.")


def items(text: str, pattern: re.Pattern[str] = _ITEM) -> Iterator[str]:
    """The items of a cell, still in their quotation marks; empty ones are left out."""
    place = 0
    while place < len(text):
        found = pattern.match(text, place)
        assert found is not None
        place = max(found.end(), place + 1)
        if item := found[1].strip():
            yield item


def unquoted(item: str) -> str:
    return item[1:-1].replace('""', '"') if _WHOLE.fullmatch(item) else item


def quoted(text: str, *, always: bool = False) -> str:
    if always or re.search(r'[;\r\n"]|,\s', text) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def most_of(model: type[BaseModel], field: str) -> int:
    """How many the API takes of a field."""
    return next(each.max_length for each in model.model_fields[field].metadata if isinstance(each, MaxLen))


def several(each: Kind, most: int, *, commas: bool = False) -> Kind:
    """At most so many of ``each``; ``commas``: numbers, which a comma with a blank behind it separates too."""
    pattern = _ITEM_OR_COMMA if commas else _ITEM

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        if not isinstance(cell, str) or not _SIGNS.search(cell):
            value, notes = each.read(cell)
            return None if value is None else [value], notes
        return _each(items(cell, pattern), lambda item: each.read(unquoted(item)), most)

    def write(values: list[Any]) -> Cell:
        return "; ".join(quoted(str(each.write(value))) for value in values) or None

    words = f"{each.words}; meer dan één mag, met ; ertussen"
    return replace(each, words=words, read=read, write=write, is_several=True, form="text")


def _each(found: Iterator[str], read: Callable[[str], Read], most: int) -> Read:
    """All that can be read; or all that is wrong."""
    values: list[Any] = []
    notes: Notes = ()
    wrong: Notes = ()
    for count, item in enumerate(found, 1):
        if count > most:
            raise Unreadable(TOO_MANY)
        try:
            value, more = _one(item, read)
        except Unreadable as error:
            wrong += error.notes
            continue
        notes += more
        if value is not None:
            values.append(value)
    if wrong:
        raise Unreadable(*dict.fromkeys(wrong))
    return values or None, tuple(dict.fromkeys(notes))


def _one(item: str, read: Callable[[str], Read]) -> Read:
    if len(item) > MAX_LINE:
        raise Unreadable(TOO_LONG)
    return read(item)


def _cell_of_items(read: Callable[[str], Read], cell: Value, most: int) -> Read:
    if cell is None:
        return NOTHING
    text, notes = plain(cell, most=MAX_LIST)
    values, more = _each(items(text), read, most)
    return values, notes + more


NAME = name_in("products")
DAY = day()


def _in_brackets(item: str) -> tuple[str, str | None]:
    """What stands before a last pair of brackets, and in it, with one blank where there were more."""
    before, bracket, inside = item[:-1].rpartition("(") if item.endswith(")") else (item, "", "")
    if not bracket or ")" in inside:
        return item, None
    return before.rstrip(), " ".join(inside.split())


def taken_products(most: int) -> Kind:
    """Products, each perhaps with its term: `Btw-aangifte (2024-01-01 t/m 2024-12-31)`."""

    def read(item: str) -> Read:
        before, inside = _in_brackets(item)
        term = _TERM.fullmatch(inside) if inside else None
        if (term and not (term["first"] or term["last"])) or _WHOLE.fullmatch(item):
            term = None
        name, notes = NAME.read(unquoted(before if term else item))
        if name is None:
            return None, notes
        starts_on, ends_on = (DAY.read(term[part]) if term else NOTHING for part in ("first", "last"))
        if starts_on[0] and ends_on[0] and ends_on[0] < starts_on[0]:
            raise Unreadable(TERM_ORDER)
        taken = {"name": name, "starts_on": starts_on[0], "ends_on": ends_on[0]}
        return taken, notes + starts_on[1] + ends_on[1]

    def write(values: list[dict[str, Any]]) -> Cell:
        return "; ".join(_taken(**value) for value in values) or None

    return Kind(
        "namen uit uw eigen lijst, met ; ertussen; een looptijd mag erachter: (2024-01-01 t/m 2024-12-31)",
        lambda cell: _cell_of_items(read, cell, most),
        write,
        office_list="products",
        is_several=True,
    )


def _taken(name: str, starts_on: date | None, ends_on: date | None) -> str:
    term = " ".join(([f"{starts_on or ''}"] if starts_on else []) + ([f"t/m {ends_on}"] if ends_on else []))
    if starts_on and not ends_on:
        term = f"vanaf {starts_on}"
    marked = str(NAME.write(name))
    _, inside = _in_brackets(marked)
    written = quoted(marked, always=inside is not None and _TERM.fullmatch(inside) is not None)
    return f"{written} ({term})" if term else written


def external_ids(most: int) -> Kind:
    """What other packages call it: `afas:10023; exact:77`."""
    system_of, id_of = TypeAdapter(System).validate_python, TypeAdapter(Line).validate_python

    def read_one(item: str) -> Read:
        system, _, external_id = item.partition(":")
        try:
            return (system_of(system.strip().casefold()), id_of(unquoted(external_id.strip()))), ()
        except ValidationError:
            raise Unreadable(PACKAGE) from None

    def read(cell: Value) -> Read:
        pairs, notes = _cell_of_items(read_one, cell, most)
        if pairs is None:
            return None, notes
        if len(dict(pairs)) < len(pairs):
            raise Unreadable(PACKAGE_TWICE)
        return dict(pairs), notes

    def write(values: dict[str, str]) -> Cell:
        return "; ".join(f"{system}:{quoted(external_id)}" for system, external_id in values.items()) or None

    return Kind("pakket:nummer, met ; ertussen: afas:10023; exact:77", read, write, is_several=True)


def extension_schemes(most: int) -> Kind:
    """`inkomstenbelasting 2024 (2025-02-01)`: the tax, its year, and since when it is granted."""
    tax_of = closed(TAXES)

    def read_one(item: str) -> Read:
        before, inside = _in_brackets(item)
        found = _SCHEME.fullmatch(" ".join(before.split()))
        if not found or not 1990 <= int(found[2]) <= 2200:
            raise Unreadable(SCHEME)
        tax, _ = tax_of.read(found[1].strip())
        granted_on, notes = DAY.read(inside)
        return {"tax": tax, "year": int(found[2]), "granted_on": granted_on}, notes

    def read(cell: Value) -> Read:
        schemes, notes = _cell_of_items(read_one, cell, most)
        if schemes and len({(scheme["tax"], scheme["year"]) for scheme in schemes}) < len(schemes):
            raise Unreadable(SCHEME_TWICE)
        return schemes, notes

    def write(values: list[dict[str, Any]]) -> Cell:
        written = [(f"{tax_of.write(each['tax'])} {each['year']}", each["granted_on"]) for each in values]
        return "; ".join(f"{what} ({since})" if since else what for what, since in written) or None

    return Kind("belasting en jaar, met ; ertussen: inkomstenbelasting 2025 (2026-02-01)", read, write, is_several=True)
