"""What may be a citizen number, shown with stars: in whatever column it stands, and however it is written."""

import re
from collections.abc import Iterator, Sequence
from unicodedata import digit

from stdnum.nl import bsn

DIGITS = 9  # of a BSN, a RSIN, and what OB and LH numbers begin with
MOST_SIGNS = 10  # between two digits of one number; a letter or a ; parts two numbers
# Of a number for taxes whose first zero is lost.
_OF_TAX = re.compile(r"(?<!\d)(?P<lost>\d(?:[\W_]{0,10}\d){7})[\W_]{0,10}[BL]\d\d(?!\d)", re.IGNORECASE)


def without_digits(text: str) -> str:
    """Stars for whatever it holds, but for the last three digits, and B01 or L01 behind them."""
    end = re.search(r"([BL]\d\d|[.,]0+)?\s*$", text, re.IGNORECASE)
    assert end is not None
    digits = [place for place, char in enumerate(text[: end.start()]) if char.isdigit()]
    kept = digits[-3:] if len(digits) > 5 else []
    stars = (char if place in kept or not char.isalnum() else "*" for place, char in enumerate(text[: end.start()]))
    return "".join(stars) + end[0]


def without_bsn(text: str) -> str:
    """With the mask of what may be a BSN, for what is shown to whoever reads the plan.

    Any nine digits that pass the eleven-test, be they part of others that do: what either hides is hidden.
    """
    if sum(map(str.isdigit, text)) < DIGITS - 1:
        return text
    hidden = {place for places in _numbers(text) for place in places[:-3]}
    return "".join("*" if place in hidden else char for place, char in enumerate(text))


def _numbers(text: str) -> Iterator[Sequence[int]]:
    """Where the digits of each stand."""
    for group in _groups(text):
        for first in range(len(group) - DIGITS + 1):
            places = group[first : first + DIGITS]
            if _is_whole(text, places) and bsn.checksum(_digits(text, places)) == 0:
                yield places
    for found in _OF_TAX.finditer(text):
        eight = [place for place in range(*found.span("lost")) if text[place].isdigit()]
        if bsn.checksum(f"0{_digits(text, eight)}") == 0:
            yield eight


def _groups(text: str) -> Iterator[list[int]]:
    """Where digits stand that may be of one number."""
    group: list[int] = []
    for place, char in enumerate(text):
        if char.isdigit():
            group.append(place)
        elif group and (char.isalpha() or char == ";" or place - group[-1] > MOST_SIGNS):
            yield group
            group = []
    yield group


def _is_whole(text: str, places: Sequence[int]) -> bool:
    """Is it no part of a longer row of digits? A zero in front does not count."""
    before, behind = text[max(places[0] - 1, 0) : places[0]], text[places[-1] + 1 : places[-1] + 2]
    return not behind.isdigit() and (not before.isdigit() or digit(before) == 0)


def _digits(text: str, places: Sequence[int]) -> str:
    return "".join(str(digit(text[place])) for place in places)
