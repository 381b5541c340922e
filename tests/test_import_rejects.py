"""`/imports/{id}/rejected-rows`: what the plan leaves out, as it was uploaded, to be corrected and sent again."""

import csv
import io
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import load_workbook
from sqlalchemy import select, text

from app.access import KEY_SCOPES, P, Role
from app.db import Database
from app.models import Blob
from app.storage import Storage
from tests.factories import Client, Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import HEADINGS, PATH, committed, planned, relations, rows, send, sheet
from tests.factories.mail import forget_jobs

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

WRONG = "111222334"  # fails the eleven-test
HEADS = ("Kleur", "Achternaam", "Relatienummer", "Type", "Naam", "Rechtsvorm", "BSN", "Labels", "Geboortedatum")
ROWS = (
    ("rood", None, "1", "organisatie", "Goed", "BV", None, None, None),
    ("rood", "Vries", "2", "persoon", None, None, WRONG, None, "31-12-1980"),
    ("rood", None, "1", "organisatie", "Nog eens", "BV", None, None, None),
    ("rood", "=Jansen", "3", "persoon", None, None, None, "Vip; 111222333", None),
    ("rood", "Bakker", None, "persoon", None, None, None, None, None),
)
both = pytest.mark.parametrize("form", ["xlsx", "csv"])


def address(found: dict[str, Any], form: str) -> str:
    return f"{PATH}/{found['id']}/rejected-rows.{form}"


async def download(client: Client, found: dict[str, Any], form: str = "csv") -> bytes:
    answer = await client.get(address(found, form))
    assert answer.status_code == 200, answer.text
    return answer.content


def table(content: bytes, form: str) -> list[list[Any]]:
    if form == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    lines = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [["" if cell is None else cell for cell in line] for line in lines]


def workbook(path: Path, lines: Sequence[Sequence[Any]]) -> bytes:
    book = xlsxwriter.Workbook(path, {"default_date_format": "dd-mm-yyyy"})
    sheet = book.add_worksheet()
    for row, line in enumerate(lines):
        for place, cell in enumerate(line):
            sheet.write(row, place, cell)
    book.close()
    return path.read_bytes()


pytest_worker = pytest.mark.usefixtures("worker")


@pytest_worker
@both
async def test_as_they_were_with_what_is_wrong(office: Tenant, form: str) -> None:
    found = await planned(office, sheet(HEADS, *ROWS))
    heads, *lines = table(await download(office.admin, found, form), form)
    assert heads == [*HEADS[1:], "Fouten"]  # what means nothing here is kept out
    sent = [["" if cell is None else cell for cell in ROWS[place][1:]] for place in (1, 2, 3, 4)]
    sent[2][0] = "'=Jansen" if form == "csv" else "=Jansen"
    assert [line[:-1] for line in lines] == sent
    wrong = [line[-1] for line in lines]
    assert wrong[0].startswith("BSN: This BSN fails the eleven-test")
    assert wrong[1].startswith("Relatienummer: Row 2 has this relation number too. Keep one")
    assert wrong[2].count("Labels: The office's list has no") == 2
    assert wrong[3].startswith("Relatienummer: A relation is recognised by its number. Give")
    assert not [text for text in wrong if WRONG in text or "111222333" in text]


@pytest_worker
@both
async def test_corrected_and_sent_again(office: Tenant, form: str, tmp_path: Path) -> None:
    await committed(office, await planned(office, sheet(HEADS, *ROWS)))
    found = await planned(office, sheet(HEADS, *ROWS))
    lines = table(await download(office.admin, found, form), form)
    again = sheet(*lines) if form == "csv" else workbook(tmp_path / "a.xlsx", lines)
    same = await planned(office, again, name=f"x.{form}")
    assert same["about"]["unknown_columns"] == []  # the column of errors is nobody's mistake
    assert "errors" not in [column["field"] for column in same["about"]["columns"]]
    assert same["counts"] == {"create": 0, "update": 1, "unchanged": 0, "duplicate": 0, "error": 3, "committed": 0}
    at = {head: place for place, head in enumerate(lines[0])}
    lines[1][at["BSN"]] = "111222333"
    lines[2][at["Relatienummer"]] = "4"
    lines[3][at["Labels"]] = ""
    lines[4][at["Relatienummer"]] = "5"
    again = sheet(*lines) if form == "csv" else workbook(tmp_path / "b.xlsx", lines)
    corrected = await committed(office, await planned(office, again, name=f"x.{form}"))
    assert corrected["counts"] == {"create": 4, "update": 0, "unchanged": 0, "duplicate": 0, "error": 0, "committed": 4}
    there = await relations(office)
    assert list(there) == ["1", "2", "3", "4", "5"]
    assert (there["2"]["surname"], there["2"]["bsn"]) == ("Vries", "*********")


