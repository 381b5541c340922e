"""Links of contacts to relations (koppelingen): the only thing that opens a dossier to a client (rules 30, 33)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.access import P, Role
from tests.factories import Client, Tenant, hostile, make_family
from tests.factories.conventions import (
    AT_ONCE,
    keeps_etag,
    made,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
    walk,
)
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio

SPELT_OUT: dict[str, Any] = {
    "function": "gevolmachtigde",
    "portal_access": False,
    "is_preferred": False,
    "preferred_for": [],
    "may_approve": [],
    "is_ubo": False,
    "valid_from": None,
    "valid_until": None,
}


def day(offset: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Amsterdam")).date() + timedelta(days=offset)).isoformat()


async def unlinked(office: Tenant) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A relation of Anna's, a contact, and the path of the link between them."""
    relation = await office.relation("100")
    body = {"number": "9", "email": "henk@vries.nl", "surname": "Vries"}
    contact = made(await office.anna.post("/v1/contacts", json=body))
    return relation, contact, f"/v1/relations/{relation['id']}/contacts/{contact['id']}"


class TestPut:
    async def test_makes_then_sets(self, office: Tenant) -> None:
        relation, contact, path = await unlinked(office)
        problem(await office.anna.get(path), 404)
        answer = await office.anna.put(path, json={"portal_access": True})
        link = made(answer)
        assert answer.headers["location"] == path
        assert link == SPELT_OUT | {
            "portal_access": True,
            "relation": {key: relation[key] for key in ("id", "number", "name", "type")},
            "contact": {key: contact[key] for key in ("id", "number", "name", "email")},
            "created_at": link["created_at"],
            "updated_at": link["updated_at"],
            "version": link["version"],
        }
        read = await office.anna.get(path)
        assert made(read, 200) == link
        assert read.headers["etag"] == answer.headers["etag"]
        same = await office.anna.put(path, json={"portal_access": True})
        assert made(same, 200) == link  # nothing changed, so not even the version
        body = {"function": "dga", "is_preferred": True, "valid_from": "2020-02-29", "valid_until": "2020-02-29"}
        changed = made(await office.anna.put(path, json=body), 200)
        assert {key: changed[key] for key in SPELT_OUT} == SPELT_OUT | body
        assert changed["version"] == link["version"] + 1

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-03, IN-04."""
        _, _, path = await unlinked(office)
        dates = dict.fromkeys(("valid_from", "valid_until"), hostile.NO_DATE)
        flags = dict.fromkeys(("portal_access", "is_preferred"), hostile.NO_BOOL)
        cases = {"function": (*hostile.NO_LINE, "null"), **flags, **dates}
        await refuses(office.anna, "PUT", path, {}, cases)
        await refuses_bodies(office.anna, "PUT", path, {"portal_access": True})
        order = {"valid_from": "2026-01-02", "valid_until": "2026-01-01"}
        problem(await office.anna.put(path, json=order), 422, None, "/valid_until")
        problem(await office.anna.get(path), 404)

    async def test_ends_that_are_not_there(self, office: Tenant, other_office: Tenant) -> None:
        """AZ-03: no link to what another office has."""
        relation, contact, _ = await unlinked(office)
        elsewhere, stranger, _ = await unlinked(other_office)
        for one, other in ((relation, stranger), (elsewhere, contact), (relation, relation), (contact, contact)):
            path = f"/v1/relations/{one['id']}/contacts/{other['id']}"
            problem(await office.admin.put(path, json={"portal_access": True}), 404, "not_found")
        assert (await office.admin.get(f"/v1/relations/{relation['id']}/contacts")).json()["items"] == []

    async def test_same_link_at_once(self, office: Tenant) -> None:
        """Twenty make it together: one link, one 201, one line on the timeline for each change."""
        relation, _, path = await unlinked(office)
        answers = await at_once(*(office.anna.put(path, json={"portal_access": True}) for _ in range(AT_ONCE)))
        assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
        assert len({answer.text for answer in answers}) == 1
        links = (await office.anna.get(f"/v1/relations/{relation['id']}/contacts")).json()["items"]
        assert len(links) == 1
        events = (await office.admin.get("/v1/timeline", params={"relation_id": relation["id"]})).json()["items"]
        assert [event["action"] for event in events if event["action"].startswith("contact_link")] == [
            "contact_link.created"
        ]

    async def test_holds_the_contact_before_the_relation(self, office: Tenant) -> None:
        """As a merge does: two that each wait for the other would both be stopped."""
        relation, contact, path = await unlinked(office)
        async with lock_row(office, "contacts", contact["id"]) as release:
            linking = asyncio.create_task(office.anna.put(path, json={}))
            await eventually(lambda: waiting_for_locks(office, 1, linking), "the link waits for the contact")
            made(await office.anna.patch(f"/v1/relations/{relation['id']}", json={"email": "a@b.nl"}), 200)
            assert not linking.done()
            await release()
            made(await linking)

    @pytest.mark.parametrize("end", ["relations", "contacts"])
    async def test_entity_tag_follows_what_is_shown(self, office: Tenant, end: str) -> None:
        """A strong tag: another number of an end is another answer."""
        relation, contact, path = await unlinked(office)
        tag = {"If-None-Match": (await office.anna.put(path, json={})).headers["etag"]}
        assert (await office.anna.get(path, headers=tag)).status_code == 304
        changed = contact if end == "contacts" else relation
        made(await office.anna.patch(f"/v1/{end}/{changed['id']}", json={"number": "77"}), 200)
        assert made(await office.anna.get(path, headers=tag), 200)[end[:-1]]["number"] == "77"

    async def test_if_match(self, office: Tenant) -> None:
        """A link that was deleted meanwhile is not made again by one who thought to change it."""
        _, _, path = await unlinked(office)
        for tag in ('"1"', "*"):
            problem(await office.anna.put(path, json={}, headers={"If-Match": tag}), 412, "stale")
        problem(await office.anna.get(path), 404)
        made(await office.anna.put(path, json={}))
        await keeps_etag(office.anna, path, SPELT_OUT | {"function": "dga"}, "PUT")


class TestUpdate:
    async def test_merge_patch(self, office: Tenant) -> None:
        _, _, path = await unlinked(office)
        full = SPELT_OUT | {"function": "dga", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}
        link = made(await office.anna.put(path, json=full))
        changed = made(await office.anna.patch(path, json={"valid_until": None, "portal_access": True}), 200)
        expected = {"valid_until": None, "portal_access": True, "version": link["version"] + 1}
        assert changed == link | expected | {"updated_at": changed["updated_at"]}
        early = await office.anna.patch(path, json={"valid_until": "2025-12-31"})
        problem(early, 422, None, "/valid_until")
        assert made(await office.anna.get(path), 200) == changed

    async def test_hostile_values(self, office: Tenant) -> None:
        _, _, path = await unlinked(office)
        problem(await office.anna.patch(path, json={}), 404)
        link = made(await office.anna.put(path, json={}))
        cases = {
            "function": (*hostile.NO_LINE, "null"),
            "portal_access": hostile.NO_BOOL,
            "is_preferred": hostile.NO_BOOL,
            "valid_from": hostile.NO_DATE,
            "valid_until": hostile.NO_DATE,
            "relation": ("{}",),
            "contact_id": (f'"{link["contact"]["id"]}"',),
        }
        await refuses(office.anna, "PATCH", path, {}, cases)
        await refuses_bodies(office.anna, "PATCH", path, {})
        assert made(await office.anna.get(path), 200) == link
        await keeps_etag(office.anna, path, {"is_preferred": True})


class TestHistory:
    async def test_what_changed_and_from_what(self, office: Tenant) -> None:
        """Who gave whom the right to sign, since when and until when, is to be read afterwards."""
        relation, contact, path = await unlinked(office)
        made(await office.anna.put(path, json={"may_approve": ["vat"], "valid_from": "2026-01-01"}))
        made(await office.anna.patch(path, json={"may_approve": [], "valid_until": "2026-12-31"}), 200)
        assert (await office.anna.delete(path)).status_code == 204
        found = (await office.admin.get("/v1/timeline", params={"relation_id": relation["id"]})).json()["items"]
        deleted, changed, created = [event["data"] for event in found if event["action"].startswith("contact_link")]
        first = SPELT_OUT | {"may_approve": ["vat"], "valid_from": "2026-01-01"}
        assert created == {"contact_id": contact["id"], "portal_access": False, "after": first}
        assert changed == {
            "contact_id": contact["id"],
            "portal_access": False,
            "fields": ["may_approve", "valid_until"],
            "before": {"may_approve": ["vat"], "valid_until": None},
            "after": {"may_approve": [], "valid_until": "2026-12-31"},
        }
        assert deleted["before"] == first | {"may_approve": [], "valid_until": "2026-12-31"}

    async def test_of_who_lost_something_to_another(self, office: Tenant) -> None:
        relation, contact, path = await unlinked(office)
        made(await office.anna.put(path, json={"preferred_for": ["vat", "income_tax"]}))
        body = {"number": "10", "email": "jan@vries.nl", "surname": "Vries"}
        other = made(await office.anna.post("/v1/contacts", json=body))
        made(
            await office.anna.put(
                f"/v1/relations/{relation['id']}/contacts/{other['id']}", json={"preferred_for": ["vat"]}
            )
        )
        found = (await office.admin.get("/v1/timeline", params={"relation_id": relation["id"]})).json()["items"]
        lost = next(event["data"] for event in found if event["action"] == "contact_link.changed")
        assert (lost["contact_id"], lost["before"], lost["after"]) == (
            contact["id"],
            {"preferred_for": ["income_tax", "vat"]},
            {"preferred_for": ["income_tax"]},
        )


class TestAccess:
    async def sees(self, henk: Client, relation: dict[str, Any]) -> bool:
        statuses = {
            (await henk.get(path)).status_code
            for path in (
                f"/v1/relations/{relation['id']}",
                f"/v1/dossiers/{relation['dossier_id']}",
                f"/v1/dossiers/{relation['dossier_id']}/folders",
            )
        }
        assert len(statuses) == 1
        listed = [row["id"] for row in (await henk.get("/v1/relations")).json()["items"]]
        assert (relation["id"] in listed) == (statuses == {200})
        return statuses == {200}

    async def test_only_portal_access_opens_and_only_in_its_time(self, office: Tenant) -> None:
        """Rule 33, domain.md 3.3: no function opens; the last day counts; AZ-05: an end holds at once."""
        relation, contact, path = await unlinked(office)
        henk = await office.contact(contact["id"])
        assert not await self.sees(henk, relation)
        for body, opens in (
            ({"function": "gevolmachtigde", "is_preferred": True}, False),
            ({"portal_access": True}, True),
            ({"portal_access": True, "valid_from": day(0), "valid_until": day(0)}, True),
            ({"portal_access": True, "valid_from": day(1)}, False),
            ({"portal_access": True, "valid_until": day(-1)}, False),
            ({"portal_access": True, "valid_from": day(-9), "valid_until": day(9)}, True),
            ({"portal_access": False}, False),
        ):
            assert (await office.anna.put(path, json=body)).is_success
            assert await self.sees(henk, relation) == opens, body
        made(await office.anna.patch(path, json={"portal_access": True}), 200)
        assert await self.sees(henk, relation)
        problem(await office.anna.delete(path, headers={"If-Match": '"0"'}), 412)
        assert (await office.anna.delete(path)).status_code == 204
        assert not await self.sees(henk, relation)
        problem(await office.anna.delete(path), 404)

    async def test_partners_do_not_see_each_other(self, office: Tenant) -> None:
        """Rules 32 and 33: the same company gives no way to a partner's own relation."""
        family = await make_family(office)
        for client, mine, other in (
            (family.henk, family.henk_own, family.jan_own),
            (family.jan, family.jan_own, family.henk_own),
        ):
            assert [await self.sees(client, each) for each in (family.vof, mine, other)] == [True, True, False]

    async def test_who_may(self, office: Tenant, other_office: Tenant) -> None:
        _, contact, path = await unlinked(office)
        made(await office.anna.put(path, json={"portal_access": True}))
        _, reader = await office.member(Role.READER)
        _, mutator = await office.member(Role.MUTATOR)
        henk = await office.contact(contact["id"])
        for client, statuses in (
            (mutator, (404, 404, 404)),
            (other_office.admin, (404, 404, 404)),
            (reader, (404, 403, 403)),
            (henk, (403, 403, 403)),
            (await office.key(P.CONTACT_LINKS_READ), (200, 403, 403)),
            (await office.key(P.CONTACT_LINKS_WRITE), (403, 200, 204)),
        ):
            calls = (client.get(path), client.patch(path, json={"function": "x"}), client.delete(path))
            assert tuple([(await call).status_code for call in calls]) == statuses


class TestLists:
    async def test_both_sides(self, office: Tenant) -> None:
        """Rule 30: many to many. The other side shows only relations that are the caller's."""
        family = await make_family(office)
        _, manager = await office.member(Role.MANAGER)
        hidden = made(await manager.post("/v1/relations", json={"number": "1", "type": "person", "surname": "X"}))
        made(await manager.put(f"/v1/relations/{hidden['id']}/contacts/{family.henk_id}", json={}))
        of_vof = await walk(office.anna, f"/v1/relations/{family.vof['id']}/contacts", 1)
        assert [row["contact"]["number"] for row in of_vof] == ["100.1", "100.2"]
        path = f"/v1/contacts/{family.henk_id}/relations"
        assert [row["relation"]["number"] for row in await walk(office.anna, path, 1)] == ["100", "100.1"]
        assert [row["relation"]["number"] for row in await walk(manager, path, sort="-created_at")] == [
            "1",
            "100.1",
            "100",
        ]
        counted = (await office.anna.get(path, params={"include": "total"})).json()
        assert counted["total"] == 2
        await refuses_parameters(office.anna, path, "portal_access=true", "sort=number")
        await refuses_parameters(office.anna, f"/v1/relations/{family.vof['id']}/contacts")
