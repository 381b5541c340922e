"""Phone numbers of contacts and relations (domain.md 3.1, 3.2): kept as typed, read as E.164, warned about."""

from typing import Any

import pytest

from tests.factories import Tenant, hostile
from tests.factories.conventions import made, refuses

pytestmark = pytest.mark.anyio

PATH = "/v1/contacts"
HENK = {"number": "1", "email": "henk@vries.nl", "surname": "Vries"}
READABLE = {
    "020 555 01 00": "+31205550100",
    "(020) 555-0100": "+31205550100",
    "0031 6 12345678": "+31612345678",
    "06-12345678": "+31612345678",
    "+32 2 512 00 00": "+3225120000",
    "٠٢٠٥٥٥٠١٠٠": "+31205550100",
}
UNREADABLE = ("020", "ask Henk", "06 1234 567", "112", "+", "'; DROP TABLE contacts; --", "1" * 200, "(" * 200)


def codes(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(warning["pointer"], warning["code"]) for warning in body["warnings"]]


async def test_as_typed_and_as_called(office: Tenant) -> None:
    contact = made(await office.anna.post(PATH, json=HENK | {"phone": "020 555 01 00", "mobile": "06 12345678"}))
    shown = {"phone": "020 555 01 00", "phone_e164": "+31205550100", "mobile_e164": "+31612345678", "warnings": []}
    assert contact.items() >= shown.items()
    path = f"{PATH}/{contact['id']}"
    for typed, number in READABLE.items():
        changed = made(await office.anna.patch(path, json={"mobile": typed}), 200)
        assert (changed["mobile"], changed["mobile_e164"], changed["warnings"]) == (typed, number, [])
    cleared = made(await office.anna.patch(path, json={"phone": None, "mobile": ""}), 200)
    assert (cleared["phone_e164"], cleared["mobile_e164"], cleared["warnings"]) == (None, None, [])
    assert made(await office.anna.get(path), 200) == cleared


async def test_what_can_not_be_read_is_kept_with_a_warning(office: Tenant) -> None:
    path = f"{PATH}/{made(await office.anna.post(PATH, json=HENK))['id']}"
    for typed in UNREADABLE:
        contact = made(await office.anna.patch(path, json={"phone": typed, "mobile": typed}), 200)
        assert (contact["phone"], contact["phone_e164"], contact["mobile_e164"]) == (typed, None, None)
        assert codes(contact) == [("/phone", "phone_unreadable"), ("/mobile", "phone_unreadable")]
        assert made(await office.anna.get(path), 200) == contact
    listed = made(await office.anna.get(PATH), 200)["items"][0]
    assert "warnings" not in listed


async def test_of_a_relation(office: Tenant) -> None:
    relation = await office.relation("1", phone="020 555 01 00")
    assert (relation["phone_e164"], relation["warnings"]) == ("+31205550100", [])
    path = f"/v1/relations/{relation['id']}"
    changed = made(await office.anna.patch(path, json={"phone": "geheim", "kvk_number": "00599084"}), 200)
    assert (changed["phone"], changed["phone_e164"]) == ("geheim", None)
    assert codes(changed) == [("/kvk_number", "kvk_number_zeros"), ("/phone", "phone_unreadable")]
    assert made(await office.anna.get("/v1/relations"), 200)["items"][0]["phone_e164"] is None


async def test_hostile_values(office: Tenant) -> None:
    """IN-01, IN-03: text that nobody can read is refused as everywhere; what is read is never written."""
    cases = {
        "phone": hostile.NO_OPTIONAL_LINE,
        "mobile": hostile.NO_OPTIONAL_LINE,
        "phone_e164": ('"+31205550100"', "null"),
        "mobile_e164": ('"+31205550100"', "null"),
        "warnings": ("[]",),
    }
    await refuses(office.anna, "POST", PATH, HENK, cases)
    path = f"{PATH}/{made(await office.anna.post(PATH, json=HENK))['id']}"
    await refuses(office.anna, "PATCH", path, {}, cases)
