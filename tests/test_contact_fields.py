"""What else a contact has (domain.md 3.2): a number that is proposed, a salutation, what he is told by mail."""

import pytest

from app.models.contacts import NOTIFICATIONS
from tests.factories import Tenant, hostile
from tests.factories.conventions import keeps_etag, made, problem, refuses
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/contacts"
HENK = {"email": "henk@vries.nl", "surname": "Vries"}


async def test_what_is_stored_is_no_longer_than_what_may_be_sent(office: Tenant) -> None:
    """One letter may be three in NFC, and a contact that was read can be sent back."""
    refused = await office.anna.post(PATH, json=HENK | {"salutation": "\ufb2c" * 100})
    assert problem(refused, 422, None, "/salutation")["errors"][0]["code"] == "string_too_long"
    kept = made(await office.anna.post(PATH, json=HENK | {"salutation": "\ufb2c" * 66}))
    assert len(kept["salutation"]) == 198


class TestNumber:
    async def test_the_next_one(self, office: Tenant, other_office: Tenant) -> None:
        """Of the contacts of this office, whoever sees them; relations count for nothing (rule 40)."""
        await office.relation("500")
        made(await other_office.anna.post(PATH, json=HENK | {"number": "900"}))
        steps: tuple[tuple[str | None, str], ...] = ((None, "1"), ("99", "99"), (None, "100"), ("C7", "C7"))
        for place, (given, expected) in enumerate((*steps, ("100.5", "100.5"), (None, "101"))):
            body = HENK | {"email": f"h{place}@vries.nl"} | ({"number": given} if given else {})
            assert made(await office.anna.post(PATH, json=body))["number"] == expected
        relation = await office.relation("1")
        _, henk = await office.linked_contact(relation, "700")
        problem(await henk.post(PATH, json=HENK), 403)
        assert made(await office.anna.post(PATH, json=HENK | {"number": None}))["number"] == "701"

    async def test_many_at_once(self, office: Tenant) -> None:
        calls = (office.anna.post(PATH, json=HENK | {"email": f"h{place}@vries.nl"}) for place in range(8))
        answers = await at_once(*calls)
        assert {answer.status_code for answer in answers} == {201}
        assert {answer.json()["number"] for answer in answers} == {str(number) for number in range(1, 9)}

    async def test_a_refusal_takes_none(self, office: Tenant) -> None:
        made(await office.anna.post(PATH, json=HENK))
        problem(await office.anna.post(PATH, json=HENK), 409, "taken", "/email")
        assert made(await office.anna.post(PATH, json=HENK | {"email": "jan@vries.nl"}))["number"] == "2"


async def test_salutation(office: Tenant) -> None:
    contact = made(await office.anna.post(PATH, json=HENK | {"salutation": "Geachte heer De Vries"}))
    assert contact["salutation"] == "Geachte heer De Vries"
    path = f"{PATH}/{contact['id']}"
    assert made(await office.anna.patch(path, json={"salutation": None}), 200)["salutation"] is None
    await refuses(office.anna, "PATCH", path, {}, {"salutation": hostile.NO_OPTIONAL_LINE})


class TestNotifications:
    async def test_defaults_and_merge(self, office: Tenant) -> None:
        """RFC 7396: what is not given stays, one level down too."""
        contact = made(await office.anna.post(PATH, json=HENK | {"notifications": {"reminders": False}}))
        expected = NOTIFICATIONS | {"reminders": False}
        assert contact["notifications"] == expected
        path = f"{PATH}/{contact['id']}"
        for change in ({"digest": "weekly"}, {"messages": False, "reminders": True}, {}, {"digest": "daily"}):
            expected |= change
            changed = made(await office.anna.patch(path, json={"notifications": change}), 200)
            assert changed["notifications"] == expected
        assert made(await office.anna.patch(path, json={"notifications": {"digest": "daily"}}), 200) == changed
        assert made(await office.anna.get(path), 200) == changed
        await keeps_etag(office.anna, path, {"notifications": {"digest": "never"}})

    async def test_hostile_values(self, office: Tenant) -> None:
        path = f"{PATH}/{made(await office.anna.post(PATH, json=HENK))['id']}"
        wrong = ["null", "[]", '"all"', "true", '{"calls": true}', '{"__proto__": {}}', '{"digest": null}']
        wrong += [f'{{"{flag}": {bad}}}' for flag in ("messages", "document_requests") for bad in hostile.NO_BOOL]
        wrong += [f'{{"digest": {bad}}}' for bad in hostile.one_of("daily")]
        await refuses(office.anna, "PATCH", path, {}, {"notifications": wrong})
        other = HENK | {"email": "jan@vries.nl"}
        await refuses(office.anna, "POST", PATH, other, {"notifications": wrong})
        unknown = await office.anna.patch(path, json={"notifications": {"calls": True}})
        assert problem(unknown, 422, None, "/notifications/calls")["errors"][0]["code"] == "unknown_field"
        assert made(await office.anna.get(path), 200)["notifications"] == NOTIFICATIONS
