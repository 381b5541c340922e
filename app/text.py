"""Text as people type it: what may be stored, and the keys by which it is compared and sorted."""

import re
import unicodedata

MAX_FILE_NAME = 255
MAX_KEY = 400
MAX_MARKS = 30

# Characters that nobody sees: two names that differ by them look the same. (Longer texts may have them, and emoji do.)
_UNSEEN = "\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\uffa0\U000e0000-\U000e0fff"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Controls, bidi controls, lone surrogates and non-characters: never part of a text that people read.
_FORBIDDEN = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}\ud800-\udfff\ufeff\ufffe\uffff]")
_FORBIDDEN_IN_LINE = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}{_UNSEEN}\ud800-\udfff\ufeff\ufffe\uffff]")
_DIGITS = re.compile(r"[0-9]+")


def _check_marks(value: str) -> None:
    """A row of accents on one letter takes the square of its length to normalise; UAX #15 (Stream-Safe) allows 30."""
    many = 0
    for char in value:
        many = many + 1 if unicodedata.combining(char) else 0
        if many > MAX_MARKS:
            raise ValueError(f"Use readable characters: no more than {MAX_MARKS} accents on one letter.")


def clean_line(value: str) -> str:
    """One line of text in NFC without outer blanks; ValueError where it holds what nobody can read."""
    if not value.isascii():
        _check_marks(value)
    if _FORBIDDEN_IN_LINE.search(value):
        raise ValueError("Use readable characters on one line: no control, direction or invisible characters.")
    return unicodedata.normalize("NFC", value).strip()


def clean_text(value: str) -> str:
    """Text of several lines, with ``\\n`` as its line end; ValueError as for ``clean_line``."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if not value.isascii():
        _check_marks(value)
    if _FORBIDDEN.search(value):
        raise ValueError("Use readable characters: no control or direction characters.")
    return unicodedata.normalize("NFC", value).strip()


def fold(value: str) -> str:
    """The key of a name: without case and accents, so that `Čapek` is found by `capek`."""
    if value.isascii():
        return value.casefold()
    decomposed = unicodedata.normalize("NFKD", value)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def name_key(value: str) -> str:
    """``fold``, no longer than an index can hold: one character may unfold to eighteen."""
    return fold(value)[:MAX_KEY]


def number_key(value: str) -> str:
    """The key of a relation or contact number: unique without regard to case and width."""
    return unicodedata.normalize("NFKC", value).strip().casefold()


def natural(value: str) -> str:
    """A sort key in which 100 < 100.1 < 100.2 < 100.10: each run of digits is led by its length."""
    return _DIGITS.sub(lambda run: f"{len(run[0].lstrip('0')):02d}{run[0].lstrip('0')}", number_key(value))


def number_keys(number: str) -> dict[str, str]:
    """The columns by which a number is compared and sorted."""
    return {"number_key": number_key(number), "number_sort": natural(number)}


def file_name(raw: str) -> str:
    """The name under which a file is kept: NFC, the last part of a path, readable, at most 255 characters.

    ValueError where nothing is left, so that a batch can refuse that file by itself.
    """
    last = re.split(r"[/\\]", raw.rstrip("/\\"))[-1]
    name = unicodedata.normalize("NFC", _FORBIDDEN_IN_LINE.sub("", last)).strip()
    if not name.strip(". "):
        raise ValueError("Give the file a name.")
    if len(name) <= MAX_FILE_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 16:
        return stem[: MAX_FILE_NAME - len(extension) - 1] + dot + extension
    return name[:MAX_FILE_NAME]
