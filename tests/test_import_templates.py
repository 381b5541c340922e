"""The sample files of an import (S1; domain rules 23, 27, 35): who gets them, what is in them, and that they fit."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from app.access import P, Role
from app.schemas.contact_links import ContactLinkPut
from app.schemas.contacts import ContactCreate
from app.schemas.import_columns import Catalogue, match, read_row
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS
from app.schemas.relations import RelationCreate
from app.sheets.reading import reading
from tests.factories import Tenant
from tests.factories.conventions import made, problem

pytestmark = pytest.mark.anyio

PATH = "/v1/import-templates"
FILES = ("relations.xlsx", "relations.csv", "contacts.xlsx", "contacts.csv")
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
every_file = pytest.mark.parametrize("file", FILES)


def catalogue_of(file: str) -> Catalogue:
    return RELATIONS if file.startswith("relations") else CONTACTS


async def download(office: Tenant, file: str) -> bytes:
    answer = await office.anna.get(f"{PATH}/{file}")
    assert answer.status_code == 200, answer.text
    return answer.content


async def read(office: Tenant, file: str, folder: Path) -> list[dict[str, Any]]:
    """What an import reads from the file, without one finding."""
    path = folder / file
    path.write_bytes(await download(office, file))
    catalogue = catalogue_of(file)
    async with reading(path, catalogue.known) as sheet:
        rows = [row async for batch in sheet.batches() for row in batch]
    headings = match(catalogue, sheet.about.headings)
    assert headings.columns == catalogue.columns
    assert not headings.unknown
    assert not headings.doubled
    read = [read_row(catalogue, headings, row.cells) for row in rows]
    assert not [finding for _, findings in read for finding in findings]
    return [given for given, _ in read]


async def sheets(office: Tenant, file: str) -> tuple[Worksheet, Worksheet]:
    book = load_workbook(io.BytesIO(await download(office, file)))
    listed, explained = book.worksheets[:2]
    assert (listed.title, explained.title) == (catalogue_of(file).sheet, "Uitleg")
    assert all(sheet.sheet_state == "hidden" for sheet in book.worksheets[2:])
    return listed, explained


def choices(sheet: Worksheet, heading: str) -> list[str] | None:
    """What a column's drop-down offers; None: it has none."""
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == heading)
    assert sheet.parent is not None
    for rule in sheet.data_validations.dataValidation:
        if f"{letter}2" in rule.sqref and rule.type == "list":
            where = str(rule.formula1)
            if where.startswith('"'):
                return where.strip('"').split(",")
            name, _, cells = where.lstrip("=").partition("!")
            return [str(row[0].value) for row in sheet.parent[name.strip("'")][cells.replace("$", "")]]
    return None


