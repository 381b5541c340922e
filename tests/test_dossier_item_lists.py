"""Finding documents: order, search, pages; and what of it a contact sees (domain rules 2, 6; DOM-01)."""

from typing import Any

import pytest

from tests.factories import Client, Tenant, make_file, upload

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

NAMES = ["Čapek.txt", "100% zeker.txt", "b_1.txt", "bx1.txt", "Zuid.txt"]


@pytest.fixture
async def relation(office: Tenant) -> dict[str, Any]:
    return await office.relation()


@pytest.fixture
async def folders(office: Tenant, relation: dict[str, Any]) -> dict[str, Any]:
    found = await office.folders(relation)
    for folder in ("Permanent", "Intern"):
        files = [make_file(name, f"{folder} {name}".encode()) for name in NAMES]
        assert (await upload(office.anna, found[folder], *files)).status_code == 201
    return found


async def named(client: Client, path: str, **query: Any) -> list[str]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


class TestOffice:
    async def test_order(self, office: Tenant, folders: dict[str, Any]) -> None:
        path = f"/v1/folders/{folders['Permanent']['id']}/items"
        by_name = ["100% zeker.txt", "b_1.txt", "bx1.txt", "Čapek.txt", "Zuid.txt"]
        assert await named(office.anna, path, sort="name") == by_name
        assert await named(office.anna, path, sort="-name") == by_name[::-1]
        assert sorted(await named(office.anna, path)) == sorted(NAMES)

    @pytest.mark.parametrize(
        ("q", "found"),
        [("capek", 1), ("ČAPEK", 1), ("%", 1), ("_", 1), ("b_1", 1), (".txt", 5), ("\\", 0), ("' OR 1=1", 0)],
    )
    async def test_search(
        self, office: Tenant, relation: dict[str, Any], folders: dict[str, Any], q: str, found: int
    ) -> None:
        """IN-05: every character means itself."""
        path = f"/v1/dossiers/{relation['dossier_id']}/items"
        assert len(await named(office.anna, path, q=q)) == 2 * found

    async def test_pages(self, office: Tenant, relation: dict[str, Any], folders: dict[str, Any]) -> None:
        path: str | None = f"/v1/dossiers/{relation['dossier_id']}/items?limit=3&sort=name&include=total"
        found: list[str] = []
        while path:
            answer = await office.anna.get(path)
            assert answer.json()["total"] == 10
            found += [item["id"] for item in answer.json()["items"]]
            path = answer.links["next"]["url"] if "next" in answer.links else None
        assert len(set(found)) == len(found) == 10

    @pytest.mark.parametrize(
        "query", ["sort=size", "limit=0", "limit=201", "cursor=x", "folder_id=1", "q=a&q=b", "binned=ja"]
    )
    async def test_wrong_questions(self, office: Tenant, folders: dict[str, Any], query: str) -> None:
        answer = await office.anna.get(f"/v1/folders/{folders['Permanent']['id']}/items?{query}")
        assert answer.status_code == 422


class TestContact:
    async def test_sees_what_is_open_and_nothing_of_how(
        self, office: Tenant, relation: dict[str, Any], folders: dict[str, Any]
    ) -> None:
        _, contact = await office.linked_contact(relation)
        answer = await contact.get(f"/v1/dossiers/{relation['dossier_id']}/items", params={"include": "total"})
        assert answer.json()["total"] == 5
        assert set(answer.json()["items"][0]) == {
            "id", "dossier_id", "folder_id", "name", "size", "media_type", "sha256", "created_at",
        }  # fmt: skip
        assert {item["folder_id"] for item in answer.json()["items"]} == {folders["Permanent"]["id"]}
        assert await named(contact, f"/v1/dossiers/{relation['dossier_id']}/items", q="capek") == ["Čapek.txt"]

    async def test_the_bin_is_the_offices(
        self, office: Tenant, relation: dict[str, Any], folders: dict[str, Any]
    ) -> None:
        _, contact = await office.linked_contact(relation)
        path = f"/v1/folders/{folders['Permanent']['id']}/items"
        item = (await contact.get(path)).json()["items"][0]
        await office.anna.delete(f"/v1/dossier-items/{item['id']}")
        assert len(await named(contact, path)) == 4
        assert await named(contact, path, binned="true") == []
        for suffix in ("", "/content"):
            assert (await contact.get(f"/v1/dossier-items/{item['id']}{suffix}")).status_code == 404

    async def test_opening_and_closing_hold_at_once(
        self, office: Tenant, relation: dict[str, Any], folders: dict[str, Any]
    ) -> None:
        """AZ-05, domain rule 2; visibility inherits downwards unless a folder says otherwise."""
        _, contact = await office.linked_contact(relation)
        new = {"name": "Sub", "parent_id": folders["Permanent"]["id"]}
        sub = (await office.anna.post(f"/v1/dossiers/{relation['dossier_id']}/folders", json=new)).json()
        await upload(office.anna, sub)
        path = f"/v1/folders/{sub['id']}/items"
        (item,) = (await contact.get(path)).json()["items"]
        permanent = f"/v1/folders/{folders['Permanent']['id']}"
        for state, status in (("closed", 404), ("open", 200)):
            assert (await office.anna.patch(permanent, json={"visibility": state})).status_code == 200
            for address in (path, f"/v1/folders/{sub['id']}", f"/v1/dossier-items/{item['id']}/content"):
                assert (await contact.get(address)).status_code == status
        await office.anna.patch(f"/v1/folders/{sub['id']}", json={"visibility": "open"})
        await office.anna.patch(permanent, json={"visibility": "closed"})
        shown = (await contact.get(f"/v1/folders/{sub['id']}")).json()
        assert shown["parent_id"] is None

    @pytest.mark.parametrize(
        "change", [{"portal_access": False}, {"valid_until": "2020-01-01"}, {"valid_from": "2199-01-01"}]
    )
    async def test_a_link_that_ends(
        self, office: Tenant, relation: dict[str, Any], folders: dict[str, Any], change: dict[str, Any]
    ) -> None:
        contact_id, contact = await office.linked_contact(relation)
        path = f"/v1/folders/{folders['Permanent']['id']}/items"
        assert len(await named(contact, path)) == 5
        link = f"/v1/relations/{relation['id']}/contacts/{contact_id}"
        assert (await office.admin.patch(link, json=change)).status_code == 200
        assert (await contact.get(path)).status_code == 404
