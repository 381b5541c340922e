"""Numbers that are text: of relations and contacts, identifiers, phones; and what Excel does to them."""

import re
from collections.abc import Callable
from typing import Any

from app import identifiers, phones
from app.identifiers import IdentifierError
from app.schemas.import_cells import (
    AS_TEXT,
    DIGITS_LOST,
    NOTHING,
    TRIGGERS,
    Cell,
    Kind,
    Masked,
    Note,
    Notes,
    Read,
    Unreadable,
    plain,
)
from app.sheets.reading import Value

APOSTROPHE = Note("apostrophe", "The apostrophe in front, Excel's own mark of text, was left out.", "Nothing.")
NOT_TEXT = Note("number_in_cell", "The cell holds a number, not text: zeros in front of it are lost.", AS_TEXT)
DECIMALS = Note("decimals", "The number was written with decimals (123456782.0); they were left out.", AS_TEXT)
ZEROS = Note("zeros_restored", "Excel drops zeros in front; they were put back.", AS_TEXT)
COMMA = Note("decimal_comma", "The number was written with a decimal comma; it was read with a point.", AS_TEXT)
ENDS_IN_ZERO = Note(
    "decimals", "The number ends in .0, as numbers do that a program wrote: is it the one meant?", AS_TEXT
)
COUNTRY = Note("country_code", "The country code stood without its +; it was put in front.", AS_TEXT)
NO_VALUE = Note("no_value", "The cell says that there is none; it was read as empty.", "Leave such cells empty.")

_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?E\+\d+", re.IGNORECASE | re.ASCII)
_DECIMALS = re.compile(r"(\d+)[.,]0+", re.ASCII)
_NONE = frozenset(("-", "--", "n.v.t.", "n.v.t", "nvt", "n/a", "geen", "onbekend", "none", "unknown"))
_MASK = re.compile(r"(NL)?(\*{9}|\*{6}\d{3})([BL]\d\d)?", re.ASCII)
_SEPARATORS = re.compile(r"[\s.\-]+")

ADVICE = "Look it up and correct the cell, or clear it."
# Where only zeros in front can be missing: from so many digits, to this many.
LENGTHS = {"bsn": (8, 9), "rsin": (8, 9), "kvk_number": (7, 8), "branch_number": (8, 12)}


def is_none(text: str) -> bool:
    """Do people write this where there is nothing to write?"""
    return text.casefold() in _NONE


def identifier(kind: str, *, is_secret: bool = False) -> Kind:
    """A number of ``app.identifiers``; of a secret one the mask says that it stays."""
    check = identifiers.CHECKS[kind]

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        text, notes = plain(cell)
        if text[:1] == "'":
            text, notes = text[1:].strip(), (*notes, APOSTROPHE)
        if not text:
            return None, notes
        if is_none(text):
            return None, (*notes, NO_VALUE)
        if is_secret and _MASK.fullmatch(text):
            return Masked(text), notes
        found, more = _restored(kind, text)
        if not (more or isinstance(cell, str)):
            more = (NOT_TEXT,)
        try:
            return check(found), notes + more
        except IdentifierError as error:
            raise Unreadable(Note(error.code, error.detail, ADVICE)) from None

    # What stands as RSIN of a person is a BSN, also where its first zero is lost and it looks like any other number.
    return Kind("nummer, als tekst", read, _written, is_secret=is_secret or kind == "rsin")


def _written(value: str | Masked) -> Cell:
    return value.text if isinstance(value, Masked) else value


def _restored(kind: str, text: str) -> tuple[str, Notes]:
    notes: Notes = ()
    if not text.isdigit():
        if _SCIENTIFIC.fullmatch(text):
            raise Unreadable(DIGITS_LOST)
        if found := _DECIMALS.fullmatch(text):
            text, notes = found[1], (DECIMALS,)
    least, full = LENGTHS.get(kind, (0, 0))
    digits = _SEPARATORS.sub("", text)
    if least <= len(digits) < full and digits.isascii() and digits.isdigit() and int(digits):
        return digits.zfill(full), (*notes, ZEROS)
    return text, notes


def typed(words: str, check: Callable[[Any], Any], repair: Callable[[str], tuple[str, Notes]]) -> Kind:
    """A number in any form. Behind an apostrophe stands the number itself, and nothing of that is repaired."""

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        text, notes = plain(cell)
        if text[:1] == "'":
            text = text[1:].strip()
            if text and not (needs_mark(text) or text[0] in TRIGGERS):
                notes = (*notes, APOSTROPHE)
        elif text:
            text, more = repair(text)
            notes += more
        return check(text) if text else None, notes

    def needs_mark(text: str) -> bool:
        try:
            return text[0] == "'" or plain(text) != (text, ()) or repair(text) != (text, ())
        except Unreadable:
            return True

    def write(value: str) -> Cell:
        return f"'{value}" if needs_mark(value) else value

    return Kind(words, read, write)


def own_number(check: Callable[[Any], Any]) -> Kind:
    """The number of a relation or contact: 100, 100.1, 100.10. It is text (domain rule 36)."""
    return typed("nummer, als tekst: 100.1 en 100.10 zijn twee nummers", check, _own)


def _own(text: str) -> tuple[str, Notes]:
    if text.isalnum():
        return text, ()
    if _SCIENTIFIC.fullmatch(text):
        raise Unreadable(DIGITS_LOST)
    if re.fullmatch(r"\d+,\d+", text, re.ASCII):
        return text.replace(",", "."), (COMMA,)
    return text, (ENDS_IN_ZERO,) if _DECIMALS.fullmatch(text) else ()


def phone(check: Callable[[Any], Any]) -> Kind:
    """A phone number as it is typed; what can be called of it is the API's to say."""
    return typed("telefoonnummer", check, _phone)


def _phone(text: str) -> tuple[str, Notes]:
    if (text[0] == "0" and text.isdigit()) or text[0] == "+":
        return text, ()
    if _SCIENTIFIC.fullmatch(text):
        raise Unreadable(DIGITS_LOST)
    if is_none(text):
        return "", (NO_VALUE,)
    digits = found[1] if (found := _DECIMALS.fullmatch(text)) else text
    notes: Notes = (DECIMALS,) if found else ()
    if digits.isascii() and digits.isdigit():
        if len(digits) == 9 and phones.e164(f"0{digits}"):
            return f"0{digits}", (*notes, ZEROS)
        if len(digits) == 11 and digits.startswith("31") and phones.e164(f"+{digits}"):
            return f"+{digits}", (*notes, COUNTRY)
    return digits, notes
