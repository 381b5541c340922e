"""What the import benchmark runs on: an empty office, the API and a worker as processes, and the file that comes in."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from app.access import KEY_SCOPES, Role
from app.db import Database
from app.local import servers
from app.migrate import migrate
from app.models import Label, TeamMember
from app.schemas.api_keys import ApiKeyCreate
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS
from app.schemas.named import NamedCreate
from app.schemas.offices import OfficeCreate
from app.services import api_keys, auth, named, offices
from app.settings import Settings, child_environment, get_settings, own_environment, set_environment
from app.sheets.writing import Column, csv_head, csv_rows, workbook
from bench.made_up import MadeUp
from bench.procs import Process
from bench.remote import ROOT
from bench.stage import HOST, Server

SEED = 5
CATALOGUES = {"relations": RELATIONS, "contacts": CONTACTS}


@dataclass(frozen=True)
class Stage:
    settings: Settings
    office_id: UUID
    api: Server
    worker: Process
    client: httpx.Client


@contextmanager
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        local = stack.enter_context(servers(None))
        set_environment({"ORDNER_MODE": "production", **local.environment()})
        get_settings.cache_clear()
        settings = get_settings()
        asyncio.run(migrate(settings))
        office_id, token = asyncio.run(_office(settings))
        environment = {**child_environment(), **own_environment()}
        api = Server("bench.serve", environment)
        stack.callback(api.close)
        command = [sys.executable, "-m", "app.cli", "worker"]
        worker = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(worker.wait)
        stack.callback(worker.terminate)
        headers = {"Authorization": f"Bearer {token}"}
        client = stack.enter_context(httpx.Client(base_url=f"http://{HOST}:{api.port}/v1", headers=headers, timeout=60))
        yield Stage(settings, office_id, api, Process(worker.pid), client)


async def _office(settings: Settings) -> tuple[UUID, str]:
    db = Database(settings)
    try:
        made = OfficeCreate(
            slug="bench", name="Bench", administrator="Bea", email="bea@bench.example", password="correct horse battery"
        )
        office_id, _ = await offices.create(db, settings, made)
        async with db.transaction(office_id) as session:
            member = await session.scalar(select(TeamMember).where(TeamMember.role == Role.ADMINISTRATOR))
            assert member is not None
            admin = auth.team_actor(member)
            await named.create(session, admin, Label, NamedCreate(name="Vip"))
            _, token = await api_keys.create(session, admin, ApiKeyCreate(name="bench", scopes=sorted(KEY_SCOPES)))
        return office_id, str(token)
    finally:
        await db.close()


def number_of(place: int) -> tuple[str, str]:
    """Of a relation, and of the business that it belongs to."""
    family, member = divmod(place, 3)
    business = str(1000 + family)
    return (f"{business}.{member}" if member else business), business


def relations(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Families as domain rule 35 has them: a business, and two partners as persons below it; 18 to 22 cells each."""
    made_up = MadeUp(SEED)
    for place in range(first, first + count):
        number, business = number_of(place)
        person = made_up.person()
        base = made_up.nine()
        values: dict[str, Any] = {
            "number": number,
            "type": "organisatie" if number == business else "persoon",
            "email": f"info{place}@bedrijf.example",
            "phone": f"020 {place % 9_000_000 + 1_000_000}",
            "btw_filing_period": "kwartaal",
            "ob_number": f"{base}B01",
            "bank_accounts": "NL91ABNA0417164300",
            "addresses.visiting.street": "Kerkstraat",
            "addresses.visiting.house_number": str(place % 300 + 1),
            "addresses.visiting.postcode": "1012 AB",
            "addresses.visiting.city": "Amsterdam",
            "labels": "Vip" if place % 3 == 0 else None,
            "external_ids": f"afas:{place}",
        }
        if number != business:
            values |= {"first_names": person.first_names, "prefix": person.prefix, "surname": person.surname}
            values |= {"bsn": base, "born_on": "12-03-1980", "parent_number": business}
        else:
            values |= {
                "name": f"{person.surname} {place} BV",
                "legal_form": "BV",
                "rsin": base,
                "kvk_number": "69599084",
            }
        yield values


def contacts(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Of each relation one, who belongs to its business too; the business prefers its own."""
    made_up = MadeUp(SEED)
    for place in range(first, first + count):
        number, business = number_of(place)
        person = made_up.person()
        yield {
            "number": number,
            "email": f"c{place}@bedrijf.example",
            "first_names": person.first_names,
            "prefix": person.prefix,
            "surname": person.surname,
            "mobile": f"06 {place % 9_000_000 + 10_000_000}",
            "links.relation_number": "; ".join(dict.fromkeys((business, number))),
            "links.function": "directeur" if number == business else "vennoot",
            "links.portal_access": "ja",
            "links.is_preferred": "ja" if number == business else "nee; ja",
        }


def write(path: Path, kind: str, rows: Iterable[dict[str, Any]]) -> None:
    """As XLSX or CSV, by the name."""
    columns = CATALOGUES[kind].columns
    headings = [column.dutch for column in columns]
    cells = ([row.get(column.field) for column in columns] for row in rows)
    if path.suffix == ".csv":
        with path.open("wb") as file:
            file.write(csv_head(headings))
            file.write(csv_rows(cells))
        return
    with workbook(path) as book:
        sheet = book.list(CATALOGUES[kind].sheet, [Column(heading) for heading in headings])
        for row in cells:
            sheet.write(row)
        sheet.finish()


def upload(stage: Stage, path: Path, kind: str = "relations") -> str:
    with path.open("rb") as file:
        answer = stage.client.post("/imports", params={"kind": kind}, files={"files": (path.name, file)})
    answer.raise_for_status()
    return f"/imports/{answer.json()['id']}"


def order(stage: Stage, path: str, what: str, state: str) -> float:
    """Seconds until it is so."""
    stage.client.post(f"{path}/{what}").raise_for_status()
    return until(stage, path, state)[0]


def until(stage: Stage, path: str, state: str, seconds: float = 600) -> tuple[float, dict[str, Any]]:
    """How long it took, and the import."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        found: dict[str, Any] = stage.client.get(path).json()
        if found["state"] == state:
            return time.monotonic() - began, found
        if found["problem"]:
            raise SystemExit(f"{path} is {found['state']}: {found['problem']}")
        time.sleep(0.1)
    raise SystemExit(f"{path} is not {state} after {seconds} s")
