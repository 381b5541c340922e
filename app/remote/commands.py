"""``ordner import``: what may be typed. Heavy imports stand inside, so that ``--help`` is quick."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from app.remote import INTERRUPTED, UNUSABLE, Failed
from app.sheets.rows import Delimiter, Encoding

if TYPE_CHECKING:
    from app.remote.imports import Importing

EXIT_CODES = """
Exit codes: 0 done (with --dry-run: planned, and no row is in error); 1 refused, failed or declined;
2 wrong usage (of which there is no JSON), no server there, or a key that is not taken; 3 rows are in error: the others
were committed, unless --dry-run or --strict; of an undo: some rows stay as they are; 130 left with Ctrl-C, 143 or 129
ended by a signal.
"""

importing = typer.Typer(
    no_args_is_help=True,
    help="Relations and contacts out of files (imports), through the API of a server. "
    "The API key is taken from ORDNER_KEY or a --key-file; it needs imports:read and imports:write.",
    epilog=EXIT_CODES,
)

File = Annotated[Path, typer.Argument(help="XLSX, XLS, ODS or CSV")]
Url = Annotated[str, typer.Option(envvar="ORDNER_URL", help="address of the server")]
KeyFile = Annotated[Path | None, typer.Option(help="file that holds the API key")]
EmptyCells = Annotated[
    Literal["keep", "clear"], typer.Option(help="what an empty cell does: leaves what is there, or clears it")
]
EncodingOption = Annotated[Encoding | None, typer.Option(help="of a CSV file")]
DelimiterOption = Annotated[Delimiter | None, typer.Option(help="of a CSV file")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show the plan and change nothing")]
Yes = Annotated[bool, typer.Option("--yes", help="commit without asking")]
Strict = Annotated[bool, typer.Option("--strict", help="commit nothing when any row is in error")]
Rejected = Annotated[
    Path | None, typer.Option(help="write the rows in error to this file (.xlsx or .csv), for you alone to read")
]
Json = Annotated[
    bool,
    typer.Option("--json", help="one JSON object on standard output, but for wrong usage; all else on standard error"),
]
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HERE = "http://127.0.0.1:8000"


def _command(kind: str, what: str) -> None:
    """``what``: what it brings, in words."""

    @importing.command(kind, help=what, epilog=EXIT_CODES)
    def bring(
        file: File,
        url: Url = HERE,
        key_file: KeyFile = None,
        empty_cells: EmptyCells = "keep",
        encoding: EncodingOption = None,
        delimiter: DelimiterOption = None,
        dry_run: DryRun = False,
        yes: Yes = False,
        strict: Strict = False,
        rejected: Rejected = None,
        as_json: Json = False,
    ) -> None:
        from app.remote.imports import Wish

        options = {"empty_cells": empty_cells, "encoding": encoding, "delimiter": delimiter}
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        wish = Wish(kind, file, given, yes=yes, dry_run=dry_run, strict=strict, rejected=rejected)
        _run(url, key_file, as_json, lambda run: run.bring(wish))


_command(
    "relations", "Bring a file of relations into the CRM: shows what would happen, asks, and commits exactly that."
)
_command(
    "contacts",
    "Bring a file of contacts into the CRM, with their links: shows what would happen, asks, and commits that.",
)


@importing.command(epilog=EXIT_CODES)
def follow(import_id: UUID, url: Url = HERE, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Look on at an import until no worker is at it any more."""
    _run(url, key_file, as_json, lambda run: run.follow(str(import_id)))


@importing.command(epilog=EXIT_CODES)
def undo(import_id: UUID, url: Url = HERE, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Take a committed import back; rows that stay as they are, since somebody went on with them, are named."""
    _run(url, key_file, as_json, lambda run: run.undo(str(import_id)))


def _run(url: str, key_file: Path | None, as_json: bool, work: Callable[["Importing"], int]) -> None:
    with _signals():
        try:
            status = _ended(url, key_file, as_json, work)
        except KeyboardInterrupt as left:  # before there was anything to leave
            status = left.args[0] if left.args else INTERRUPTED
    raise typer.Exit(status)


def _ended(url: str, key_file: Path | None, as_json: bool, work: Callable[["Importing"], int]) -> int:
    from app.remote.api import Api
    from app.remote.imports import Importing
    from app.remote.screen import Screen

    screen = Screen(as_json=as_json)
    try:
        api = Api(url, _key(key_file))
    except Failed as failed:
        screen.fail(failed.text)
        screen.give({"exit_code": failed.status, "import": None, "problem": failed.problem})
        return failed.status
    run = Importing(api, screen)
    status = run.end(lambda: work(run))
    api.close()
    return status


@contextmanager
def _signals() -> Iterator[None]:
    """Whoever ends us, or closes the terminal, leaves as with Ctrl-C: what is not ordered yet is cancelled."""
    terminals = [stream for stream in (sys.stdout, sys.stderr) if stream and stream.isatty()]
    heard = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]  # as by nohup

    def leave(number: int, _: object) -> None:
        for each in heard:
            signal.signal(each, signal.SIG_IGN)  # a second one does not end the leaving
        if number == signal.SIGHUP:
            from app.remote.screen import mute

            for stream in terminals:
                mute(stream)
        raise KeyboardInterrupt(128 + number)

    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _key(key_file: Path | None) -> str:
    """Never an argument: anybody on the machine sees those."""
    from app.settings import client_key

    try:
        key = (key_file.read_text("utf-8-sig", "replace") if key_file else client_key() or "").strip()
    except OSError as error:
        raise Failed(f"--key-file {key_file}: can not be read ({error.strerror}).", UNUSABLE) from None
    if not key:
        raise Failed("Give the API key in the environment variable ORDNER_KEY or in a --key-file.", UNUSABLE)
    if not (key.isascii() and key.isprintable()):
        raise Failed("What is given as API key is none.", UNUSABLE)
    return key
