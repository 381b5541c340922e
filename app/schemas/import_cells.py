"""A cell of an import as people and Excel leave it, and what can be read from any (IM-02).

A kind of column reads a cell into a value of the API's type, and writes it back: what was written is read as the
same value. Where Excel did damage that has one reading, that is taken and noted; where it has none, the cell is
refused with the reason and what to do. Pure functions; an empty cell is None.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError

from app.sheets.reading import Broken, Value
from app.sheets.unsafe import SIGNS


class Note(NamedTuple):
    """A word for programs, what is the matter, and what to do."""

    code: str
    reason: str
    advice: str


class Unreadable(ValueError):
    """The cell can not be taken as it is."""

    def __init__(self, *notes: Note) -> None:
        super().__init__(notes[0].reason)
        self.notes = notes


@dataclass(frozen=True)
class Masked:
    """The mask of a stored number (``******333``), as an export shows it: what is stored stays."""

    text: str


Cell = str | date | int | None
Notes = tuple[Note, ...]
Read = tuple[Any, Notes]
Reader = Callable[[Value], Read]
NO_NOTES: Notes = ()
NOTHING: Read = (None, NO_NOTES)


@dataclass(frozen=True)
class Kind:
    """What a column holds. ``words``: in Dutch, for people; ``choices``: of a closed list, in Dutch.

    ``office_list``: its values are names in this list of the office. ``is_secret``: may hold a citizen number.
    """

    words: str
    read: Reader
    write: Callable[[Any], Cell]
    form: Literal["text", "date", "number"] = "text"
    choices: tuple[str, ...] = ()
    office_list: Literal["products", "labels", "relation_kinds", "relation_groups"] | None = None
    is_several: bool = False
    is_secret: bool = False


MAX_EXACT = 10**15  # Excel keeps fifteen digits of a number
# More than the API takes of any line, text or list of names: what is longer is not looked at, so that it costs nothing.
MAX_LINE, MAX_TEXT, MAX_LIST = 1_000, 100_000, 1_000_000

AS_TEXT = "Give the column the format Text (Tekst) and type the value again."
BROKEN = Note("cell_error", "The cell holds an error of the spreadsheet, such as #N/A.", "Correct or clear the cell.")
DATE = Note("date_in_cell", "The cell holds a date; Excel makes one of what looks like it: 1-2 is 1 February.", AS_TEXT)
TRUTH = Note("truth_in_cell", "The cell holds TRUE or FALSE (WAAR, ONWAAR), and no text.", AS_TEXT)
DIGITS_LOST = Note(
    "digits_lost", "Excel keeps 15 digits of a number and shows 1,23457E+11: the other digits are gone.", AS_TEXT
)
ZERO_AT_END = Note(
    "number_in_cell", "The cell holds a number, not text: Excel drops zeros at the end, so 100.10 is 100.1.", AS_TEXT
)
TOO_LONG = Note("string_too_long", "The cell holds more than the field takes.", "Shorten it.")
UNSEEN = Note("invisible_characters", "The cell held characters that nobody sees; they were left out.", "Check it.")
ONE_LINE = Note("line_break", "The cell held several lines; they were joined.", "Check it.")

# What clean_line refuses because nobody sees it; it comes along when a number is copied from a web page or an app.
_UNSEEN = re.compile("[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_UNSEEN_IN_TEXT = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = re.compile(r"\s*[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")
_ERRORS = frozenset(
    (
        "#N/A", "#N/B", "#REF!", "#VERW!", "#DIV/0!", "#DEEL/0!", "#VALUE!", "#WAARDE!", "#NAME?", "#NAAM?", "#NUM!",
        "#GETAL!", "#NULL!", "#LEEG!", "#SPILL!", "#OVERLOPEN!", "#CALC!", "#BEREKENEN!",
    )
)  # fmt: skip
TRIGGERS = frozenset(SIGNS)  # so a writer may set ' before them


def plain(cell: Value, unseen: re.Pattern[str] = _UNSEEN, most: int = MAX_LINE) -> tuple[str, Notes]:
    """What stands in a cell, as text without what nobody sees; a number as the digits that it shows."""
    if isinstance(cell, str):
        text, notes = cell.strip(), NO_NOTES
        if len(text) > most:
            raise Unreadable(TOO_LONG)
        if not text.isascii() and unseen.search(text):
            text, notes = unseen.sub("", text).strip(), (UNSEEN,)
        if text[:1] == "#" and is_error(text):
            raise Unreadable(BROKEN)
        return text, notes
    if cell is None:
        return "", ()
    if isinstance(cell, bool):
        raise Unreadable(TRUTH)
    if isinstance(cell, int | float):
        return _digits(cell)
    raise Unreadable(BROKEN if isinstance(cell, Broken) else DATE)


def _digits(number: float) -> tuple[str, Notes]:
    if not math.isfinite(number) or abs(number) >= MAX_EXACT:
        raise Unreadable(DIGITS_LOST)
    if number == int(number):
        return str(int(number)), ()
    text = format(number, ".15g")
    if "e" in text:
        raise Unreadable(DIGITS_LOST)
    return text, (ZERO_AT_END,)


def is_error(text: str) -> bool:
    return text.upper() in _ERRORS or (len(text) > 3 and not text.strip("#"))


def is_marked(text: str) -> bool:
    """Does it begin with the apostrophe by which a writer keeps a cell from being a formula or an error?

    Other apostrophes belong to the text: 's-Hertogenbosch.
    """
    behind = text.lstrip("'")
    return text[:1] == "'" and (behind[:1] in TRIGGERS or is_error(behind)) and bool(behind)


def checker(model: type[BaseModel], field: str) -> Callable[[Any], Any]:
    """The check of a field of the API, by itself; what it refuses, it refuses with a Note."""
    info: Any = model.model_fields[field]
    validate = TypeAdapter(Annotated[info.annotation, info]).validate_python

    def check(value: Any) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            raise Unreadable(_note(error)) from None

    return check


def _note(error: ValidationError) -> Note:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "value_error":
        return Note("value_error", str(first["ctx"]["error"]), "Correct the cell.")
    return Note(first["type"], f"{first['msg']}.", "Correct the cell.")


def text(check: Callable[[Any], Any], repair: Callable[[str], tuple[str, Notes]] | None = None) -> Kind:
    """One line of text; ``repair`` is what else is known to go wrong with it."""

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        found, notes = plain(cell)
        if found[:1] == "'" and is_marked(found):
            found = found[1:]
        if not found:
            return None, notes
        if not found.isprintable() and _BREAKS.search(found):
            found, notes = _BREAKS.sub(" ", found), (*notes, ONE_LINE)
        if repair:
            found, more = repair(found)
            notes += more
        return check(found) if found else None, notes

    return Kind("tekst", read, _marked)


def long_text(check: Callable[[Any], Any]) -> Kind:
    """Text of several lines."""

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        found, notes = plain(cell, _UNSEEN_IN_TEXT, MAX_TEXT)
        if found[:1] == "'" and is_marked(found):
            found = found[1:]
        return (check(found) or None) if found else None, notes

    return Kind("tekst, ook van meer regels", read, _marked)


def _marked(value: str) -> str:
    return f"'{value}" if value[:1] in ("'", "#") and (is_marked(value) or is_error(value)) else value