@pytest_worker
async def test_what_a_workbook_holds(office: Tenant, tmp_path: Path) -> None:
    """Numbers, days and errors stay what they are, and so stay refused; a formula is none any more."""
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    listed = book.add_worksheet("Relaties")
    for place, head in enumerate(("Relatienummer", "Type", "Naam", "Rechtsvorm", "Aantal werknemers", "E-mail")):
        listed.write(0, place, head)
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    for row, number in enumerate((7, 8.5, "9"), 1):
        listed.write(row, 0, number)
        listed.write(row, 1, "organisatie")
        listed.write(row, 3, "bv")
        listed.write(row, 4, 12)
    listed.write_formula(1, 2, "=Z1", None, "")
    listed.write_number(2, 2, 45_000, day)
    listed.write_formula(3, 2, "=NA()", None, "#N/A")
    listed.write(3, 5, True)
    book.close()
    found = await planned(office, (tmp_path / "a.xlsx").read_bytes(), name="a.xlsx")
    assert found["counts"]["error"] == 3
    content = await download(office.admin, found, "xlsx")
    lines = table(content, "xlsx")
    assert [line[0] for line in lines[1:]] == [7, 8.5, "9"]
    assert [line[2] for line in lines[1:]][::2] == ["#N/B", "#N/A"]
    assert lines[2][2].year == 2023
    assert [line[4] for line in lines[1:]] == [12, 12, 12]
    assert lines[3][5] is True
    again = await planned(office, content, name="b.xlsx")
    codes = [[(each["field"], each["code"]) for each in row["findings"]] for row in await rows(office, found)]
    assert [[(each["field"], each["code"]) for each in row["findings"]] for row in await rows(office, again)] == codes


@pytest_worker
@both
async def test_what_was_refused_stays_refused(office: Tenant, tmp_path: Path, form: str) -> None:
    """In a form that would make text of it too; what stood there is told."""
    heads = (*HEADINGS, "Plaats", "Achternaam", "BSN", "Memo")
    long = 12345678901234567890
    day = date(2024, 2, 1)
    lines = (1.0, "organisatie", long, "BV", True), (2, "persoon", None, None, None, "Vries", day, long)
    found = await planned(office, workbook(tmp_path / "a.xlsx", (heads, *lines)), name="a.xlsx")
    content = await download(office.admin, found, form)
    again = await planned(office, content, name=f"b.{form}")
    fields = [{each["field"] for each in row["findings"] if each["is_error"]} for row in await rows(office, found)]
    assert fields == [{"name", "addresses.visiting.city"}, {"bsn", "memo"}]
    shown = await rows(office, again)
    assert [{each["field"] for each in row["findings"] if each["is_error"]} for row in shown] == fields
    told = [line[-1] for line in table(content, form)[1:]]
    assert "(hier stond Naam: 1234567890123456" in told[0]


@pytest_worker
async def test_of_what_is_committed_and_undone_too(office: Tenant) -> None:
    found = await committed(office, await planned(office, sheet(HEADS, *ROWS)))
    before = await download(office.admin, found)
    made(await office.admin.post(f"{PATH}/{found['id']}/undo"), 202)
    assert await download(office.admin, found) == before
    good = await planned(office, sheet(HEADINGS, ("1", "organisatie", "Goed", "BV")))
    assert table(await download(office.admin, good), "csv") == [[*HEADINGS, "Fouten"]]


@pytest_worker
async def test_a_file_that_is_read_as_its_uploader_says(office: Tenant) -> None:
    content = "Relatienummer\tType\tNaam\r\n1\tx\tCaf\xe9\r\n".encode("cp1252")
    found = await planned(office, content, delimiter="tab", encoding="windows-1252")
    _, line = table(await download(office.admin, found), "csv")
    assert line[:-1] == ["1", "x", "Café"]


