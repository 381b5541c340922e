"""`DELETE /contacts/{id}`: all that opened anything is gone at once, personal data for good; what he wrote stays."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.access import P, Role
from app.models import Contact, Invitation
from app.models.contacts import ERASED
from tests.factories import Family, Tenant, make_family
from tests.factories.conventions import made, problem
from tests.factories.conversations import ask, begin, send
from tests.factories.people import PASSWORD, caller, contact_with_password, sign_in
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/contacts"
HENK: dict[str, Any] = {
    "number": "100",
    "email": "henk@vries.nl",
    "surname": "Vries",
    "initials": "H.",
    "first_names": "Henk",
    "prefix": "de",
    "salutation": "Geachte heer De Vries",
    "phone": "020 555 01 00",
    "mobile": "06 12345678",
    "notifications": {"digest": "weekly"},
}


async def new(office: Tenant, **values: Any) -> str:
    """The path of a contact that is linked to nobody."""
    return f"{PATH}/{made(await office.anna.post(PATH, json=HENK | values))['id']}"


async def gone(office: Tenant, path: str) -> None:
    answer = await office.anna.delete(path)
    assert (answer.status_code, answer.content) == (204, b""), answer.text


async def row(office: Tenant, path: str) -> Contact:
    async with office.db.transaction(office.id) as session:
        return await session.get_one(Contact, (office.id, UUID(path.rpartition("/")[2])))


async def actions(office: Tenant, **params: str) -> list[str]:
    events = made(await office.admin.get("/v1/timeline", params={"limit": "200", **params}), 200)["items"]
    return [event["action"] for event in events]


@pytest.fixture
async def family(office: Tenant) -> Family:
    return await make_family(office)


def test_every_column_is_erased_or_said_to_stay() -> None:
    stay = {
        "office_id",
        "id",
        "created_at",
        "updated_at",
        "deleted_at",
        "version",
        "login_status",
        "created_by",
        "updated_by",
    }
    named = {"name", "name_key", "surname", "number", "language", "notifications", "search"}  # the last one emptied
    assert {column.name for column in Contact.__table__.columns} - set(ERASED) == stay | named


class TestGone:
    async def test_for_everybody_and_in_every_way(self, office: Tenant) -> None:
        path = await new(office)
        other = f"{PATH}/{made(await office.anna.post(PATH, json={'email': 'jan@vries.nl', 'surname': 'Jan'}))['id']}"
        relation = await office.relation()
        link = f"/v1/relations/{relation['id']}/contacts/{path.rpartition('/')[2]}"
        await gone(office, path)
        for client in (office.anna, office.admin):
            for call in (
                client.get(path),
                client.patch(path, json={"surname": "x"}),
                client.delete(path),
                client.post(f"{path}/invitation"),
                client.post(f"{path}/person-relation", json={}),
                client.get(f"{path}/relations"),
                client.put(link, json={"portal_access": True}),
            ):
                problem(await call, 404, "not_found")
            for query in ({}, {"q": "vries"}, {"q": "100"}, {"login_status": "blocked"}, {"sort": "-updated_at"}):
                listed = made(await client.get(PATH, params=query | {"include": "total"}), 200)
                assert path not in [f"{PATH}/{each['id']}" for each in listed["items"]]
                assert listed["total"] == len(listed["items"])
        assert made(await office.anna.get(other), 200)["surname"] == "Jan"

    async def test_personal_data(self, office: Tenant) -> None:
        path = await new(office)
        await gone(office, path)
        erased = await row(office, path)
        assert {field: getattr(erased, field) for field in ERASED} == dict.fromkeys(ERASED)
        assert (erased.name, erased.notifications, erased.deleted_at is None) == ("Henk de Vries", {}, False)
        assert await actions(office, subject_id=path.rpartition("/")[2]) == ["contact.deleted", "contact.created"]

    async def test_number_and_address_are_free_again(self, office: Tenant) -> None:
        path = await new(office)
        problem(await office.anna.post(PATH, json=HENK), 409, "taken")
        await gone(office, path)
        again = await new(office)
        assert again != path
        await gone(office, again)
        assert made(await office.anna.post(PATH, json=HENK | {"number": None}))["number"] == "1"

    async def test_login_and_invitations(self, office: Tenant) -> None:
        """AZ-05: what runs ends with the next request."""
        path = f"{PATH}/{await contact_with_password(office, HENK['email'])}"
        henk = await office.contact(path.rpartition("/")[2])
        token = made(await office.admin.post(f"{path}/invitation"))["token"]
        assert (await henk.get("/v1/me")).status_code == 200
        assert (await office.admin.delete(path)).status_code == 204
        problem(await henk.get("/v1/me"), 401, "token_invalid")
        async with caller(office) as client:
            problem(await sign_in(client, office, HENK["email"]), 401, "credentials")
            accepted = await client.post(f"/v1/invitations/{token}/accept", json={"password": PASSWORD})
            problem(accepted, 404, "not_found")

    async def test_an_invitation_that_a_job_makes_afterwards(self, office: Tenant) -> None:
        """It read him while he was there still: the link opens nothing."""
        path = await new(office)
        token = made(await office.admin.post(f"{path}/invitation"))["token"]
        await gone(office, path)
        async with office.db.transaction(office.id) as session:
            await session.execute(update(Invitation).values(used_at=None))
        async with caller(office) as client:
            accepted = await client.post(f"/v1/invitations/{token}/accept", json={"password": PASSWORD})
        problem(accepted, 404, "not_found")

    async def test_links(self, office: Tenant, family: Family) -> None:
        await gone(office, f"{PATH}/{family.henk_id}")
        for relation, left in ((family.vof, [family.jan_id]), (family.henk_own, [])):
            links = made(await office.anna.get(f"/v1/relations/{relation['id']}/contacts"), 200)["items"]
            assert [link["contact"]["id"] for link in links] == left
            assert "contact_link.deleted" in await actions(office, relation_id=relation["id"])
            problem(await office.anna.get(f"/v1/relations/{relation['id']}/contacts/{family.henk_id}"), 404)
        problem(await family.henk.get(f"/v1/relations/{family.vof['id']}"), 401)
        assert (await family.jan.get(f"/v1/relations/{family.vof['id']}")).status_code == 200

    @pytest.mark.bytes
    async def test_what_he_wrote_stays_under_his_name(self, office: Tenant, family: Family) -> None:
        talk = await begin(family.henk, family.vof)
        sent = made(await send(family.henk, talk["id"], text="Dag."))
        await gone(office, f"{PATH}/{family.henk_id}")
        shown = made(await office.anna.get(f"/v1/conversations/{talk['id']}"), 200)
        assert {"kind": "contact", "id": family.henk_id, "name": "Henk de Vries"} in shown["participants"]
        assert made(await office.anna.get(f"/v1/conversations/{talk['id']}/messages/{sent['id']}"), 200) == sent
        about = {"relation_id": family.vof["id"], "subject": "x", "contact_ids": [family.henk_id]}
        problem(await office.anna.post("/v1/conversations", json=about), 422, "no_access", "/contact_ids/0")


class TestOpenRequests:
    async def test_hold_it_up(self, office: Tenant, family: Family) -> None:
        """Whether they are dropped or go to another one is for a human to say."""
        folders = await office.folders(family.vof)
        request = await ask(office.anna, family.vof, family.henk_id, folders["Jaar"])
        path, asked = f"{PATH}/{family.henk_id}", f"/v1/document-requests/{request['id']}"
        problem(await office.anna.delete(path), 409, "open_document_requests")
        assert (await family.henk.get("/v1/me")).status_code == 200
        assert (await office.anna.post(f"{asked}/withdraw")).status_code == 200
        await gone(office, path)
        assert made(await office.anna.get(asked), 200)["contact_id"] == family.henk_id
        problem(await office.anna.post(f"{asked}/reopen"), 409, "contact_deleted")
        lines = [{"title": "x", "folder_id": folders["Jaar"]["id"]}]
        anew = {"relation_id": family.vof["id"], "contact_id": family.henk_id, "title": "x", "lines": lines}
        problem(await office.anna.post("/v1/document-requests", json=anew), 422, "no_access", "/contact_id")

    async def test_of_an_archived_relation_do_not(self, office: Tenant, family: Family) -> None:
        """Nobody could withdraw them any more."""
        folders = await office.folders(family.vof)
        await ask(office.anna, family.vof, family.henk_id, folders["Jaar"])
        assert (await office.admin.delete(f"/v1/relations/{family.vof['id']}")).status_code == 204
        await gone(office, f"{PATH}/{family.henk_id}")

    async def test_asked_and_deleted_at_once(self, office: Tenant, family: Family) -> None:
        """One of the two: never a request that waits for nobody."""
        folders = await office.folders(family.vof)
        lines = [{"title": "x", "folder_id": folders["Jaar"]["id"]}]
        for contact_id in (family.henk_id, family.jan_id):
            body = {"relation_id": family.vof["id"], "contact_id": contact_id, "title": "x", "lines": lines}
            asked, deleted = await at_once(
                office.anna.post("/v1/document-requests", json=body), office.anna.delete(f"{PATH}/{contact_id}")
            )
            assert (asked.status_code, deleted.status_code) in ((201, 409), (422, 204)), (asked.text, deleted.text)


class TestAtOnce:
    async def test_twice(self, office: Tenant) -> None:
        path = await new(office)
        answers = await at_once(*(office.anna.delete(path) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [204] + [404] * 5
        assert (await actions(office, subject_id=path.rpartition("/")[2])).count("contact.deleted") == 1

    async def test_with_a_link_and_a_change(self, office: Tenant) -> None:
        """In whatever order: nobody who was deleted is linked, and no change brings him back."""
        relation = await office.relation()
        for place in range(5):
            path = await new(office, number=str(place), email=f"h{place}@vries.nl")
            link = f"/v1/relations/{relation['id']}/contacts/{path.rpartition('/')[2]}"
            linked, changed, deleted = await at_once(
                office.anna.put(link, json={"portal_access": True}),
                office.anna.patch(path, json={"email": f"n{place}@vries.nl", "phone": "020 555 01 00"}),
                office.anna.delete(path),
            )
            assert deleted.status_code == 204
            assert linked.status_code in (201, 404)
            assert changed.status_code in (200, 404)
            assert (await row(office, path)).email is None
        assert made(await office.anna.get(f"/v1/relations/{relation['id']}/contacts"), 200)["items"] == []

    async def test_stale(self, office: Tenant) -> None:
        path = await new(office)
        tag = (await office.anna.get(path)).headers["etag"]
        made(await office.anna.patch(path, json={"surname": "x"}), 200)
        problem(await office.anna.delete(path, headers={"If-Match": tag}), 412, "stale")
        tag = (await office.anna.get(path)).headers["etag"]
        assert (await office.anna.delete(path, headers={"If-Match": tag})).status_code == 204


async def test_who_may(office: Tenant, other_office: Tenant, family: Family) -> None:
    """A mutator with a role on all that he is linked to, as for changing his address (rule 33)."""
    path = f"{PATH}/{family.henk_id}"
    _, manager = await office.member(Role.MANAGER)
    hidden = made(await manager.post("/v1/relations", json={"type": "person", "surname": "X"}))
    made(await manager.put(f"/v1/relations/{hidden['id']}/contacts/{family.henk_id}", json={}))
    _, reader = await office.member(Role.READER)
    _, mutator = await office.member(Role.MUTATOR)
    for client, status, code in (
        (family.henk, 403, "forbidden"),
        (reader, 403, "forbidden"),
        (await office.key(P.CONTACTS_WRITE), 403, "forbidden"),
        (mutator, 404, "not_found"),
        (other_office.admin, 404, "not_found"),
        (office.anna, 403, "other_relations"),
    ):
        problem(await client.delete(path), status, code)
    assert (await family.henk.get("/v1/me")).status_code == 200
    assert (await (await office.key(P.CONTACTS_DELETE)).delete(path)).status_code == 204
    assert (await manager.delete(f"{PATH}/{family.jan_id}")).status_code == 204


async def test_a_login_that_is_linked_to_nobody_is_no_booty(office: Tenant) -> None:
    """Else whoever comes by could set its address, and wait until it is linked again."""
    relation = await office.relation()
    contact_id = await contact_with_password(office, HENK["email"])
    link = f"/v1/relations/{relation['id']}/contacts/{contact_id}"
    made(await office.admin.put(link, json={"portal_access": True}))
    _, mutator = await office.member(Role.MUTATOR)
    path = f"/v1/contacts/{contact_id}"
    assert (await office.anna.delete(link)).status_code == 204
    for client in (mutator, office.anna):
        problem(await client.patch(path, json={"email": "evil@evil.nl"}), 403, "no_relation")
        problem(await client.patch(path, json={"login_status": "blocked"}), 403, "no_relation")
        problem(await client.delete(path), 403, "no_relation")
        problem(await client.post(f"{path}/two-step/reset"), 403, "no_relation")
    own = made(await mutator.post("/v1/relations", json={"type": "organisation", "name": "x", "legal_form": "bv"}))
    problem(await mutator.put(f"/v1/relations/{own['id']}/contacts/{contact_id}", json={}), 403, "no_relation")
    problem(await mutator.post(f"{path}/person-relation", json={}), 403, "no_relation")
    made(await office.admin.patch(path, json={"email": "new@b.nl"}), 200)
    fresh = made(await mutator.post("/v1/contacts", json={"surname": "x", "email": "f@b.nl"}))
    made(await mutator.patch(f"/v1/contacts/{fresh['id']}", json={"email": "g@b.nl"}), 200)
