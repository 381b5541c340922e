"""What the command line shows: tables and bars on a terminal, plain lines elsewhere, one JSON object for a script."""

import io
import json
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

NARROW = 60  # columns: below that a table has one letter a line
LINE_SECONDS = 5  # between two lines of progress where there is no terminal
ACTIONS = {
    "create": "new",
    "update": "changed",
    "unchanged": "unchanged",
    "duplicate": "twice in the file",
    "error": "in error",
}
Step = Callable[[float, float, str], None]


def printable(text: object) -> str:
    """One line: what stands in a file must not steer the terminal that shows it, nor pass for a line of ours."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign)[0] == "C" else sign for sign in str(text))


def _nowhere() -> TextIO:
    """Instead of what the one who started us closed."""
    return Path(os.devnull).open("w", encoding="utf-8")


def mute(stream: TextIO) -> None:
    """Nobody is there any more: what is said goes nowhere, and fails no more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _column(name: str) -> TextColumn:
    return TextColumn(f"{{task.{name}}}", markup=False)


def _echo(text: str, *, err: bool = False) -> None:
    """To whom is there. Who stopped listening (`| head`, a terminal that was closed) stops nothing that is done."""
    stream = sys.stderr if err else sys.stdout
    try:
        typer.echo(text, err=err)
        stream.flush()
    except OSError:
        mute(stream)


class Screen:
    """``as_json``: standard output is for the one object, and all that is for people goes to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # whatever letters a terminal has: it is told what it can show
        self._console = Console(stderr=as_json, highlight=False)
        self.is_terminal = self._console.is_terminal

    @property
    def can_ask(self) -> bool:
        return self.is_terminal and sys.stdin.isatty() and not self.as_json

    def say(self, text: str) -> None:
        _echo(printable(text), err=self.as_json)

    def fail(self, text: str) -> None:
        """Of several lines, where there is much to say."""
        _echo("\n".join(printable(line) for line in text.split("\n")), err=True)

    def give(self, result: dict[str, Any]) -> None:
        if self.as_json:
            _echo(json.dumps(result, indent=2))

    def ask(self, question: str) -> bool:
        try:
            return typer.confirm(question)
        except typer.Abort as abort:
            left = abort.__context__
            raise KeyboardInterrupt(*(left.args if isinstance(left, KeyboardInterrupt) else ())) from None

    @contextmanager
    def progress(self, what: str) -> Iterator[Step]:
        """Gives what is told how far it is: done, of how many (0: nobody knows yet), and the same in words."""
        if not self.is_terminal:
            yield self._lines(what)
            return
        columns = (_column("description"), BarColumn(), _column("fields[words]"))
        with Progress(*columns, console=self._console, transient=True) as bars:
            bar = bars.add_task(printable(what), total=None, words="")
            yield lambda done, total, words: bars.update(bar, completed=done, total=total or None, words=words)

    def _lines(self, what: str) -> Step:
        self.say(f"{what} …")
        said = time.monotonic()

        def tell(_: float, __: float, words: str) -> None:
            nonlocal said
            if words and time.monotonic() - said >= LINE_SECONDS:
                self.say(f"{what}: {words}")
                said = time.monotonic()

        return tell

    def plan(self, of: dict[str, Any], findings: Sequence[dict[str, Any]], more: int) -> None:
        about = of["about"]
        told = ", ".join(f"{about[name]}" for name in ("format", "sheet", "encoding") if about[name])
        delimiter = f", cells parted by {about['delimiter']!r}" if about["delimiter"] else ""
        self.say(f"{of['file_name']} ({told}{delimiter})")
        for name, text in (
            ("unknown_columns", "Columns that mean nothing here, and are left out"),
            ("other_sheets", "Sheets that were not read"),
        ):
            if about[name]:
                self.say(f"{text}: {', '.join(about[name])}")
        self.table("", ("rows", "what becomes of them"), [(of["counts"][name], text) for name, text in ACTIONS.items()])
        cells = [
            (row["number"], each["column"] or "", each["value"] or "", each["reason"], each["advice"])
            for row in findings
            for each in row["findings"]
        ]
        if cells:
            self.table("What to look at", ("row", "column", "value", "reason", "advice"), cells)
        if more > 0:
            self.say(f"… and {more} more rows with something to look at.")

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        if not self.is_terminal or self._console.width < NARROW:
            for row in rows:
                self.say("  ".join(str(cell) for cell in row if cell != ""))
            return
        table = Table(title=title or None, title_justify="left")
        for heading in headings:
            table.add_column(heading, justify="right" if heading in ("row", "rows") else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        self._console.print(table)
