"""A file on its way into the CRM: uploaded, and what a worker makes of it."""

from collections.abc import Sequence
from typing import Any

from app.schemas.import_columns import Catalogue, CellFinding, match, read_row
from app.sheets.reading import Value
from app.sheets.writing import csv_head, csv_rows
from tests.factories.clients import Client
from tests.factories.conventions import made
from tests.factories.tenants import Tenant
from tests.factories.waiting import eventually

PATH = "/v1/imports"
HEADINGS = ("Relatienummer", "Type", "Naam", "Rechtsvorm")


def company(number: str | None, name: str = "Bedrijf") -> tuple[str | None, ...]:
    """A row of ``HEADINGS``."""
    return number, "organisatie", name, "BV"


def sheet(headings: Sequence[str], *rows: Sequence[Any]) -> bytes:
    return csv_head(headings) + csv_rows([list(row) for row in rows])


async def send(client: Client, content: bytes, kind: str = "relations", name: str = "file.csv", **options: str) -> str:
    """The path of the import."""
    answer = await client.post(PATH, params={"kind": kind, **options}, files={"files": (name, content)})
    return f"{PATH}/{made(answer)['id']}"


async def done(client: Client, path: str, *states: str) -> dict[str, Any]:
    """The import, once a worker has brought it to one of these states."""

    async def look() -> dict[str, Any]:
        found: dict[str, Any] = made(await client.get(path), 200)
        return found if found["state"] in (*states, "failed") or found["problem"] else {}

    found = await eventually(look, f"{path} is {states}", 60)
    assert found["state"] in states, found["problem"]
    return found


async def planned(office: Tenant, content: bytes, kind: str = "relations", **options: str) -> dict[str, Any]:
    path = await send(office.admin, content, kind, **options)
    return await done(office.admin, path, "planned")


async def rows(office: Tenant, found: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = made(await office.admin.get(f"{PATH}/{found['id']}/rows", params=query), 200)["items"]
    return items


async def committed(office: Tenant, found: dict[str, Any]) -> dict[str, Any]:
    path = f"{PATH}/{found['id']}"
    made(await office.admin.post(f"{path}/commit"), 202)
    return await done(office.admin, path, "committed")


async def ordered_in_batches(office: Tenant, found: dict[str, Any]) -> str:
    """The path of the import, which is committed so as soon as a worker is there."""
    path = f"{PATH}/{found['id']}"
    made(await office.admin.post(f"{path}/commit", params={"in_batches": "true"}), 202)
    return path


async def undone(office: Tenant, found: dict[str, Any]) -> dict[str, Any]:
    path = f"{PATH}/{found['id']}"
    made(await office.admin.post(f"{path}/undo"), 202)
    return await done(office.admin, path, "undone")


async def states(office: Tenant) -> list[str]:
    """Of all imports, the newest first."""
    return [each["state"] for each in made(await office.admin.get(PATH), 200)["items"]]


async def relations(office: Tenant) -> dict[str, dict[str, Any]]:
    """All of the office, by number."""
    items = made(await office.admin.get("/v1/relations", params={"limit": 200}), 200)["items"]
    return {row["number"]: row for row in items}


async def contacts(office: Tenant) -> dict[str, dict[str, Any]]:
    """All of the office, by number."""
    items = made(await office.admin.get("/v1/contacts", params={"limit": 200}), 200)["items"]
    return {contact["number"]: contact for contact in items}


async def links(office: Tenant, number: str) -> dict[str, dict[str, Any]]:
    """Of the contact with this number, by the number of the relation."""
    contact = (await contacts(office))[number]
    items = made(await office.admin.get(f"/v1/contacts/{contact['id']}/relations"), 200)["items"]
    return {link["relation"]["number"]: link for link in items}


async def findings(office: Tenant, content: bytes, kind: str, **options: str) -> list[Any]:
    """Of each row: its number, what becomes of it, and the columns and codes of its findings."""
    found = await planned(office, content, kind, **options)
    return [
        (row["number"], row["action"], [(each["field"], each["code"]) for each in row["findings"]])
        for row in await rows(office, found, limit="200")
    ]


async def outcomes(office: Tenant, found: dict[str, Any]) -> list[str | None]:
    """What became of each row; of one that an undo let be, why."""
    return [row["stays"] or row["outcome"] for row in await rows(office, found)]


async def outcomes_of_undo(office: Tenant, found: dict[str, Any]) -> list[str | None]:
    await undone(office, found)
    return await outcomes(office, found)


def read(catalogue: Catalogue, **cells: Value) -> tuple[dict[str, Any], list[CellFinding]]:
    """A row in which these columns, by the last word of their field, have these cells."""
    columns = (*catalogue.columns, *catalogue.also)
    named = {column.field.rpartition(".")[2]: column.dutch for column in reversed(columns)}
    headings = match(catalogue, [named[name] for name in cells])
    assert not headings.unknown
    return read_row(catalogue, headings, list(cells.values()))
