"""The ``ordner`` command. Heavy imports stand inside the commands, so that ``--help`` is quick."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from app.remote.commands import importing

main = typer.Typer(no_args_is_help=True, add_completion=False, help="The client dossiers of an accountancy office.")
office = typer.Typer(no_args_is_help=True, help="Offices (kantoren).")
main.add_typer(office, name="office")
main.add_typer(importing, name="import")

Host = Annotated[str, typer.Option(help="address to listen on")]
WhileStdin = Annotated[bool, typer.Option(help="end when standard input closes, so when the parent is gone")]
Port = Annotated[int, typer.Option(help="port to listen on; 0 takes a free one")]


def _follow_parent(wanted: bool) -> None:
    def watch() -> None:
        while os.read(0, 1024):  # not sys.stdin: its lock would be held at the interpreter's end
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    if wanted:
        threading.Thread(target=watch, daemon=True).start()


@main.command()
def dev(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data: Annotated[Path, typer.Option(help="where the embedded servers keep their data")] = Path(".data"),
) -> None:
    """Start everything for a first look: servers, migrations, a demo office, API and worker."""
    from app.dev import run

    raise typer.Exit(run(host, port, data))


@main.command()
def api(host: Host = "127.0.0.1", port: Port = 8000, while_stdin: WhileStdin = False) -> None:
    """Serve the API. Start it as often as you have processors, behind a balancer."""
    _follow_parent(while_stdin)
    import uvicorn

    from app.main import create_app
    from app.server import server_config
    from app.settings import get_settings

    settings = get_settings()
    uvicorn.Server(server_config(create_app(settings), host, port, settings.header_timeout_seconds)).run()


@main.command()
def worker(while_stdin: WhileStdin = False) -> None:
    """Run jobs and housekeeping."""
    _follow_parent(while_stdin)
    from app.background import stay_behind
    from app.services import import_files
    from app.settings import get_settings
    from app.worker import work

    import_files.sweep()
    stay_behind()
    asyncio.run(work(get_settings()))


@main.command()
def migrate() -> None:
    """Bring the database to the newest version."""
    from app.migrate import migrate as to_newest
    from app.settings import get_settings

    asyncio.run(to_newest(get_settings()))


@main.command()
def rotate_citizen_keys() -> None:
    """Seal all citizen numbers and two-step secrets with the first of ORDNER_CITIZEN_KEYS; then the others may go."""
    from app.db import Database
    from app.errors import Conflict
    from app.services import citizen_numbers, offices, two_step_codes
    from app.settings import get_settings

    async def rotate() -> None:
        db = Database(get_settings())
        numbers = secrets = left = 0
        try:
            for office_id in await offices.all_ids(db):
                numbers += await citizen_numbers.SEALING.rotate(db, office_id)
                numbers += await citizen_numbers.SEALING_OF_IMPORTS.rotate(db, office_id)
                secrets += await two_step_codes.SEALING.rotate(db, office_id)
            for office_id in await offices.all_ids(db):
                left += await citizen_numbers.SEALING.left(db, office_id)
                left += await citizen_numbers.SEALING_OF_IMPORTS.left(db, office_id)
                left += await two_step_codes.SEALING.left(db, office_id)
        finally:
            await db.close()
            typer.echo(f"{numbers} numbers and {secrets} two-step secrets were sealed anew.")
        if left:
            raise Conflict(f"{left} came under an older key meanwhile: does every server have the new one first?")

    if get_settings().vault is None:
        typer.echo("ORDNER_CITIZEN_KEYS and ORDNER_CITIZEN_INDEX_KEY are not set.", err=True)
        raise typer.Exit(2)
    _run(rotate(), "Not everything is under the first key yet: keep the others, and run this again.")


@main.command()
def openapi() -> None:
    """Print the contract as openapi.json."""
    from app.main import create_app
    from app.settings import Settings

    nowhere = Settings(
        database_url="postgresql://nowhere/ordner",
        s3_endpoint="http://nowhere",
        s3_access_key="none",
        s3_secret_key="none",  # noqa: S106 - nothing is connected to
    )
    typer.echo(json.dumps(create_app(nowhere).openapi(), indent=2, ensure_ascii=False))


@main.command()
def migration(message: str) -> None:
    """Write a new migration from what the models say and a fresh database does not have."""
    from app.dev import with_servers
    from app.migrate import alembic_config
    from app.migrate import migrate as to_newest

    with with_servers(None) as settings:
        from alembic import command

        asyncio.run(to_newest(settings))
        command.revision(alembic_config(), message, autogenerate=True)


@office.command("create")
def create_office(
    slug: Annotated[str, typer.Argument(help="short name for signing in: letters, digits, dashes")],
    name: Annotated[str, typer.Argument(help="the office's name")],
    administrator: Annotated[str, typer.Option(help="name of the first administrator")],
    email: Annotated[str, typer.Option(help="e-mail address of the first administrator")],
    password_stdin: Annotated[
        bool, typer.Option(help="read the password from standard input instead of inviting")
    ] = False,
) -> None:
    """Make a real, empty office with its first administrator."""
    from pydantic import ValidationError

    from app.db import Database
    from app.schemas.offices import OfficeCreate
    from app.services import offices
    from app.settings import get_settings

    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    try:
        data = OfficeCreate(slug=slug, name=name, administrator=administrator, email=email, password=password)
    except ValidationError as error:
        for wrong in error.errors():
            typer.echo(f"{wrong['loc'][0]}: {wrong['msg']}", err=True)
        raise typer.Exit(2) from None

    async def make() -> None:
        settings = get_settings()
        db = Database(settings)
        try:
            office_id, invitation = await offices.create(db, settings, data)
        finally:
            await db.close()
        typer.echo(f"office {data.slug} ({office_id}) is made")
        if invitation and invitation.link:
            typer.echo(f"{data.administrator} sets a password with: {invitation.link}")
        elif invitation:
            typer.echo(f"{data.administrator} is invited by mail at {data.email}")

    _run(make())


@office.command("reset-two-step")
def reset_two_step(
    slug: Annotated[str, typer.Argument(help="short name of the office")],
    email: Annotated[str, typer.Argument(help="e-mail address of the team member")],
) -> None:
    """Turn off the two-step check of an administrator who lost his phone and whom no other administrator can help."""
    from app.db import Database
    from app.services import two_step
    from app.settings import get_settings

    async def reset() -> None:
        db = Database(get_settings())
        try:
            await two_step.reset_by_operator(db, slug, email)
        finally:
            await db.close()
        typer.echo(f"{email} signs in without a code.")

    _run(reset())


def _run(work: Coroutine[Any, Any, None], advice: str = "") -> None:
    """What is refused or fails is said in one line, and what to do about it in another."""
    try:
        asyncio.run(work)
    except Exception as error:
        from app.error_handlers import to_problem
        from app.models import Base

        typer.echo(f"{to_problem(error, Base.metadata).detail}\n{advice}".strip(), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    main()
