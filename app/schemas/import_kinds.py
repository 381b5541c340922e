"""Kinds of columns that hold one thing: a word of a list, yes or no, a count, an e-mail address, a country, a name."""

import re
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel

from app.schemas import import_cells
from app.schemas.contacts import ContactCreate
from app.schemas.import_cells import NOTHING, Kind, Note, Notes, Read, Unreadable, checker, plain
from app.schemas.import_numbers import NO_VALUE, is_none
from app.schemas.import_words import COUNTRIES, FALSE, TRUE, ChoicesOf
from app.schemas.named import NamedCreate
from app.schemas.relation_details import Address
from app.sheets.reading import Value, heading_key

MAIL_LINK = Note("mail_link", "The address stood in a link or behind a name; the address alone was taken.", "Check it.")
SEVERAL_ADDRESSES = Note("several_addresses", "The cell holds more than one e-mail address.", "Keep one.")
THOUSANDS = Note("thousands", "The number was written with signs between its digits; they were left out.", "Check it.")
DECIMALS = Note("decimals", "The number was written with decimals (7,0); they were left out.", "Nothing.")
NO_COUNT = Note("no_count", "This is no whole number.", "Write digits alone: 12.")
COUNTRY = Note(
    "country_unknown", "No country can be read from this.", "Write its two letters (ISO 3166-1): NL, BE, DE."
)


def text(model: type[BaseModel], field: str) -> Kind:
    return import_cells.text(checker(model, field))


def long_text(model: type[BaseModel], field: str) -> Kind:
    return import_cells.long_text(checker(model, field))


def key(word: str) -> str:
    """How words of a list are compared: without case, accents, blanks and dots."""
    return heading_key(word)


def closed(choices: ChoicesOf, *, unshown: str | None = None) -> Kind:
    """A closed list; its first words are the ones that are shown and written. ``unshown``: read, but not to choose."""
    meant = {key(word): value for value, words in choices.items() for word in (value, *words)}
    shown = {value: words[0] for value, words in choices.items()}
    offered = tuple(word for value, word in shown.items() if value != unshown)
    unknown = Note("unknown_choice", "This is not in the list.", f"Choose one of: {', '.join(offered)}.")
    seen: dict[str, str] = {word: value for value, words in choices.items() for word in words}

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        if isinstance(cell, str) and (value := seen.get(cell)):
            return value, ()
        word, notes = plain(cell)
        if not word:
            return None, notes
        if value := meant.get(key(word)) or _explained(meant, word):
            return value, notes
        raise Unreadable(unknown)

    return Kind("keuze uit een lijst", read, shown.__getitem__, choices=offered)


def _explained(meant: dict[str, str], word: str) -> str | None:
    """What a word with another behind it in brackets means, when that is one thing: `Besloten vennootschap (BV)`."""
    before, bracket, behind = word.partition("(")
    found = {meant[part] for part in (key(before), key(behind)) if part in meant} if bracket else set()
    return found.pop() if len(found) == 1 else None


_TRUTHS = {key(word): truth for truth, words in ((True, TRUE), (False, FALSE)) for word in words}
NO_TRUTH = Note("no_yes_or_no", "Neither yes nor no can be read from this.", "Write ja or nee.")


def _truth(cell: Value) -> Read:
    if cell is None or isinstance(cell, bool):
        return cell, ()
    word, notes = plain(cell)
    if not word:
        return None, notes
    if (truth := _TRUTHS.get(key(word))) is None:
        raise Unreadable(NO_TRUTH)
    return truth, notes


YES_OR_NO = Kind("ja of nee", _truth, lambda value: "ja" if value else "nee", choices=("ja", "nee"))


def count(model: type[BaseModel], field: str) -> Kind:
    """A whole number."""
    check = checker(model, field)

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        found, notes = plain(cell)
        found = found.removeprefix("'")
        if not found:
            return None, notes
        if is_none(found):
            return None, (*notes, NO_VALUE)
        number, more = _whole(found)
        return check(number), notes + more

    return Kind("heel getal", read, int, form="number")


def _whole(text: str) -> tuple[int, Notes]:
    if re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return int(text), ()
    if re.fullmatch(r"\d{1,3}([. \u00a0\u202f]\d{3})+(,0+)?", text, re.ASCII):
        return int(re.sub(r"\D", "", text.partition(",")[0])), (THOUSANDS,)
    if found := re.fullmatch(r"(\d{1,15})[.,]0{1,2}", text, re.ASCII):
        return int(found[1]), (DECIMALS,)
    raise Unreadable(NO_COUNT)


def email(model: type[BaseModel] = ContactCreate) -> Kind:
    return import_cells.text(checker(model, "email"), _address)


def _address(text: str) -> tuple[str, Notes]:
    if is_none(text):
        return "", (NO_VALUE,)
    if text.count("@") > 1 and re.search(r"@[^@]*[;,\s/][^@]*@", text) and "<" not in text:
        raise Unreadable(SEVERAL_ADDRESSES)
    if found := re.fullmatch(r"mailto:(\S+)|[^<>@]*<(?:mailto:)?([^<>\s]+)>", text, re.IGNORECASE):
        return found[1] or found[2], (MAIL_LINK,)
    return text, ()


def country() -> Kind:
    """Two letters, or the name of a country in Dutch or English."""
    check: Callable[[Any], Any] = checker(Address, "country")
    named = {key(word): code for code, words in COUNTRIES.items() for word in words}

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        word, notes = plain(cell)
        if not word:
            return None, notes
        if code := named.get(key(word)):
            return code, notes
        if len(word) != 2:
            raise Unreadable(COUNTRY)
        return check(word), notes

    return Kind("land: twee letters of de naam", read, lambda value: value)


def name_in(office_list: Literal["products", "labels", "relation_kinds", "relation_groups"]) -> Kind:
    """A name in a list of the office's own; whether it is there, who plans knows."""
    each = text(NamedCreate, "name")
    return Kind("naam uit uw eigen lijst", each.read, each.write, office_list=office_list)
