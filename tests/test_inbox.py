"""Delivered is not filed: somebody of the office decides (domain rules 11, 12; AZ-06)."""

from collections import Counter
from typing import Any

import pytest

from app.access import Role
from app.db import Database
from app.models import DossierItem
from tests.factories import Client, Family, Tenant, make_family, make_file
from tests.factories.conversations import begin, send
from tests.factories.remains import count_items
from tests.factories.waiting import at_once

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


@pytest.fixture
async def folders(office: Tenant, family: Family) -> dict[str, Any]:
    return await office.folders(family.vof)


async def delivered(client: Client, relation: dict[str, Any], *names: str) -> dict[str, Any]:
    conversation = await begin(client, relation)
    answer = await send(client, conversation["id"], *[make_file(name) for name in names])
    assert answer.status_code == 201, answer.text
    return conversation


async def waiting(client: Client, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/inbox", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestList:
    async def test_over_all_dossiers(self, office: Tenant, family: Family) -> None:
        conversation = await delivered(family.henk, family.vof, "een.pdf")
        await delivered(family.jan, family.jan_own, "twee.pdf")
        first, second = await waiting(office.anna)
        assert (first["name"], first["relation"]["id"], first["sender_name"]) == (
            "een.pdf",
            family.vof["id"],
            "Henk de Vries",
        )
        assert (first["conversation_id"], first["delivered_at"]) == (conversation["id"], first["created_at"])
        assert second["relation"]["number"] == "100.2"
        assert [item["name"] for item in await waiting(office.anna, sort="-created_at")] == ["twee.pdf", "een.pdf"]
        assert [item["name"] for item in await waiting(office.anna, relation_id=family.jan_own["id"])] == ["twee.pdf"]

    async def test_of_the_relations_that_are_ones_own(
        self, office: Tenant, family: Family, other_office: Tenant
    ) -> None:
        await delivered(family.henk, family.vof, "een.pdf")
        _, stranger = await office.member(Role.MUTATOR)
        assert await waiting(stranger) == []
        (item,) = await waiting(office.admin)
        body = {"folder_id": item["folder_id"]}
        for client in (stranger, other_office.admin):
            assert (await client.post(f"/v1/inbox/{item['id']}/route", json=body)).status_code == 404
        assert (await family.henk.get("/v1/inbox")).status_code == 403
        assert (await family.henk.post(f"/v1/inbox/{item['id']}/route", json=body)).status_code == 403


class TestRoute:
    async def test_into_open_and_closed_folders(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        await delivered(family.henk, family.vof, "a.pdf", "b.pdf")
        for item, folder, seen in zip(await waiting(office.anna), ("Permanent", "Intern"), (200, 404), strict=True):
            routed = await office.anna.post(
                f"/v1/inbox/{item['id']}/route", json={"folder_id": folders[folder]["id"], "name": f"in {folder}.pdf"}
            )
            assert (routed.status_code, routed.json()["folder_id"]) == (200, folders[folder]["id"])
            assert routed.json()["name"] == f"in {folder}.pdf"
            assert (await family.henk.get(f"/v1/dossier-items/{item['id']}")).status_code == seen
            again = await office.anna.post(f"/v1/inbox/{item['id']}/route", json={"folder_id": folders["Jaar"]["id"]})
            assert (again.status_code, again.json()["code"]) == (409, "not_in_inbox")
        assert await waiting(office.anna) == []

    async def test_only_within_its_dossier(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        await delivered(family.henk, family.vof, "a.pdf")
        (item,) = await waiting(office.anna)
        other = await office.folders(family.jan_own)
        for folder_id in (other["Permanent"]["id"], folders["Inbox"]["id"], "0193d6f0-0000-7000-8000-000000000001"):
            refused = await office.anna.post(f"/v1/inbox/{item['id']}/route", json={"folder_id": folder_id})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/folder_id")
        assert len(await waiting(office.anna)) == 1

    async def test_two_members_at_once(
        self, office: Tenant, family: Family, folders: dict[str, Any], db: Database
    ) -> None:
        """One decides, the other is told; never two places."""
        await delivered(family.henk, family.vof, *[f"{n}.pdf" for n in range(10)])
        for item in await waiting(office.anna):
            choices = [(office.anna, "Permanent"), (office.admin, "Intern")]
            answers = await at_once(
                *(c.post(f"/v1/inbox/{item['id']}/route", json={"folder_id": folders[f]["id"]}) for c, f in choices)
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            winner = next(f for answer, (_, f) in zip(answers, choices, strict=True) if answer.status_code == 200)
            shown = (await office.anna.get(f"/v1/dossier-items/{item['id']}")).json()
            assert shown["folder_id"] == folders[winner]["id"]
        assert await count_items(db, office.id) == 10

    async def test_route_against_refuse_against_move(
        self, office: Tenant, family: Family, folders: dict[str, Any]
    ) -> None:
        await delivered(family.henk, family.vof, *[f"{n}.pdf" for n in range(6)])
        for item in await waiting(office.anna):
            answers = await at_once(
                office.anna.post(f"/v1/inbox/{item['id']}/route", json={"folder_id": folders["Permanent"]["id"]}),
                office.admin.post(f"/v1/inbox/{item['id']}/refuse", json={"reason": "Onleesbaar"}),
                office.admin.post(f"/v1/inbox/{item['id']}/reassign", json={"relation_id": family.jan_own["id"]}),
            )
            codes = Counter(answer.status_code for answer in answers)
            assert set(codes) <= {200, 409, 412}, codes
            routed, refused, moved = (answer.status_code == 200 for answer in answers)
            shown = (await office.admin.get(f"/v1/dossier-items/{item['id']}")).json()
            assert routed + refused <= 1
            assert (shown["binned_at"] is not None) is refused
            assert (shown["folder_id"] == folders["Permanent"]["id"]) is routed
            assert moved is (shown["dossier_id"] != family.vof["dossier_id"])


class TestRouteMany:
    async def test_all(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        await delivered(family.henk, family.vof, *[f"{n}.pdf" for n in range(4)])
        items = await waiting(office.anna)
        entries = [{"item_id": item["id"], "folder_id": folders["Jaar"]["id"]} for item in reversed(items)]
        routed = await office.anna.post("/v1/inbox/route", json={"items": entries})
        assert [item["id"] for item in routed.json()["items"]] == [entry["item_id"] for entry in entries]
        assert await waiting(office.anna) == []

    async def test_or_none(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        await delivered(family.henk, family.vof, "a.pdf", "b.pdf")
        first, second = await waiting(office.anna)
        good = {"item_id": first["id"], "folder_id": folders["Jaar"]["id"]}
        for bad, pointer in (
            (good, "/items/1/item_id"),
            (good | {"item_id": folders["Jaar"]["id"]}, "/items/1/item_id"),
            ({"item_id": second["id"], "folder_id": folders["Inbox"]["id"]}, "/items/1/folder_id"),
        ):
            refused = await office.anna.post("/v1/inbox/route", json={"items": [good, bad]})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
            assert len(await waiting(office.anna)) == 2

    async def test_batches_in_crossed_order(self, office: Tenant, family: Family, folders: dict[str, Any]) -> None:
        """F18: no deadlock; one batch wins whole."""
        await delivered(family.henk, family.vof, *[f"{n}.pdf" for n in range(20)])
        ids = [item["id"] for item in await waiting(office.anna)]
        batches = [
            {"items": [{"item_id": item, "folder_id": folders[folder]["id"]} for item in order]}
            for folder, order in (("Jaar", ids), ("Intern", ids[::-1]))
        ]
        answers = await at_once(*(office.anna.post("/v1/inbox/route", json=batch) for batch in batches))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert await waiting(office.anna) == []


class TestRefuse:
    async def test_to_the_bin_and_still_in_the_conversation(self, office: Tenant, family: Family, db: Database) -> None:
        conversation = await delivered(family.henk, family.vof, "a.pdf")
        (item,) = await waiting(office.anna)
        for reason in ("Onleesbaar", "Onleesbaar"):
            refused = await office.anna.post(f"/v1/inbox/{item['id']}/refuse", json={"reason": reason})
        assert refused.json()["code"] == "not_in_inbox"
        assert (await office.anna.get(f"/v1/dossier-items/{item['id']}")).json()["binned_at"]
        (message,) = (await family.henk.get(f"/v1/conversations/{conversation['id']}/messages")).json()["items"]
        path = f"/v1/messages/{message['id']}/attachments/{message['attachments'][0]['id']}/content"
        assert (await family.henk.get(path)).status_code == 200
        await office.anna.post(f"/v1/dossier-items/{item['id']}/restore")
        assert [found["id"] for found in await waiting(office.anna)] == [item["id"]]


class TestReassign:
    async def test_to_another_inbox(self, office: Tenant, family: Family, db: Database) -> None:
        await delivered(family.henk, family.vof, "a.pdf")
        (item,) = await waiting(office.anna)
        moved = await office.anna.post(f"/v1/inbox/{item['id']}/reassign", json={"relation_id": family.jan_own["id"]})
        assert moved.status_code == 200, moved.text
        (found,) = await waiting(office.anna)
        assert (found["id"], found["relation"]["id"]) == (item["id"], family.jan_own["id"])
        async with db.transaction(office.id) as session:
            row = await session.get_one(DossierItem, (office.id, found["id"]))
            assert str(row.folder_id) == (await office.folders(family.jan_own))["Inbox"]["id"]
        assert (await family.jan.get(f"/v1/dossier-items/{item['id']}/content")).status_code == 404

    async def test_to_what_is_not_ones_own(self, office: Tenant, family: Family, other_office: Tenant) -> None:
        await delivered(family.henk, family.vof, "a.pdf")
        (item,) = await waiting(office.anna)
        theirs = await other_office.relation()
        hidden = (
            await office.admin.post(
                "/v1/relations", json={"number": "9", "type": "organisation", "name": "x", "legal_form": "bv"}
            )
        ).json()
        for relation in (theirs, hidden):
            refused = await office.anna.post(f"/v1/inbox/{item['id']}/reassign", json={"relation_id": relation["id"]})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/relation_id")
        await office.admin.delete(f"/v1/relations/{family.jan_own['id']}")
        refused = await office.anna.post(f"/v1/inbox/{item['id']}/reassign", json={"relation_id": family.jan_own["id"]})
        assert refused.json()["code"] == "dossier_archived"