@pytest_worker
async def test_a_cell_that_no_workbook_holds(office: Tenant) -> None:
    found = await planned(office, sheet(("BSN", *HEADINGS, "Memo"), (WRONG, "1", "persoon", None, None, "😀" * 20_000)))
    refused = problem(await office.admin.get(address(found, "xlsx")), 422, "cell_too_long")
    assert WRONG not in refused["detail"]
    assert "😀" * 20_000 in (await download(office.admin, found)).decode()


@pytest_worker
async def test_many_in_order(office: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lines = [(str(place), "persoon" if place % 3 else "x", None, None) for place in range(2_500)]
    found = await planned(office, sheet(HEADINGS, *lines))
    listed = table(await download(office.admin, found), "csv")[1:]
    assert [line[0] for line in listed] == [str(place) for place in range(2_500)]
    assert all(line[-1] for line in listed)
    assert list(tmp_path.iterdir()) == []


@pytest_worker
@both
async def test_an_attachment_that_the_history_knows(office: Tenant, form: str) -> None:
    found = await planned(office, sheet(HEADS, *ROWS))
    head = await office.admin.head(address(found, form))
    assert (head.status_code, head.content) == (200, b"")
    answer = await office.admin.get(address(found, form))
    for answered in (head, answer):
        name = f"relaties-fouten.{form}"
        shown = answered.headers["content-disposition"]
        assert shown == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
        assert "no-store" in answered.headers["cache-control"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    timeline = made(await office.admin.get("/v1/timeline", params={"subject_id": found["id"]}), 200)["items"]
    (event,) = [each for each in timeline if each["action"] == "import.rejected_rows_read"]
    assert event["data"] == {"kind": "relations", "form": form, "count": 4}
    problem(await office.admin.get(f"{address(found, form)}?x=1"), 422, "unknown_parameter", "/x")


@pytest_worker
async def test_for_who_imports(office: Tenant, other_office: Tenant) -> None:
    found = await planned(office, sheet(HEADS, *ROWS))
    _, client = await office.linked_contact(await office.relation("9"))
    _, manager = await office.member(Role.MANAGER)
    keys = [await office.key(*(KEY_SCOPES - {each})) for each in (P.IMPORTS_READ, P.IMPORTS_WRITE)]
    for form in ("xlsx", "csv"):
        for each in (office.anna, client, *keys):
            problem(await each.get(address(found, form)), 403, "forbidden")
        problem(await other_office.admin.get(address(found, form)), 404)
        for each in (manager, await office.key(P.IMPORTS_READ, P.IMPORTS_WRITE)):
            assert await download(each, found, form)


@both
async def test_not_before_it_is_planned(office: Tenant, db: Database, form: str) -> None:
    path = await send(office.admin, sheet(HEADS, *ROWS))
    for method in ("GET", "HEAD"):
        assert (await office.admin.request(method, f"{path}/rejected-rows.{form}")).status_code == 409
    problem(await office.admin.get(f"{path}/rejected-rows.{form}"), 409, "import_waiting")
    made(await office.admin.post(f"{path}/cancel"), 202)
    problem(await office.admin.get(f"{path}/rejected-rows.{form}"), 409, "import_cancelled")
    await forget_jobs(db)


@pytest_worker
@both
async def test_the_file_is_gone(office: Tenant, db: Database, storage: Storage, form: str) -> None:
    found = await planned(office, sheet(HEADS, *ROWS))
    async with db.transaction(office.id) as session:
        (key,) = await session.scalars(select(Blob.object_key))
    await storage.delete(key)
    problem(await office.admin.get(address(found, form)), 410, "file_gone")
    async with db.transaction(office.id) as session:
        await session.execute(text("UPDATE imports SET blob_id = NULL"))
    problem(await office.admin.get(address(found, form)), 410, "file_gone")


@pytest_worker
async def test_a_number_of_a_person_is_in_the_file_and_nowhere_else(
    office: Tenant, db: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    found = await planned(office, sheet(HEADS, *ROWS))
    assert WRONG.encode() in await download(office.admin, found)
    async with db.transaction(office.id) as session:
        for name in ("imports", "import_rows", "import_identifiers", "events"):
            kept = "\n".join(await session.scalars(text(f"SELECT t::text FROM {name} t")))
            assert WRONG not in kept, name
            assert "111222333" not in kept, name
    assert WRONG not in "".join(capfd.readouterr())
