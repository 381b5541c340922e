"""What happened: one line for one change, never changed, and shown to whom it may be (LO-01)."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.access import Role
from app.db import Database
from app.models import Event
from tests.factories import Client, Family, Tenant, make_family, make_file, upload
from tests.factories.conversations import ask, begin, send

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]


# An event of another office, out of one's own.
FORGED = """INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object('office_id', gen_random_uuid()))).*
            FROM events e"""


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


async def actions(db: Database, office: Tenant) -> Counter[str]:
    async with db.transaction(office.id) as session:
        return Counter(await session.scalars(select(Event.action)))


async def shown(client: Client, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/timeline", params=query)
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["items"]
    return events


async def test_one_line_for_one_change(office: Tenant, family: Family, db: Database) -> None:
    folders = await office.folders(family.vof)
    seen = await actions(db, office)

    async def adds(expected: dict[str, int], call: Any) -> Any:
        nonlocal seen
        answer = await call
        now = await actions(db, office)
        assert dict(now - seen) == expected, answer.text
        seen = now
        return answer

    two = [make_file("a.pdf"), make_file("leeg.pdf", b""), make_file("b.pdf")]
    stored = await adds({"dossier_item.stored": 2}, upload(office.anna, folders["Intern"], *two))
    path = f"/v1/dossier-items/{stored.json()['items'][0]['item']['id']}"
    await adds({"dossier_item.changed": 1}, office.anna.patch(path, json={"name": "c.pdf"}))
    await adds({}, office.anna.patch(path, json={"name": ""}))
    await adds({"dossier_item.binned": 1}, office.anna.delete(path))
    await adds({}, office.anna.delete(path))
    await adds({"dossier_item.restored": 1}, office.anna.post(f"{path}/restore"))
    await adds({"file.downloaded": 1}, office.anna.get(f"{path}/content"))
    await adds({}, office.anna.head(f"{path}/content"))
    await adds({}, office.anna.get(f"{path}/content", headers={"Range": "bytes=5-"}))
    await adds({}, office.anna.get(path))
    folder = f"/v1/folders/{folders['Jaar']['id']}"
    await adds({"folder.changed": 1}, office.anna.patch(folder, json={"visibility": "closed"}))
    await adds({"folder.deleted": 1}, office.anna.delete(folder))
    body = {"relation_id": family.vof["id"], "subject": "x"}
    conversation = await adds({"conversation.created": 1}, family.henk.post("/v1/conversations", json=body))
    two_files = send(family.henk, conversation.json()["id"], make_file("d.pdf"), make_file("e.pdf"))
    await adds({"message.sent": 1, "dossier_item.delivered": 2}, two_files)
    first, second = (await office.anna.get("/v1/inbox")).json()["items"]
    route = {"folder_id": folders["Permanent"]["id"]}
    await adds({"dossier_item.filed": 1}, office.anna.post(f"/v1/inbox/{first['id']}/route", json=route))
    await adds({"dossier_item.refused": 1}, office.anna.post(f"/v1/inbox/{second['id']}/refuse", json={"reason": "x"}))


async def test_says_who_and_what(office: Tenant, family: Family) -> None:
    folders = await office.folders(family.vof)
    answer = await upload(office.anna, folders["Intern"], headers={"X-Request-Id": "verzoek-1"})
    item = answer.json()["items"][0]["item"]
    (event,) = await shown(office.anna, subject_id=item["id"])
    assert (event["action"], event["subject_type"]) == ("dossier_item.stored", "dossier_item")
    assert (event["actor_kind"], event["actor_id"], event["actor_name"]) == (
        "team_member",
        str(office.anna_id),
        "Anna Jansen",
    )
    assert (event["relation_id"], event["request_id"]) == (family.vof["id"], "verzoek-1")
    assert event["data"] == {"name": "stuk.pdf"}


async def test_no_content_of_messages(office: Tenant, family: Family) -> None:
    """LO-02."""
    conversation = await begin(family.henk, family.vof)
    await send(family.henk, conversation["id"], make_file(), text="zeer vertrouwelijk")
    assert "vertrouwelijk" not in str(await shown(office.admin))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor_name = 'niemand'",
        "DELETE FROM events",
        "TRUNCATE events",
        FORGED,
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
        "DROP TABLE events",
    ],
)
async def test_the_application_can_not_change_them(office: Tenant, db: Database, statement: str) -> None:
    """LO-01, OP-06."""
    await office.relation()
    before = await actions(db, office)
    with pytest.raises(DBAPIError) as refused:
        async with db.transaction(office.id) as session:
            await session.execute(text(statement))
    assert getattr(refused.value.orig, "sqlstate", "") == "42501"
    assert await actions(db, office) == before


async def test_others_events_are_not_there(office: Tenant, other_office: Tenant, family: Family, db: Database) -> None:
    async with db.transaction(other_office.id) as session:
        found = await session.scalars(select(Event.office_id))
        assert set(found) <= {other_office.id}
    async with db.transaction(None) as session:
        assert list(await session.scalars(select(Event.id))) == []
    assert family.vof["id"] not in str(await shown(other_office.admin))


async def test_staff_by_role_on_the_relation(office: Tenant, family: Family) -> None:
    _, stranger = await office.member(Role.MUTATOR)
    assert [event for event in await shown(stranger) if event["relation_id"]] == []
    assert await shown(office.anna, relation_id=family.vof["id"])


class TestContact:
    async def test_what_is_his_and_marked(self, office: Tenant, family: Family) -> None:
        folders = await office.folders(family.vof)
        await upload(office.anna, folders["Permanent"], make_file("open.pdf"))
        await upload(office.anna, folders["Intern"], make_file("dicht.pdf"))
        request = await ask(office.anna, family.vof, family.henk_id, folders["Intern"])
        await send(family.henk, request["conversation_id"], make_file(), line_id=request["lines"][0]["id"])
        henk, jan = await shown(family.henk), await shown(family.jan)
        assert Counter(event["action"] for event in henk) == Counter(
            [
                "dossier_item.stored",
                "conversation.created",
                "document_request.created",
                "document_request.delivered",
                "message.sent",
            ]
        )
        assert Counter(event["action"] for event in jan) == Counter(["dossier_item.stored"])
        assert set(henk[0]) == {"id", "at", "action", "subject_type", "subject_id", "relation_id"}

    async def test_a_closed_folder_takes_its_history_along(self, office: Tenant, family: Family) -> None:
        """DOM-01, AZ-05."""
        folders = await office.folders(family.vof)
        await upload(office.anna, folders["Permanent"])
        path = f"/v1/folders/{folders['Permanent']['id']}"
        assert len(await shown(family.henk)) == 1
        await office.anna.patch(path, json={"visibility": "closed"})
        assert await shown(family.henk) == []
        assert (await family.henk.get("/v1/timeline?include=total")).json()["total"] == 0
        await office.anna.patch(path, json={"visibility": "open"})
        (event,) = await shown(family.henk)
        await office.anna.delete(f"/v1/dossier-items/{event['subject_id']}")
        assert await shown(family.henk) == []

    async def test_moved_out_of_sight(self, office: Tenant, family: Family) -> None:
        folders = await office.folders(family.vof)
        item = (await upload(office.anna, folders["Permanent"])).json()["items"][0]["item"]
        await office.anna.patch(f"/v1/dossier-items/{item['id']}", json={"folder_id": folders["Intern"]["id"]})
        assert await shown(family.henk) == []


async def test_order_is_that_of_writing(office: Tenant) -> None:
    relation = await office.relation()
    folder = (await office.folders(relation))["Intern"]
    await asyncio.gather(*(upload(office.anna, folder, make_file(f"{n}.pdf")) for n in range(10)))
    events = await shown(office.anna, sort="at", relation_id=relation["id"])
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert len({UUID(event["id"]) for event in events}) == len(events)
