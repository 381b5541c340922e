"""BSN-03, BSN-04, LO-02: no read, refusal, log line, kept answer or table gives a citizen number; one call does."""

import hashlib
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.access import KEY_SCOPES
from app.settings import Settings
from tests.factories import Client, Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import committed, planned, sheet
from tests.factories.mail import workers
from tests.test_client_view import everything, paths

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
# Of three people; none of them stands in an example of the API.
BSNS = ("248163504", "255163514", "262163524")
GONE = "269163529"  # stood there, and was replaced
WRONG = "248163505"  # fails the eleven-test
NOBODYS = "276163539"  # asked for, and not there
TRADER: dict[str, Any] = {"legal_form": "sole_trader", "vat_id": "NL000099998B57"}
NAMES = {
    "member_id": "team_members", "team_member_id": "team_members", "key_id": "api_keys", "api_key_id": "api_keys",
    "template_id": "folder_templates", "item_id": "dossier_items", "line_id": "document_request_lines",
    "attachment_id": "message_attachments",
}  # fmt: skip
NOWHERE = "0193d6f0-0000-7000-8000-000000000001"
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"limit": "1", "include": "total"},
    {"q": "vreis"},
    {"q": BSNS[0][-3:]},
    {"archived": "true"},
)


def forms(number: str) -> set[str]:
    """As it is, as people write it, and as bytes of a table are dumped."""
    hashed = (hashlib.sha256(number.encode()), hashlib.sha1(number.encode()), hashlib.md5(number.encode()))
    written = {number, f"{number[:3]} {number[3:6]} {number[6:]}", f"{number[:4]}.{number[4:6]}.{number[6:]}"}
    return written | {number.encode().hex()} | {each.hexdigest() for each in hashed}


SECRETS = {form for number in (*BSNS, GONE, WRONG, NOBODYS) for form in forms(number)} | {
    hashlib.sha256(f"{bsn}{suffix}".encode()).hexdigest() for bsn in BSNS for suffix in ("B01", "L01", "L02")
}


def clean(found: str, where: object) -> None:
    assert not [secret for secret in SECRETS if secret in found], where


class Office:
    """With people and sole traders, their contacts, and a history of what was done about their numbers."""

    def __init__(self, office: Tenant, settings: Settings) -> None:
        self.office = office
        self.settings = settings
        self.relations: list[str] = []

    async def plant(self) -> None:
        first, second, third = BSNS
        person = {"type": "person", "name": None, "legal_form": None, "surname": "Vries"}
        await self._relation("1", **person, bsn=first)
        await self._relation("2", **TRADER, bsn=first, ob_number=f"{first}B01", lh_numbers=[f"{first}L01"])
        await self._relation("3", **TRADER, bsn=second, ob_number=f"{second}B01", lh_numbers=[f"{second}L02"])
        await self._relation("4", legal_form="vof", rsin="123456782", ob_number="123456782B01")
        await self._relation("5", **person, bsn=GONE)
        anna, last = self.office.anna, f"{PATH}/{self.relations[-1]}"
        made(await anna.patch(last, json={"bsn": third, "bsn_purpose": "payroll"}), 200)
        made(
            await anna.post(
                f"{last}/change-type", json={"type": "organisation", "name": "V", "legal_form": "sole_trader"}
            ),
            200,
        )
        contact = made(await anna.post("/v1/contacts", json={"surname": "Jansen", "email": "v@b.nl"}))["id"]
        made(await anna.post(f"/v1/contacts/{contact}/person-relation", json={}))
        for relation in self.relations:
            made(await anna.put(f"{PATH}/{relation}/contacts/{contact}", json={"portal_access": True}))
        made(await anna.post(f"{last}/citizen-number", json={"reason": "Loonaangifte"}), 200)
        rows = [(str(place), "persoon", "Vries", bsn, f"{bsn}B01") for place, bsn in enumerate((*BSNS, GONE), 90)]
        content = sheet(("Relatienummer", "Type", "Achternaam", "BSN", "OB-nummer"), *rows)
        async with workers(self.settings):
            await committed(self.office, await planned(self.office, content))

    async def _relation(self, number: str, **values: Any) -> None:
        body = {"number": number, "type": "organisation", "name": "Vries"} | values
        answer = await self.office.anna.post(PATH, json=body, headers={"Idempotency-Key": number})
        clean(everything(answer), number)
        self.relations.append(made(answer)["id"])

    async def ids(self, parameters: set[str]) -> dict[str, list[str]]:
        found = {}
        async with self.office.db.transaction(self.office.id) as session:
            for parameter in parameters - {"token"}:
                table = NAMES.get(parameter, f"{parameter.removesuffix('_id')}s").replace("deputys", "deputies")
                rows = await session.scalars(text(f"SELECT id FROM {table} ORDER BY id"))
                found[parameter] = [str(row) for row in rows] or [NOWHERE]
        return found | {"token": ["ordi_x"]}


@pytest.fixture
async def planted(office: Tenant, settings: Settings) -> Office:
    made_up = Office(office, settings)
    await made_up.plant()
    return made_up


@pytest.fixture
async def callers(office: Tenant) -> list[Client]:
    return [office.admin, office.anna, await office.key(*KEY_SCOPES)]


