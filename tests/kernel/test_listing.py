"""Lists: keyset pages that neither skip nor repeat, cursors that fit their list only."""

import base64
import json

import pytest

from tests.factories import Tenant

pytestmark = pytest.mark.anyio


async def test_pages_join_to_the_whole(office: Tenant) -> None:
    for number in ("100", "100.10", "100.2", "9", "A", "100.1", "a2"):
        await office.relation(number)
    for sort in ("number", "-number", "name", "-name", "updated_at", "-updated_at"):
        whole = (await office.admin.get(f"/v1/relations?sort={sort}")).json()["items"]
        pages, path = [], f"/v1/relations?sort={sort}&limit=2&include=total"
        while path:
            answer = await office.admin.get(path)
            page = answer.json()
            assert page["total"] == 7
            pages += page["items"]
            if page["next_cursor"] is None:
                assert "link" not in answer.headers
                break
            path = answer.links["next"]["url"]
        assert [row["id"] for row in pages] == [row["id"] for row in whole]
    by_number = (await office.admin.get("/v1/relations")).json()["items"]
    assert [row["number"] for row in by_number] == ["9", "100", "100.1", "100.2", "100.10", "A", "a2"]
    assert (await office.admin.get("/v1/relations")).json()["total"] is None


async def test_a_row_added_between_pages_moves_nothing(office: Tenant) -> None:
    for number in ("1", "3", "5"):
        await office.relation(number)
    first = (await office.admin.get("/v1/relations?limit=2")).json()
    await office.relation("2")
    rest = (await office.admin.get(f"/v1/relations?limit=2&cursor={first['next_cursor']}")).json()
    assert [row["number"] for row in first["items"] + rest["items"]] == ["1", "3", "5"]


async def test_cursors(office: Tenant) -> None:
    for number in ("1", "2"):
        await office.relation(number)
    cursor = (await office.admin.get("/v1/relations?limit=1")).json()["next_cursor"]
    for other in ("sort=-number", "type=person", "q=x", "archived=true"):
        refused = await office.admin.get(f"/v1/relations?{other}&cursor={cursor}")
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor_mismatch")
    assert (await office.admin.get(f"/v1/contacts?cursor={cursor}")).json()["code"] == "cursor_mismatch"
    assert (await office.admin.get(f"/v1/relations?limit=5&cursor={cursor}")).status_code == 200
    fingerprint = json.loads(base64.urlsafe_b64decode(cursor + "=="))[0]
    odd = [
        "x",
        "%00",
        _cursor("[" * 2000),
        _cursor("{}"),
        _cursor('"text"'),
        _cursor("null"),
        _cursor(json.dumps([fingerprint])),
        _cursor(json.dumps([fingerprint, "1", "no-id"])),
        _cursor(json.dumps([fingerprint, 5, "0193d6f0-0000-7000-8000-000000000001"])),
        _cursor(json.dumps([fingerprint, "a\x00b", "0193d6f0-0000-7000-8000-000000000001"])),
        _cursor(json.dumps([fingerprint, "\ud800", "0193d6f0-0000-7000-8000-000000000001"])),
    ]
    for bad in odd:
        refused = await office.admin.get(f"/v1/relations?cursor={bad}")
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor_invalid"), bad


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=1_0",
        "limit=%2B5",
        "archived=yes",
        "sort=memo",
        "sort=id;drop",
        "include=all",
    ],
)
async def test_what_a_list_does_not_take(office: Tenant, query: str) -> None:
    """IN-05."""
    assert (await office.admin.get(f"/v1/relations?{query}")).status_code == 422


async def test_wildcards_mean_themselves(office: Tenant) -> None:
    """IN-05."""
    await office.relation("1", name="100% Fietsen_Winkel")
    await office.relation("2", name="Bakker Čapek")
    for query, found in (
        ("%25", 1),
        ("_", 1),
        ("%5C", 0),
        ("100%25 f", 1),
        ("capek", 1),
        ("CAP", 1),
        ("zz", 0),
        ("2", 1),
    ):
        answer = await office.admin.get(f"/v1/relations?q={query}")
        assert len(answer.json()["items"]) == found, query
