"""Where a list begins: its row of headings, which need not be the first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from app.sheets.rows import Broken, Cells, Limits, SheetRefused, Value, cut, heading_key

FIRST_ROWS = 20
_SHOWN = 10


@dataclass(frozen=True)
class Headings:
    row: int = 0
    texts: list[str] = field(default_factory=list)
    known: int = 0  # how many of them the caller knows

    @property
    def rank(self) -> tuple[int, int]:
        return self.known, sum(any(char.isalpha() for char in text) for text in self.texts)


def find(rows: Iterable[tuple[int, Cells]], known: Collection[str]) -> Headings:
    """The row with most of the headings that are known; of equal ones the first."""
    candidates = [_headings(number, cells, known) for number, cells in rows]
    return max(candidates, key=lambda one: one.rank, default=Headings())


def _headings(number: int, cells: Cells, known: Collection[str]) -> Headings:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return Headings(number, texts, len({heading_key(text) for text in texts} & set(known) - {""}))


def _text(cell: Value) -> str:
    if cell is None or isinstance(cell, Broken):
        return ""
    return " ".join(str(cell).split())


def require(found: Headings, limits: Limits) -> None:
    if len(found.texts) > limits.columns:
        raise too_many_columns(limits)
    if found.known:
        return
    texts = [f"'{cut(text, 50)}'" for text in found.texts if text]
    if not texts:
        raise SheetRefused("no_headings", "The file has no row of headings. Use the headings of the sample file.")
    more = "" if len(texts) <= _SHOWN else f" and {len(texts) - _SHOWN} more"
    raise SheetRefused(
        "no_headings",
        f"None of the headings is known; found {', '.join(texts[:_SHOWN])}{more}. Use the headings of the sample file.",
    )


def too_many_columns(limits: Limits) -> SheetRefused:
    return SheetRefused(
        "too_many_columns",
        f"A list has at most {limits.columns} columns. Leave out those that are not needed and upload it again.",
    )
