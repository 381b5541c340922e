"""`POST /contacts/{id}/merge`: one human who was entered twice becomes one contact, with one login."""

from typing import Any

import pytest

from app.access import P, Role
from tests.factories import Client, Family, Tenant, hostile, make_family
from tests.factories.conventions import made, problem, refuses, refuses_bodies
from tests.factories.conversations import ask, begin, send
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/contacts"


async def new(office: Tenant, email: str, **values: Any) -> str:
    contact_id: str = made(await office.anna.post(PATH, json={"email": email, "surname": "Vries"} | values))["id"]
    return contact_id


async def merge(client: Client, contact_id: str, other_id: str, **headers: str) -> Any:
    return await client.post(f"{PATH}/{contact_id}/merge", json={"contact_id": other_id}, headers=headers)


async def events_of(office: Tenant, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made(await office.admin.get("/v1/timeline", params=params), 200)["items"]
    return found


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


class TestMoves:
    async def test_links(self, office: Tenant, family: Family) -> None:
        """What the other's links open, as they stand; where both are linked the own link stays as it is."""
        shut = f"/v1/relations/{family.vof['id']}/contacts/{family.henk_id}"
        mine = made(await office.anna.patch(shut, json={"portal_access": False, "function": "dga"}), 200)
        theirs = f"/v1/relations/{family.jan_own['id']}/contacts/{{}}"
        subjects = {"preferred_for": ["vat"], "is_preferred": True, "valid_from": "2020-01-01"}
        moving = made(await office.anna.patch(theirs.format(family.jan_id), json=subjects), 200)
        problem(await family.henk.get(f"/v1/relations/{family.jan_own['id']}"), 404)
        made(await merge(office.anna, family.henk_id, family.jan_id), 200)
        assert made(await office.anna.get(shut), 200) == mine
        moved = made(await office.anna.get(theirs.format(family.henk_id)), 200)
        same = moving.keys() - {"contact", "version", "updated_at"}
        assert {key: moved[key] for key in same} == {key: moving[key] for key in same}
        assert moved["contact"]["id"] == family.henk_id
        links = made(await office.anna.get(f"/v1/relations/{family.vof['id']}/contacts"), 200)["items"]
        assert [link["contact"]["id"] for link in links] == [family.henk_id]
        for relation, status in ((family.jan_own, 200), (family.henk_own, 200), (family.vof, 404)):
            assert (await family.henk.get(f"/v1/relations/{relation['id']}")).status_code == status

    @pytest.mark.bytes
    async def test_conversations_and_what_was_written(self, office: Tenant, family: Family) -> None:
        body = {"relation_id": family.vof["id"], "subject": "x", "contact_ids": [family.henk_id, family.jan_id]}
        both = made(await office.anna.post("/v1/conversations", json=body))
        jans = await begin(family.jan, family.vof)
        sent = made(await send(family.jan, jans["id"], text="Dag."))
        path = f"/v1/conversations/{jans['id']}"
        problem(await family.henk.get(path), 404)
        tag = (await office.anna.get(path)).headers["etag"]
        made(await merge(office.anna, family.henk_id, family.jan_id), 200)
        for talk in (both, jans):
            shown = made(await family.henk.get(f"/v1/conversations/{talk['id']}"), 200)
            people = [person["id"] for person in shown["participants"] if person["kind"] == "contact"]
            assert people == [family.henk_id]
        message = made(await family.henk.get(f"{path}/messages/{sent['id']}"), 200)
        assert message == sent | {"sender_id": family.henk_id}
        assert message["sender_name"] == "Jan Lammers"
        assert (await office.anna.get(path, headers={"If-None-Match": tag})).status_code == 200

    @pytest.mark.bytes
    async def test_document_requests(self, office: Tenant, family: Family) -> None:
        """The one who stays answers what the other was asked."""
        folders = await office.folders(family.vof)
        request = await ask(office.anna, family.vof, family.jan_id, folders["Jaar"])
        path = f"/v1/document-requests/{request['id']}"
        tag = (await office.anna.get(path)).headers["etag"]
        made(await merge(office.anna, family.henk_id, family.jan_id), 200)
        assert made(await office.anna.get(path, headers={"If-None-Match": tag}), 200)["contact_id"] == family.henk_id
        file = ("files", ("bon.txt", b"bon", "text/plain"))
        line = request["lines"][0]["id"]
        assert (await send(family.henk, request["conversation_id"], file, line_id=line)).status_code == 201
        assert made(await office.anna.get(path), 200)["status"] == "answered"

    async def test_who_stays_and_who_goes(self, office: Tenant, family: Family) -> None:
        before = made(await office.anna.get(f"{PATH}/{family.henk_id}"), 200)
        token = made(await office.admin.post(f"{PATH}/{family.jan_id}/invitation"))["token"]
        after = made(await merge(office.anna, family.henk_id, family.jan_id), 200)
        assert after == before | {"version": before["version"] + 1, "updated_at": after["updated_at"]}, "he is more now"
        assert (await family.henk.get("/v1/me")).status_code == 200
        problem(await family.jan.get("/v1/me"), 401, "token_invalid")
        accepted = await office.anna.post(f"/v1/invitations/{token}/accept", json={"password": "een lang wachtwoord"})
        problem(accepted, 404)
        problem(await office.admin.get(f"{PATH}/{family.jan_id}"), 404)
        assert await new(office, "jan@example.nl", number="100.2")

    async def test_a_phone_number_that_was_missing(self, office: Tenant) -> None:
        kept = await new(office, "a@b.nl", mobile="06 12345678")
        other = await new(office, "b@b.nl", phone="020 555 01 00", mobile="06 87654321", salutation="Hallo")
        merged = made(await merge(office.anna, kept, other), 200)
        assert (merged["phone_e164"], merged["mobile"], merged["salutation"]) == ("+31205550100", "06 12345678", None)
        assert (merged["email"], merged["version"]) == ("a@b.nl", 2)

    async def test_history(self, office: Tenant, family: Family) -> None:
        """A line on each of the two, and on each relation whose links changed."""
        made(await merge(office.anna, family.henk_id, family.jan_id), 200)
        kept, other = [(await events_of(office, subject_id=each))[0] for each in (family.henk_id, family.jan_id)]
        assert (kept["action"], kept["data"]["contact_id"]) == ("contact.merged", family.jan_id)
        assert (other["action"], other["data"]["merged_into_id"]) == ("contact.deleted", family.henk_id)
        moved = (await events_of(office, relation_id=family.jan_own["id"]))[0]
        assert moved["action"] == "contact_link.moved"
        known = {"contact_id": family.henk_id, "portal_access": True, "from_contact_id": family.jan_id}
        assert moved["data"].items() >= known.items()
        assert moved["data"]["after"]["portal_access"] is True
        assert (await events_of(office, relation_id=family.vof["id"]))[0]["action"] == "contact_link.deleted"


class TestBothLinked:
    async def test_who_is_preferred_goes_over_and_what_authorises_does_not(
        self, office: Tenant, family: Family
    ) -> None:
        path = f"/v1/relations/{family.vof['id']}/contacts/{{}}"
        kept, gone = path.format(family.henk_id), path.format(family.jan_id)
        made(await office.anna.patch(kept, json={"portal_access": False, "preferred_for": ["vat"]}), 200)
        theirs = {"is_preferred": True, "preferred_for": ["income_tax"], "is_ubo": True, "may_approve": ["vat"]}
        made(await office.anna.patch(gone, json=theirs), 200)
        made(await merge(office.anna, family.henk_id, family.jan_id), 200)
        link = made(await office.anna.get(kept), 200)
        expected = {"is_preferred": True, "preferred_for": ["income_tax", "vat"], "is_ubo": True}
        assert link.items() >= (expected | {"may_approve": [], "portal_access": False}).items()
        changed, deleted = (await events_of(office, relation_id=family.vof["id"]))[:2]
        assert (changed["action"], changed["data"]["after"]) == ("contact_link.changed", expected)
        assert (deleted["action"], deleted["data"]["before"]["may_approve"]) == ("contact_link.deleted", ["vat"])

    async def test_while_somebody_else_becomes_the_preferred_one(self, office: Tenant, family: Family) -> None:
        """One of the two is it in the end, whoever came first, and nobody is told to try again."""
        path = f"/v1/relations/{family.vof['id']}/contacts/{{}}"
        third = path.format(await new(office, "c@b.nl"))
        for place in range(4):
            other = await new(office, f"d{place}@b.nl")
            made(await office.anna.put(path.format(other), json={"is_preferred": True}))
            answers = await at_once(
                merge(office.anna, family.henk_id, other), office.anna.put(third, json={"is_preferred": True})
            )
            assert [answer.is_success for answer in answers] == [True, True]
            links = made(await office.anna.get(path.format("")[:-1]), 200)["items"]
            assert sum(link["is_preferred"] for link in links) == 1


class TestAtOnce:
    async def test_crossed(self, office: Tenant) -> None:
        """Each into the other: one of the two is left, with all links of both."""
        for place in range(4):
            ids = [await new(office, f"{name}{place}@b.nl") for name in "ab"]
            for number, contact_id in enumerate(ids):
                relation = await office.relation(f"{place}.{number}")
                made(await office.anna.put(f"/v1/relations/{relation['id']}/contacts/{contact_id}", json={}))
            answers = await at_once(merge(office.anna, *ids), merge(office.anna, *ids[::-1]))
            assert sorted(answer.status_code for answer in answers) in ([200, 404], [200, 422])
            left = ids[[answer.status_code for answer in answers].index(200)]
            assert [each for each in ids if (await office.anna.get(f"{PATH}/{each}")).status_code == 200] == [left]
            links = made(await office.anna.get(f"{PATH}/{left}/relations"), 200)["items"]
            assert sorted(link["relation"]["number"] for link in links) == [f"{place}.0", f"{place}.1"]

    async def test_in_a_ring_and_with_links(self, office: Tenant) -> None:
        """Everybody into his neighbour while links are made: no link of who is gone, none lost of who stays."""
        relation = await office.relation()
        ids = [await new(office, f"{place}@b.nl") for place in range(4)]
        link = f"/v1/relations/{relation['id']}/contacts/{{}}"
        calls = [merge(office.anna, ids[place], ids[place - 1]) for place in range(4)]
        calls += [office.anna.put(link.format(each), json={"is_preferred": True}) for each in ids]
        answers = await at_once(*calls)
        assert {answer.status_code for answer in answers} <= {200, 201, 404, 422}
        left = {row["id"] for row in made(await office.anna.get(PATH), 200)["items"]}
        links = made(await office.anna.get(f"/v1/relations/{relation['id']}/contacts"), 200)["items"]
        assert {row["contact"]["id"] for row in links} <= left
        assert len([row for row in links if row["is_preferred"]]) <= 1

    async def test_one_key_one_merge(self, office: Tenant) -> None:
        kept, other = await new(office, "a@b.nl"), await new(office, "b@b.nl")
        first, again = [await merge(office.anna, kept, other, **{"Idempotency-Key": "k"}) for _ in range(2)]
        assert made(first, 200) == made(again, 200)
        assert again.headers["idempotency-replayed"] == "true"
        problem(await merge(office.anna, kept, other), 422, "unknown", "/contact_id")

    async def test_stale(self, office: Tenant) -> None:
        kept, other = await new(office, "a@b.nl"), await new(office, "b@b.nl")
        problem(await merge(office.anna, kept, other, **{"If-Match": '"9"'}), 412, "stale")
        assert (await merge(office.anna, kept, other, **{"If-Match": '"1"'})).status_code == 200


class TestRefused:
    async def test_who_is_not_there(self, office: Tenant, other_office: Tenant) -> None:
        kept, stranger = await new(office, "a@b.nl"), await new(other_office, "b@b.nl")
        gone = await new(office, "c@b.nl")
        assert (await office.anna.delete(f"{PATH}/{gone}")).status_code == 204
        hidden, _ = await office.linked_contact(made(await office.admin.post("/v1/relations", json=PERSON)), "7")
        for other in (stranger, gone, hidden, str(office.anna_id)):
            problem(await merge(office.anna, kept, other), 422, "unknown", "/contact_id")
        for each in (stranger, gone, hidden):
            problem(await merge(office.anna, each, kept), 404)
        problem(await merge(office.anna, kept, kept), 422, "same", "/contact_id")
        assert made(await office.anna.get(f"{PATH}/{kept}"), 200)["version"] == 1

    async def test_who_may(self, office: Tenant, family: Family) -> None:
        """A role on all relations of both: nobody opens for a client what is not his own to open (rule 33)."""
        _, reader = await office.member(Role.READER)
        _, mutator = await office.member(Role.MUTATOR)
        hidden = made(await office.admin.post("/v1/relations", json=PERSON))
        made(await office.admin.put(f"/v1/relations/{hidden['id']}/contacts/{family.jan_id}", json={}))
        free = await new(office, "a@b.nl")
        for client, status, code in (
            (family.henk, 403, "forbidden"),
            (reader, 403, "forbidden"),
            (mutator, 404, "not_found"),
            (office.anna, 403, "other_relations"),
            (await office.key(P.CONTACTS_WRITE, P.CONTACTS_DELETE), 403, "forbidden"),
            (await office.key(P.CONTACTS_WRITE, P.CONTACT_LINKS_WRITE), 403, "forbidden"),
        ):
            problem(await merge(client, family.jan_id, free), status, code)
        problem(await merge(office.anna, free, family.jan_id), 403, "other_relations")
        for each in (free, family.jan_id):
            assert (await office.admin.get(f"{PATH}/{each}")).status_code == 200
        key = await office.key(P.CONTACTS_WRITE, P.CONTACTS_DELETE, P.CONTACT_LINKS_WRITE)
        assert (await merge(key, family.jan_id, free)).status_code == 200
        assert (await merge(office.admin, family.henk_id, family.jan_id)).status_code == 200

    async def test_hostile_values(self, office: Tenant) -> None:
        kept, other = await new(office, "a@b.nl"), await new(office, "b@b.nl")
        path, body = f"{PATH}/{kept}/merge", {"contact_id": other}
        await refuses(office.anna, "POST", path, body, {"contact_id": (*hostile.NO_ID, "null", "{}")})
        await refuses_bodies(office.anna, "POST", path, body)
        problem(await office.anna.post(path, json={}), 422, None, "/contact_id")
        assert (await office.anna.get(f"{PATH}/{other}")).status_code == 200


PERSON = {"type": "person", "surname": "X"}