@every_file
async def test_an_attachment(office: Tenant, file: str) -> None:
    answer = await office.anna.get(f"{PATH}/{file}")
    headers = answer.headers
    name = file.replace("relations", "relaties").replace("contacts", "contacten")
    assert headers["content-type"] == TYPES[file.partition(".")[2]]
    assert headers["content-disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "no-store" in headers["cache-control"]
    head = await office.anna.head(f"{PATH}/{file}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-disposition"] == headers["content-disposition"]
    problem(await office.anna.get(f"{PATH}/{file}?x=1"), 422, "unknown_parameter", "/x")


async def test_what_one_has_is_not_sent_again(office: Tenant) -> None:
    answer = await office.anna.get(f"{PATH}/relations.csv")
    again = await office.anna.get(f"{PATH}/relations.csv", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@every_file
async def test_for_the_office_alone(office: Tenant, file: str) -> None:
    _, reader = await office.member(Role.READER)
    _, client = await office.linked_contact(await office.relation("1"))
    assert (await reader.get(f"{PATH}/{file}")).status_code == 200
    assert (await (await office.key(P.IMPORT_TEMPLATES_READ)).get(f"{PATH}/{file}")).status_code == 200
    problem(await client.get(f"{PATH}/{file}"), 403, "forbidden")
    problem(await (await office.key(P.RELATIONS_READ)).get(f"{PATH}/{file}"), 403, "forbidden")


async def test_there_are_no_others(office: Tenant) -> None:
    for file in ("dossiers.xlsx", "relations.ods", "relations", ""):
        problem(await office.anna.get(f"{PATH}/{file}"), 404)


@every_file
async def test_an_import_reads_it_without_a_word(office: Tenant, file: str, tmp_path: Path) -> None:
    made(await office.admin.post("/v1/products", json={"name": "=Btw; snel", "filing_type": "vat"}))
    rows = await read(office, file, tmp_path)
    assert [row["number"] for row in rows] == (["100", "100.1", "100.2"] if "relations" in file else ["100.1", "100.2"])


async def test_both_forms_say_the_same(office: Tenant, tmp_path: Path) -> None:
    for name in ("relations", "contacts"):
        assert await read(office, f"{name}.xlsx", tmp_path) == await read(office, f"{name}.csv", tmp_path)


async def test_the_example_is_what_the_api_takes(office: Tenant, tmp_path: Path) -> None:
    """Relations first, then contacts: rule 35 as it stands, and a partner's own relation is linked to him alone."""
    product = made(await office.admin.post("/v1/products", json={"name": "Aangifte IB", "filing_type": "income_tax"}))
    ids: dict[str, str] = {}
    for row in await read(office, "relations.xlsx", tmp_path):
        if parent := row.pop("parent_number", None):
            row["parent_id"] = ids[parent]
        taken = [{"product_id": product["id"]} for each in row.pop("products", []) if each["name"] == "Aangifte IB"]
        body = RelationCreate.model_validate(row | {"products": taken}).model_dump(mode="json", exclude_unset=True)
        relation = made(await office.anna.post("/v1/relations", json=body))
        ids[relation["number"]] = relation["id"]
        assert len(relation["products"]) == (1 if relation["type"] == "person" else 0)
        assert (await office.anna.get(f"/v1/relations/{relation['id']}")).json()["warnings"] == []
    for row in await read(office, "contacts.xlsx", tmp_path):
        links = row.pop("links")
        body = ContactCreate.model_validate(row).model_dump(mode="json", exclude_unset=True)
        contact = made(await office.anna.post("/v1/contacts", json=body))
        for link in links:
            path = f"/v1/relations/{ids[link.pop('relation_number')]}/contacts/{contact['id']}"
            linked = ContactLinkPut.model_validate(link).model_dump(mode="json", exclude_unset=True)
            made(await office.anna.put(path, json=linked))
    for number, linked_to in (("100", {"100.1", "100.2"}), ("100.1", {"100.1"}), ("100.2", {"100.2"})):
        found = (await office.anna.get(f"/v1/relations/{ids[number]}/contacts")).json()["items"]
        assert {each["contact"]["number"] for each in found} == linked_to
        assert all(each["portal_access"] for each in found)


async def test_drop_downs(office: Tenant) -> None:
    for path, name in (("relation-kinds", "Cliënt, IB"), ("relation-groups", "=Som"), ("products", "Btw")):
        made(await office.admin.post(f"/v1/{path}", json={"name": name}))
    gone = made(await office.admin.post("/v1/relation-kinds", json={"name": "Weg"}))
    made(await office.admin.patch(f"/v1/relation-kinds/{gone['id']}", json={"is_archived": True}), 200)
    relations, _ = await sheets(office, "relations.xlsx")
    assert choices(relations, "Type") == ["organisatie", "persoon", "intern", "leverancier"]
    assert choices(relations, "Tijdvak LH") == ["maand", "vier weken", "halfjaar", "jaar", "geen"]
    assert "VOF" in (choices(relations, "Rechtsvorm") or ())
    assert len(choices(relations, "Rechtsvorm") or ()) == 19  # a person has none
    assert choices(relations, "Relatiesoort") == ["Cliënt, IB"]
    assert choices(relations, "Relatiegroep") == ["=Som"]
    assert choices(relations, "Producten") is None  # several may stand in a cell: a list would refuse them
    told = [rule.prompt for rule in relations.data_validations.dataValidation]
    assert "Meer dan één mag, met ; ertussen. Bijvoorbeeld: Btw" in told
    contacts, _ = await sheets(office, "contacts.xlsx")
    assert choices(contacts, "Taal") == ["Nederlands", "Engels"]


async def test_lists_of_others_stay_theirs(office: Tenant, other_office: Tenant) -> None:
    made(await office.admin.post("/v1/relation-kinds", json={"name": "Geheim"}))
    for client in (other_office.admin, await office.key(P.IMPORT_TEMPLATES_READ)):
        answer = await client.get(f"{PATH}/relations.xlsx")
        book = load_workbook(io.BytesIO(answer.content))
        cells = [cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        assert "Geheim" not in cells


@pytest.mark.parametrize("file", ["relations.xlsx", "contacts.xlsx"])
async def test_numbers_are_text(office: Tenant, file: str) -> None:
    listed, _ = await sheets(office, file)
    as_text = {
        place
        for each in listed.column_dimensions.values()
        if each.number_format == "@"
        for place in range(each.min or 1, (each.max or 0) + 1)
    }
    for place, column in enumerate(catalogue_of(file).columns, 1):
        assert (place in as_text) == (column.kind.form == "text"), column.field
        for row in range(2, listed.max_row + 1):
            cell = listed.cell(row, place)
            if cell.value is not None and column.kind.form == "text":
                assert cell.number_format == "@"  # also of what is corrected in the example
            assert cell.data_type != "f"
            assert cell.value is None or cell.is_date == (column.kind.form == "date"), column.field


@pytest.mark.parametrize("file", ["relations.xlsx", "contacts.xlsx"])
async def test_the_explanation(office: Tenant, file: str) -> None:
    _, explained = await sheets(office, file)
    lines = [[cell.value for cell in row] for row in explained.iter_rows()]
    columns = catalogue_of(file).columns
    assert [line[0] for line in lines[-len(columns) :]] == [column.dutch for column in columns]
    assert all(line[1] and line[2] and line[3] and line[4] and line[6] for line in lines[-len(columns) :])
    assert lines[0][0] == "Zo werkt importeren"


@pytest.mark.parametrize("file", ["relations.csv", "contacts.csv"])
async def test_csv_for_dutch_excel(office: Tenant, file: str) -> None:
    content = await download(office, file)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == [column.dutch for column in catalogue_of(file).columns]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]
