"""Dates in cells: as dates, as Excel's serial numbers, and in the forms that people write."""

import re
from contextlib import suppress
from datetime import date, datetime, timedelta

from app.clock import today
from app.schemas.import_cells import NOTHING, Cell, Kind, Note, Notes, Read, Unreadable, checker, plain
from app.schemas.import_numbers import NO_VALUE, is_none
from app.schemas.relations import RelationCreate
from app.sheets.reading import Value
from app.text import fold

MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip
_ALSO = {"mrt": 3, "may": 5, "march": 3, "october": 10, "oct": 10, "august": 8, "sept": 9}
_ENGLISH = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december")  # fmt: skip

WRITE = "Write it as 31-12-1980."
FORM = Note("date_format", "No date can be read from this.", WRITE)
NO_DAY = Note("date_unknown", "There is no such day.", WRITE)
ORDER = Note("date_order", "Day and month seem to have changed places.", "Write the day first, 31-12-1980, everywhere.")
CENTURY = Note("two_digit_year", "The year has two digits, and may be in this century or the last.", WRITE)
YEAR_ALONE = Note("year_alone", "This is a year and no date.", WRITE)
RANGE = Note("date_range", "The date is not between the years 1850 and 2200.", "Correct the cell.")
SERIAL = Note("date_serial", "The cell held Excel's number of a day; it was read as that day.", "Check the date.")
TIME = Note("time_of_day", "The time of day was left out.", "Nothing.")
GUESSED = Note("century_added", "The year has two digits; only one century is possible.", "Check the date.")
RUN_TOGETHER = Note("date_digits", "The date was written in digits alone; one reading is possible.", "Check the date.")
NOT_TEXT = Note("date_in_cell", "The cell held a date with a year; its day and month were taken.", "Check it.")
TWO_WAYS = Note("date_order", "Day and month may stand in either order.", "Write it as 31 december.")

_TIME = r"(?:[ T]+(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|\+00:00)?)?"
_YMD = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME, re.ASCII)
_DMY = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d\d)" + _TIME, re.ASCII)
_WORDS = re.compile(r"(\d{1,2})[-\s.]*([^\W\d_]+)\.?[-\s.]*(\d{4}|\d\d)?", re.ASCII)
_EPOCH = date(1899, 12, 30)
MAX_LENGTH = 40  # of what people write for a day


def day(*, is_past: bool = False) -> Kind:
    """A date; ``is_past``: one that is not to come, so that two digits may tell the year."""

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        if isinstance(cell, datetime):
            return _within(cell.date()), (TIME,) if cell.time().replace(microsecond=0) != cell.min.time() else ()
        if isinstance(cell, date):
            return _within(cell), ()
        text, notes = plain(cell) if isinstance(cell, str) else (plain(cell)[0], ())
        if text[:1] == "'":
            text = text[1:].strip()
        if not text:
            return None, notes
        if is_none(text) or not text.strip("0-/. "):  # 00-00-0000 is how databases say it
            return None, (*notes, NO_VALUE)
        found, more = _read(text, is_past=is_past)
        return _within(found), notes + more

    return Kind("datum: 31-12-1980", read, lambda value: value, form="date")


def _within(found: date) -> date:
    if not 1850 <= found.year <= 2200:
        raise Unreadable(RANGE)
    return found


def _read(text: str, *, is_past: bool) -> tuple[date, Notes]:
    if len(text) > MAX_LENGTH:
        raise Unreadable(FORM)
    if found := _YMD.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3])), _without_time(found[4])
    if found := _DMY.fullmatch(text):
        year, notes = _year(found[3], is_past=is_past)
        return _day(year, int(found[2]), int(found[1])), notes + _without_time(found[4])
    if (found := _WORDS.fullmatch(text)) and found[3]:
        year, notes = _year(found[3], is_past=is_past)
        return _day(year, _month(found[2]), int(found[1])), notes
    digits = re.sub(r"[.,]\d+$", "", text)
    if digits.isascii() and digits.isdigit():
        return _of_digits(digits)
    raise Unreadable(FORM)


def _without_time(time: str | None) -> Notes:
    return (TIME,) if time and time.strip("0:.") else ()


def _year(text: str, *, is_past: bool) -> tuple[int, Notes]:
    if len(text) == 4:
        return int(text), ()
    if is_past and 2000 + int(text) > today().year:
        return 1900 + int(text), (GUESSED,)
    raise Unreadable(CENTURY)


def _day(year: int, month: int, number: int) -> date:
    with suppress(ValueError):
        return date(year, month, number)
    raise Unreadable(ORDER if month > 12 and number <= 12 else NO_DAY)


def _month(word: str) -> int:
    key = fold(word)
    if key in _ALSO:
        return _ALSO[key]
    for names in (MONTHS, _ENGLISH):
        for place, name in enumerate(names, 1):
            if len(key) >= 3 and name.startswith(key):
                return place
    raise Unreadable(FORM)


def _of_digits(digits: str) -> tuple[date, Notes]:
    """Eight digits are a date run together; four a year; otherwise days since Excel's first."""
    if len(digits) == 8:
        readings = {digits, digits[4:] + digits[2:4] + digits[:2]}
        found = set()
        for each in readings:
            with suppress(ValueError):
                found.add(_within(date(int(each[:4]), int(each[4:6]), int(each[6:]))))
        if len(found) == 1:
            return found.pop(), (RUN_TOGETHER,)
        raise Unreadable(FORM)
    number = int(digits[:9])
    if 1850 <= number <= 2200:
        raise Unreadable(YEAR_ALONE)
    if not 2200 < number < 110_000:
        raise Unreadable(FORM)
    return _EPOCH + timedelta(days=number), (SERIAL,)


def day_of_year() -> Kind:
    """The end of a fiscal year: `31 december`, MM-DD in the API."""
    check = checker(RelationCreate, "fiscal_year_end")

    def read(cell: Value) -> Read:
        if cell is None:
            return NOTHING
        if isinstance(cell, date):
            return f"{cell:%m-%d}", (NOT_TEXT,)
        text, notes = plain(cell)
        text = text.removeprefix("'")
        if not text:
            return None, notes
        month, number, more = _day_and_month(text)
        return check(f"{month:02}-{number:02}"), notes + more

    def write(value: str) -> Cell:
        return f"{int(value[3:])} {MONTHS[int(value[:2]) - 1]}"

    return Kind("dag en maand: 31 december", read, write)


def _day_and_month(text: str) -> tuple[int, int, Notes]:
    if len(text) > MAX_LENGTH:
        raise Unreadable(FORM)
    if (found := _WORDS.fullmatch(text)) and not found[3]:
        return _month(found[2]), int(found[1]), ()
    if found := re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})", text, re.ASCII):
        first, second = int(found[1]), int(found[2])
        if first <= 12 and second <= 12 and first != second:
            raise Unreadable(TWO_WAYS)
        return (second, first, ()) if second <= 12 else (first, second, ())
    found_day, _ = _read(text, is_past=False)
    return found_day.month, found_day.day, (NOT_TEXT,)
