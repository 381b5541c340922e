"""Contacts (contacten): domain rules 26, 29, 30, 40."""

import itertools

import pytest

from app.access import P, Role
from app.models.contacts import NOTIFICATIONS
from tests.factories import Tenant, hostile
from tests.factories.conventions import (
    AT_ONCE,
    keeps_etag,
    keeps_idempotency,
    made,
    pages,
    problem,
    refuses,
    refuses_bodies,
    refuses_parameters,
)
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/contacts"
HENK = {"number": "100", "email": "henk@vries.nl", "first_names": "Henk", "prefix": "de", "surname": "Vries"}


class TestCreate:
    async def test_exact_fields(self, office: Tenant) -> None:
        """Rule 40: a contact number may equal a relation number."""
        await office.relation("100")
        answer = await office.anna.post(PATH, json=HENK | {"email": "Henk.V@VRIES.nl"})
        contact = made(answer)
        assert answer.headers["location"] == f"{PATH}/{contact['id']}"
        assert answer.headers["etag"] == '"1"'
        assert contact == HENK | {
            "id": contact["id"],
            "email": "Henk.V@vries.nl",
            "name": "Henk de Vries",
            "initials": None,
            **dict.fromkeys(("phone", "phone_e164", "mobile", "mobile_e164")),
            "salutation": None,
            "language": "nl",
            "notifications": NOTIFICATIONS,
            "login_status": "none",
            "two_step_since": None,
            "created_by": "Anna Jansen",
            "updated_by": None,
            "created_at": contact["created_at"],
            "updated_at": contact["updated_at"],
            "version": 1,
            "warnings": [],
        }
        assert made(await office.anna.get(f"{PATH}/{contact['id']}"), 200) == contact

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, IN-03, IN-04."""
        optional = dict.fromkeys(("initials", "first_names", "prefix", "salutation"), hostile.NO_OPTIONAL_LINE)
        cases = {
            "number": hostile.NO_NUMBER,
            "email": (*hostile.NO_EMAIL, "null"),
            "surname": (*hostile.NO_LINE, "null"),
            "language": hostile.one_of("nl"),
            "login_status": ('"active"', '"none"'),
            "password": ('"een lang wachtwoord"',),
            "name": ('"Henk"',),
        }
        await refuses(office.anna, "POST", PATH, HENK, optional | cases)
        await refuses_bodies(office.anna, "POST", PATH, HENK)
        for field in ("email", "surname"):
            body = {key: value for key, value in HENK.items() if key != field}
            problem(await office.anna.post(PATH, json=body), 422, None, f"/{field}")
        assert (await office.anna.get(PATH)).json()["items"] == []

    async def test_unique_without_regard_to_case(self, office: Tenant, other_office: Tenant) -> None:
        """Rule 29: number and address; never a word of whose they are; nothing between offices."""
        made(await office.anna.post(PATH, json=HENK | {"number": "Ab"}))
        for change, pointer in (
            ({"number": "aB", "email": "x@y.nl"}, "/number"),
            ({"number": "2", "email": "HENK@vries.nl"}, "/email"),
            ({"number": "2", "email": "henk@VRIES.NL"}, "/email"),
        ):
            refused = await office.anna.post(PATH, json=HENK | change)
            problem(refused, 409, "taken", pointer)
            assert "de Vries" not in refused.text
        made(await other_office.anna.post(PATH, json=HENK | {"number": "Ab"}))

    @pytest.mark.parametrize("field", ["number", "email"])
    async def test_same_at_once(self, office: Tenant, field: str) -> None:
        own = "email" if field == "number" else "number"
        bodies = [HENK | {own: f"{place}@vries.nl"} for place in range(AT_ONCE)]
        answers = await at_once(*(office.anna.post(PATH, json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
        for answer in answers:
            if answer.status_code == 409:
                problem(answer, 409, "taken", f"/{field}")

    async def test_idempotency(self, office: Tenant) -> None:
        numbers = itertools.count(1)

        def body() -> dict[str, str]:
            number = next(numbers)
            return HENK | {"number": str(number), "email": f"{number}@vries.nl"}

        await keeps_idempotency(office.anna, PATH, body)


class TestUpdate:
    async def test_merge_patch(self, office: Tenant) -> None:
        contact = made(await office.anna.post(PATH, json=HENK | {"phone": "020 555 01 00", "initials": "H."}))
        path = f"{PATH}/{contact['id']}"
        change = {"phone": None, "first_names": None, "language": "en", "email": "h@vries.nl", "number": "5"}
        changed = made(await office.anna.patch(path, json=change), 200)
        assert changed == contact | change | {
            "phone_e164": None,
            "name": "H. de Vries",
            "version": 2,
            "updated_by": "Anna Jansen",
            "updated_at": changed["updated_at"],
        }
        assert [row["id"] for row in (await office.anna.get(PATH, params={"q": "h@vries"})).json()["items"]] == [
            contact["id"]
        ]
        await keeps_etag(office.anna, path, {"surname": "Vos"})

    async def test_hostile_values(self, office: Tenant) -> None:
        contact = made(await office.anna.post(PATH, json=HENK))
        path = f"{PATH}/{contact['id']}"
        cases = {
            "number": (*hostile.NO_NUMBER, "null"),
            "email": (*hostile.NO_EMAIL, "null"),
            "surname": (*hostile.NO_LINE, "null"),
            "prefix": hostile.NO_OPTIONAL_LINE,
            "language": hostile.one_of("nl"),
            "login_status": (*hostile.one_of("none"), '"active"', '"invited"'),
            "password_hash": ('"x"',),
        }
        await refuses(office.anna, "PATCH", path, {}, cases)
        await refuses_bodies(office.anna, "PATCH", path, {})
        assert made(await office.anna.get(path), 200) == contact

    async def test_taken(self, office: Tenant) -> None:
        made(await office.anna.post(PATH, json=HENK))
        other = made(await office.anna.post(PATH, json=HENK | {"number": "2", "email": "jan@vries.nl"}))
        path = f"{PATH}/{other['id']}"
        problem(await office.anna.patch(path, json={"number": "100"}), 409, "taken", "/number")
        met = problem(await office.anna.patch(path, json={"email": "Henk@vries.nl"}), 409, "taken", "/email")
        assert "a manager links him" in met["detail"]  # who does not see him knows what to do
        assert made(await office.anna.patch(path, json={"email": "Jan@Vries.nl"}), 200)["email"] == "Jan@vries.nl"

    @pytest.mark.parametrize("change", [{"login_status": "blocked"}, {"login_status": "none"}, {"email": "n@b.nl"}])
    async def test_ends_the_sessions_at_once(self, office: Tenant, change: dict[str, str]) -> None:
        """AZ-05."""
        relation = await office.relation("1")
        contact_id, henk = await office.linked_contact(relation)
        assert (await henk.get("/v1/me")).status_code == 200
        made(await office.anna.patch(f"{PATH}/{contact_id}", json=change), 200)
        problem(await henk.get("/v1/me"), 401, "token_invalid")
        problem(await henk.get(f"/v1/relations/{relation['id']}"), 401, "token_invalid")


class TestList:
    async def test_orders_and_pages(self, office: Tenant) -> None:
        names = {"10": "Ömer", "2": "zus", "2.10": "Aap", "2.9": "Čapek", "C1": "noot"}
        for number, surname in names.items():
            body = {"number": number, "surname": surname, "email": f"x{number}@vries.nl"}
            body |= {"first_names": number, "prefix": "van"}  # by surname, whatever he is called besides
            made(await office.anna.post(PATH, json=body))
        numbers = ["2", "2.9", "2.10", "10", "C1"]
        by_name = ["2.10", "2.9", "C1", "10", "2"]
        await pages(office.anna, PATH, "number", ("number", numbers), ("name", by_name), ("updated_at", list(names)))

    async def test_filters_and_parameters(self, office: Tenant) -> None:
        henk = made(await office.anna.post(PATH, json=HENK))
        made(await office.anna.post(PATH, json={"number": "2", "email": "a_b@c.nl", "surname": "100%"}))
        made(await office.anna.patch(f"{PATH}/{henk['id']}", json={"login_status": "blocked"}), 200)
        for params, expected in (
            ({}, ["2", "100"]),
            ({"q": "100"}, ["2", "100"]),
            ({"q": "100%"}, ["2"]),
            ({"q": "A_B"}, ["2"]),
            ({"q": "VRIES.NL"}, ["100"]),
            ({"q": "de vrïes"}, ["100"]),
            ({"login_status": "blocked"}, ["100"]),
            ({"login_status": "none", "q": "henk"}, []),
        ):
            found = (await office.anna.get(PATH, params=params)).json()["items"]
            assert [row["number"] for row in found] == expected, params
        cursor = (await office.anna.get(PATH, params={"limit": 1})).json()["next_cursor"]
        problem(await office.anna.get(PATH, params={"q": "1", "cursor": cursor}), 422, "cursor_mismatch")
        await refuses_parameters(office.anna, PATH, "login_status=gone", f"q={'x' * 101}", "email=a@b.nl")


class TestAccess:
    async def test_of_visible_relations_and_of_none(self, office: Tenant, other_office: Tenant) -> None:
        """AZ-02, AZ-03: a contact of relations that are not yours is not there, neither to read nor to link."""
        relation = await office.relation("1")
        linked, henk = await office.linked_contact(relation)
        free = made(await office.anna.post(PATH, json=HENK))["id"]
        _, reader = await office.member(Role.READER)
        _, mutator = await office.member(Role.MUTATOR)
        _, manager = await office.member(Role.MANAGER)
        for client, expected in (
            (office.anna, {linked, free}),
            (manager, {linked, free}),
            (reader, {free}),
            (mutator, {free}),
            (other_office.admin, set()),
        ):
            assert {row["id"] for row in (await client.get(PATH)).json()["items"]} == expected
            for contact in (linked, free):
                status = 200 if contact in expected else 404
                assert (await client.get(f"{PATH}/{contact}")).status_code == status
        problem(await mutator.patch(f"{PATH}/{linked}", json={"surname": "x"}), 404)
        problem(await mutator.post(f"{PATH}/{linked}/invitation"), 404)
        problem(await other_office.admin.patch(f"{PATH}/{free}", json={"surname": "x"}), 404)
        problem(await reader.patch(f"{PATH}/{free}", json={"surname": "x"}), 403)
        for call in (henk.get(PATH), henk.get(f"{PATH}/{linked}"), henk.patch(f"{PATH}/{linked}", json={})):
            problem(await call, 403)

    async def test_keys_within_their_scopes(self, office: Tenant) -> None:
        """AU-02: a key makes no logins."""
        contact = made(await office.anna.post(PATH, json=HENK))
        path = f"{PATH}/{contact['id']}"
        reading, writing = await office.key(P.CONTACTS_READ), await office.key(P.CONTACTS_WRITE)
        assert made(await reading.get(path), 200) == contact
        problem(await reading.patch(path, json={"surname": "x"}), 403)
        problem(await writing.get(path), 403)
        assert made(await writing.patch(path, json={"surname": "x"}), 200)["surname"] == "x"
        problem(await writing.post(f"{path}/invitation"), 403)