async def test_every_read(planted: Office, callers: list[Client], capfd: pytest.CaptureFixture[str]) -> None:
    """Of every operation, with every id, by whoever may see most."""
    document = made(await callers[0].get("/openapi.json"), 200)
    parameters = {part.strip("{}") for path in document["paths"] for part in path.split("/") if part.startswith("{")}
    ids, asked = await planted.ids(parameters), 0
    for pattern, operations in document["paths"].items():
        if "get" not in operations:
            continue
        known = {parameter.get("name") for parameter in operations["get"].get("parameters", [])}
        for path in paths(pattern, ids):
            for query in (query for query in QUERIES if query.keys() <= known):
                for client in callers:
                    answer = await client.get(path, params=query)
                    assert answer.status_code in (200, 403, 404), (path, query, answer.text)
                    asked += answer.status_code == 200
                    clean(everything(answer), (path, query))
    assert asked > 200
    clean("".join(capfd.readouterr()), "logs")


async def test_reads_that_are_posts(planted: Office, callers: list[Client], capfd: pytest.CaptureFixture[str]) -> None:
    for client in callers:
        for number in (*BSNS, NOBODYS, f"{BSNS[0]}B01", f"{BSNS[1]}L02", f"{BSNS[0][:4]}.{BSNS[0][4:6]}.{BSNS[0][6:]}"):
            answer = await client.post(f"{PATH}/search", json={"identifier": number})
            assert bool(made(answer, 200)["items"]) == (number != NOBODYS)
            clean(everything(answer), "search")
            for filing_type in ("income_tax", "vat", "payroll_tax", "extension", "credit_report", "annual_accounts"):
                query = {"filing_type": filing_type, "identifier": number}
                answer = await client.post(f"{PATH}/match", json=query)
                assert answer.status_code in (200, 422)
                clean(everything(answer), query)
    timeline = await callers[0].get("/v1/timeline", params={"limit": 200})
    assert "relation.found_by_number" in timeline.text
    clean(everything(timeline), "timeline")
    clean("".join(capfd.readouterr()), "logs")


async def test_refusals(planted: Office, callers: list[Client], capfd: pytest.CaptureFixture[str]) -> None:
    """What was sent is not repeated, wherever it stood."""
    relation, bsn = f"{PATH}/{planted.relations[0]}", BSNS[0]
    new = {"number": "9", "type": "person", "surname": "x"}
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", relation, {"bsn": WRONG}),
        ("PATCH", relation, {"bsn": int(bsn)}),
        ("PATCH", relation, {"rsin": bsn}),
        ("PATCH", relation, {"ob_number": WRONG}),
        ("PATCH", relation, {"lh_numbers": [bsn, f"{WRONG}L01"]}),
        ("PATCH", relation, {"vat_id": f"NL{bsn}B01"}),
        ("PATCH", relation, {"kvk_number": bsn, "bank_accounts": [bsn], "born_on": bsn, "email": bsn, "kind_id": bsn}),
        ("PATCH", relation, {bsn: bsn}),
        ("PATCH", f"{PATH}/{planted.relations[3]}", {"bsn": bsn}),
        ("POST", PATH, new | {"bsn": bsn, "rsin": bsn}),
        ("POST", PATH, new | {"number": "1", "bsn": bsn}),
        ("POST", f"{relation}/change-type", {"type": "organisation", "name": "x", "legal_form": "bv"}),
        ("POST", f"{relation}/citizen-number", {"reason": f"van {bsn}"}),
        ("POST", f"{PATH}/match", {"filing_type": bsn, "identifier": bsn, "period": bsn}),
        ("POST", f"{PATH}/search", {"identifier": f"{bsn}{bsn}"}),
    ]
    for client in callers:
        for method, path, body in bodies:
            answer = await client.request(method, path, json=body, headers={"Idempotency-Key": "again"})
            assert answer.status_code in (409, 422), (method, path, answer.text)
            if bsn not in body:  # the name of an unknown field is said, since it was the caller's word for one
                clean(everything(answer), (method, path))
    clean("".join(capfd.readouterr()), "logs")


async def test_nothing_in_the_database(planted: Office, callers: list[Client], settings: Settings) -> None:
    """As the owner sees it, every table as text; a plain hash of a number would give it away as well."""
    for body in ({"identifier": BSNS[0]}, {"identifier": NOBODYS}):
        made(await callers[0].post(f"{PATH}/search", json=body, headers={"Idempotency-Key": "x"}), 200)
    refused = await callers[0].patch(f"{PATH}/{planted.relations[0]}", json={"bsn": WRONG})
    problem(refused, 422, None, "/bsn")
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in (row[0] for row in names):
            for form in ("hex", "escape"):
                await connection.execute(f"SET bytea_output = {form}")
                rows = await connection.fetch(f'SELECT t::text FROM "{table}" t')
                clean("\n".join(row[0] for row in rows), table)
    finally:
        await connection.close()


async def test_the_reveal_shows_them(planted: Office, callers: list[Client]) -> None:
    """So the others were there to be found."""
    for client in callers:
        for relation, bsn in zip(planted.relations, (BSNS[0], BSNS[0], BSNS[1], None, BSNS[2]), strict=True):
            shown = made(await client.post(f"{PATH}/{relation}/citizen-number", json={"reason": "IB"}), 200)
            assert shown["bsn"] == bsn
