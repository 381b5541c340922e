"""`/exports`: relations and contacts as files, in the columns of the import (round trip; BSN-03)."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from app.access import KEY_SCOPES, P, Role
from app.schemas.import_columns import match, read_row
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_relations import RELATIONS
from app.sheets.reading import reading
from tests.factories import Client, Tenant
from tests.factories.conventions import made, problem
from tests.factories.exports import BSNS, MEMO, ODD, Full
from tests.factories.imports import planned, relations, rows

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

PATH = "/v1/exports"
FILES = ("relations.xlsx", "relations.csv", "contacts.xlsx", "contacts.csv")
NAMES = {"relations": "relaties", "contacts": "contacten"}
every_file = pytest.mark.parametrize("file", FILES)
both = pytest.mark.parametrize("form", ["xlsx", "csv"])


async def download(client: Client, file: str, **query: str) -> bytes:
    answer = await client.get(f"{PATH}/{file}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


async def listed(client: Client, file: str, **query: str) -> list[dict[str, str]]:
    """The rows of the file, by Dutch heading, as text."""
    content = await download(client, file, **query)
    if file.endswith("csv"):
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    book = load_workbook(io.BytesIO(content))
    heads, *found = book.worksheets[0].iter_rows(values_only=True)
    return [
        {str(head): "" if cell is None else str(cell) for head, cell in zip(heads, row, strict=True)} for row in found
    ]


@pytest.mark.usefixtures("worker")
class TestRoundTrip:
    @both
    async def test_an_import_of_it_changes_nothing(self, office: Tenant, form: str) -> None:
        count = await Full(office).build()
        content = await download(office.admin, f"relations.{form}")
        found = await planned(office, content, name=f"x.{form}")
        changed = [row for row in await rows(office, found, limit="200") if row["action"] != "unchanged"]
        assert not changed, [(row["fields"], row["findings"]) for row in changed[:4]]
        assert found["counts"]["unchanged"] == count
        assert found["about"]["unknown_columns"] == []
        assert await rows(office, found, has_findings="true") == []

    @both
    async def test_what_is_empty_is_empty_there_too(self, office: Tenant, form: str) -> None:
        """Cleared is what an empty cell names: of these nothing is."""
        await Full(office).build()
        content = await download(office.admin, f"relations.{form}")
        found = await planned(office, content, name=f"x.{form}", empty_cells="clear")
        changed = [row for row in await rows(office, found, limit="200") if row["action"] != "unchanged"]
        assert not changed, changed

    @both
    async def test_archived_ones_with_what_is_archived(self, office: Tenant, form: str) -> None:
        names = {path: made(await office.admin.post(f"/v1/{path}", json={"name": "Oud; weg"}))["id"]
                 for path in ("labels", "products", "relation-kinds")}  # fmt: skip
        taken = {"label_ids": [names["labels"]], "kind_id": names["relation-kinds"],
                 "products": [{"product_id": names["products"]}]}  # fmt: skip
        parent = await office.relation("1", **taken)
        child = await office.relation("1.1", parent_id=parent["id"], **taken)
        await office.relation("1.2", parent_id=parent["id"], **taken)
        for relation in (parent, child):
            assert (await office.admin.delete(f"/v1/relations/{relation['id']}")).status_code == 204
        for path, row_id in names.items():
            made(await office.admin.patch(f"/v1/{path}/{row_id}", json={"is_archived": True}), 200)
        made(await office.admin.patch(f"/v1/products/{names['products']}", json={"filing_type": "vat"}), 200)
        for archived, count in (("true", 2), ("false", 1)):
            content = await download(office.admin, f"relations.{form}", archived=archived)
            found = await planned(office, content, name=f"x.{form}")
            assert found["counts"]["unchanged"] == count, await rows(office, found)

    async def test_a_change_of_an_archived_one_is_refused(self, office: Tenant) -> None:
        relation = await office.relation("1")
        assert (await office.admin.delete(f"/v1/relations/{relation['id']}")).status_code == 204
        content = (await download(office.admin, "relations.csv", archived="true")).replace(b"Relation 1", b"Other")
        (row,) = await rows(office, await planned(office, content))
        assert (row["action"], row["findings"][0]["code"]) == ("error", "archived")

    async def test_the_mask_of_another_is_refused(self, office: Tenant) -> None:
        await office.relation("1", type="person", name=None, legal_form=None, surname="Vries", bsn=BSNS[0])
        content = await download(office.admin, "relations.csv")
        there = (await relations(office))["1"]
        made(await office.admin.patch(f"/v1/relations/{there['id']}", json={"bsn": None}), 200)
        (row,) = await rows(office, await planned(office, content))
        assert [each["code"] for each in row["findings"]] == ["other_mask"]


async def test_both_forms_say_the_same(office: Tenant) -> None:
    await Full(office).build()
    page = made(await office.admin.get("/v1/relations", params={"limit": 200}), 200)["items"]
    for file in ("relations.xlsx", "relations.csv"):
        found = await listed(office.admin, file)
        shown = [row["Relatienummer"].lstrip("'").replace("_x005F_", "_") for row in found]  # openpyxl's omission
        assert shown == [row["number"].lstrip("'") for row in page]
        by_number = {row["Relatienummer"]: row for row in found}
        assert by_number["100.10"]["Memo"].replace("\r\n", "\n").lstrip("'") == f"{ODD[0]}\n{MEMO}"
        assert by_number["p33"]["BSN"] == "*********"


async def test_no_cell_is_a_formula(office: Tenant) -> None:
    await Full(office).build()
    content = (await download(office.admin, "relations.csv")).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(content), delimiter=";"):
        assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\uff1d")]
    book = load_workbook(io.BytesIO(await download(office.admin, "relations.xlsx")))
    assert not [cell for line in book.worksheets[0].iter_rows() for cell in line if cell.data_type == "f"]


@every_file
async def test_no_citizen_number(office: Tenant, file: str) -> None:
    await Full(office).build()
    shown = "\n".join(str(row) for row in await listed(office.admin, file))
    assert not [bsn for bsn in BSNS if bsn in shown]


async def contacts(office: Tenant) -> list[dict[str, Any]]:
    """What an import has to read of the contacts, made here with odd texts in all their fields."""
    numbers = ["100", "100.1", "a; b"]
    linked = [await office.relation(number) for number in numbers]
    assert (await office.admin.delete(f"/v1/relations/{linked[1]['id']}")).status_code == 204
    expected = []
    for place, text in enumerate(ODD):
        body: dict[str, Any] = dict.fromkeys(("first_names", "initials", "prefix", "surname", "salutation"), text)
        body |= {"number": f"{text}{place}", "email": f"'x{place}@b.nl", "phone": text, "mobile": text}
        body |= {"language": ("nl", "en")[place % 2]}
        body["notifications"] = {"messages": bool(place % 2), "document_requests": True, "reminders": False,
                                 "digest": "weekly"}  # fmt: skip
        contact = made(await office.admin.post("/v1/contacts", json=body))
        links = []
        for number, relation in ((numbers[0], linked[0]), (numbers[2], linked[2])):
            link = {"function": text, "portal_access": number == "100", "is_preferred": False, "is_ubo": True}
            path = f"/v1/relations/{relation['id']}/contacts/{contact['id']}"
            made(await office.admin.put(path, json=link))
            links.append({"relation_number": number} | link)
        expected.append(body | {"links": links})
    return expected


@both
async def test_contacts_are_read_as_they_are(office: Tenant, form: str, tmp_path: Path) -> None:
    expected = await contacts(office)
    path = tmp_path / "file"
    path.write_bytes(await download(office.admin, f"contacts.{form}"))
    async with reading(path, CONTACTS.known) as sheet:
        found = [row async for batch in sheet.batches() for row in batch]
    headings = match(CONTACTS, sheet.about.headings)
    assert headings.columns == CONTACTS.columns
    read = [read_row(CONTACTS, headings, row.cells) for row in found]
    assert not [finding for _, findings in read for finding in findings]
    by_number = {given["number"]: given for given, _ in read}
    assert by_number == {each["number"]: each for each in expected}


@every_file
async def test_an_attachment(office: Tenant, file: str) -> None:
    await office.relation("1")
    name, _, form = file.partition(".")
    answer = await office.admin.get(f"{PATH}/{file}")
    shown = f"{NAMES[name]}.{form}"
    assert answer.headers["content-disposition"] == f"attachment; filename=\"{shown}\"; filename*=UTF-8''{shown}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-store" in answer.headers["cache-control"]
    catalogue = {"relations": RELATIONS, "contacts": CONTACTS}[name]
    if form == "csv":
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        heads = answer.content.decode("utf-8-sig").splitlines()[0].split(";")
        assert heads == [column.dutch for column in catalogue.columns]
    else:
        assert int(answer.headers["content-length"]) == len(answer.content)


@every_file
async def test_an_office_without_any(office: Tenant, file: str) -> None:
    assert await listed(office.admin, file) == []


async def exported(office: Tenant) -> list[dict[str, Any]]:
    items = made(await office.admin.get("/v1/timeline", params={"subject_id": str(office.id)}), 200)["items"]
    return [each for each in items if each["action"].endswith(".exported")]


@every_file
async def test_the_history_says_who_took_what(office: Tenant, file: str) -> None:
    await office.relation("1")
    query = {"type": "organisation"} if "relations" in file else {"login_status": "none"}
    assert (await office.admin.head(f"{PATH}/{file}", params=query)).content == b""
    assert await exported(office) == []  # HEAD takes nothing along
    await download(office.admin, file, **query)
    (event,) = await exported(office)
    name, _, form = file.partition(".")
    assert (event["action"], event["actor_name"]) == (f"{name}.exported", "Bea Beheer")
    assert event["data"] == {"form": form, "count": int(name == "relations"), "filters": query}


async def test_filters(office: Tenant) -> None:
    label = made(await office.admin.post("/v1/labels", json={"name": "Vip"}))["id"]
    await office.relation("2", label_ids=[label], status="prospect")
    await office.relation("10", type="supplier")
    gone = await office.relation("1")
    assert (await office.admin.delete(f"/v1/relations/{gone['id']}")).status_code == 204

    async def numbers(**query: str) -> list[str]:
        return [row["Relatienummer"] for row in await listed(office.admin, "relations.csv", **query)]

    assert await numbers() == ["2", "10"]
    assert await numbers(label_id=label) == await numbers(status="prospect") == ["2"]
    assert await numbers(type="supplier") == ["10"]
    assert await numbers(archived="true") == ["1"]
    for query in ("q=x", "limit=1", "cursor=x", "sort=name", "type=x", "external_id=a:1"):
        refused = await office.admin.get(f"{PATH}/relations.csv?{query}")
        problem(refused, 422, None, f"/{query.partition('=')[0]}")


@every_file
async def test_for_who_sees_all(office: Tenant, other_office: Tenant, file: str) -> None:
    relation = await office.relation("1", name="Geheim")
    _, client = await office.linked_contact(relation)
    _, reader = await office.member(Role.READER)
    key = await office.key(*(KEY_SCOPES - {P.EXPORTS_READ}))
    for each in (client, reader, office.anna, key):
        problem(await each.get(f"{PATH}/{file}"), 403, "forbidden")
    _, manager = await office.member(Role.MANAGER)
    for each in (manager, await office.key(P.EXPORTS_READ)):
        assert len(await listed(each, file)) == 1
    assert await listed(other_office.admin, file) == []


async def test_there_are_no_others(office: Tenant) -> None:
    for file in ("dossiers.xlsx", "relations.ods", "relations", ""):
        problem(await office.admin.get(f"{PATH}/{file}"), 404)


async def test_a_text_longer_than_a_cell(office: Tenant) -> None:
    """Excel would cut it; nobody is to lose half a memo without a word."""
    await office.relation("1", memo="😀" * 20_000)
    refused = problem(await office.admin.get(f"{PATH}/relations.xlsx"), 422, "cell_too_long")
    assert refused["detail"].startswith("“Memo” of 1 is longer")
    (row,) = await listed(office.admin, "relations.csv")
    assert row["Memo"] == "😀" * 20_000
