"""`q=` over relations and contacts, and search by any number: an accountant finds any client in a keystroke."""

from typing import Any

import pytest

from app import search
from app.access import P, Role
from app.services import relation_matching
from tests.factories import Tenant
from tests.factories.conventions import made, problem, walk

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
BV = {"type": "organisation", "legal_form": "bv"}
PERSON = {"type": "person", "name": None, "legal_form": None}
BSN, RSIN, KVK, IBAN = "111222333", "123456782", "69599084", "NL91ABNA0417164300"


@pytest.fixture
async def known(office: Tenant) -> None:
    await office.relation("100", name="De Vries Fietsen VOF", legal_form="vof", email="info@fietsen.example")
    await office.relation("100.1", **PERSON, first_names="Henk", prefix="de", surname="Vries", bsn=BSN)
    await office.relation("2100", name="Bäckerei Čapek & Söhne", rsin=RSIN, kvk_number=KVK, bank_accounts=[IBAN])
    await office.relation("77", name="50% _korting_ \\ BV", initials=None)


async def numbers(client: Any, q: str, **params: str) -> list[str]:
    rows = made(await client.get(PATH, params={"q": q, **params}), 200)["items"]
    return [row["number"] for row in rows]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("vries", ["100", "100.1"]),
        ("FIETSEN vries", ["100"]),
        ("henk", ["100.1"]),
        ("v", ["100", "100.1"]),
        ("vo", ["100"]),
        ("capek", ["2100"]),
        ("backerei", ["2100"]),
        ("sohn", ["2100"]),
        ("info@fietsen", ["100"]),
        ("100", ["100", "100.1", "2100"]),
        ("10", ["100", "100.1"]),
        ("100.1", ["100.1"]),
        ("%", ["77"]),
        ("_", ["77"]),
        ("\\", ["77"]),
        ("_korting_", ["77"]),
        ("x%s", []),
        (KVK, ["2100"]),
        (RSIN, ["2100"]),
        (IBAN.lower(), ["2100"]),
        ("NL91 ABNA 0417 1643 00", ["2100"]),
        (KVK[:7], []),
        (BSN, []),
        ("    ", ["77", "100", "100.1", "2100"]),
    ],
)
async def test_relations(office: Tenant, known: None, q: str, expected: list[str]) -> None:
    assert await numbers(office.anna, q) == expected


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("fietsne", ["100"]),
        ("vreis", ["100", "100.1"]),
        ("bakerei", ["2100"]),
        ("henk de vires", ["100.1"]),
        ("1O0", []),
        ("109", []),
        ("qqq", []),
    ],
)
async def test_misspelt_names_are_found_and_numbers_are_not(
    office: Tenant, known: None, q: str, expected: list[str]
) -> None:
    assert await numbers(office.anna, q) == expected


async def test_only_what_the_caller_sees(office: Tenant, other_office: Tenant, known: None) -> None:
    _, stranger = await office.member(Role.MUTATOR)
    for client in (stranger, other_office.admin):
        for q in ("vries", "vreis", KVK, "v"):
            assert await numbers(client, q) == []
    assert await numbers(await office.key(P.RELATIONS_READ), "vries") == ["100", "100.1"]


class TestNearlySo:
    """What somebody does not see, or does not ask for, takes nobody's place."""

    async def others(self, office: Tenant, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
        """More than are listed, and more like it than what is looked for."""
        monkeypatch.setattr(search, "NEAR", 3)
        for number in range(1, 6):
            body = {"number": f"8{number}", "type": "organisation", "name": "Fietsn", "legal_form": "bv"}
            made(await office.admin.post(PATH, json=body | values))

    async def test_for_who_needs_a_role(self, office: Tenant, known: None, monkeypatch: pytest.MonkeyPatch) -> None:
        await self.others(office, monkeypatch)
        assert await numbers(office.anna, "fietsnn") == ["100"]
        assert await numbers(office.anna, "fietsn") == ["100"]  # what others have so is no reason to look no further
        assert await numbers(office.admin, "fietsnn") == ["81", "82", "83"]

    async def test_with_a_filter(self, office: Tenant, known: None, monkeypatch: pytest.MonkeyPatch) -> None:
        await self.others(office, monkeypatch)
        for q in ("fietsnn", "fietsn"):
            assert await numbers(office.admin, q, legal_form="vof") == ["100"]

    async def test_the_archived_apart(self, office: Tenant, known: None, monkeypatch: pytest.MonkeyPatch) -> None:
        await self.others(office, monkeypatch)
        for row in await walk(office.admin, PATH, 50, q="fietsn"):
            assert (await office.admin.delete(f"{PATH}/{row['id']}")).status_code == 204
        for client in (office.admin, office.anna):
            for q in ("fietsnn", "fietsn"):
                assert await numbers(client, q) == ["100"]
        assert await numbers(office.admin, "fietsnn", archived="true") == ["81", "82", "83"]
        assert await numbers(office.anna, "fietsen", archived="true") == []

    async def test_contacts(self, office: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search, "NEAR", 2)
        theirs = made(await office.admin.post(PATH, json={"number": "1", "type": "person", "surname": "x"}))["id"]
        mine = (await office.relation("2"))["id"]
        for number, surname, relation in (("1", "Jansn", theirs), ("2", "Jansn", theirs), ("3", "Jansen", mine)):
            body = {"number": number, "surname": surname, "email": f"c{number}@b.nl"}
            contact = made(await office.admin.post("/v1/contacts", json=body))["id"]
            made(await office.admin.put(f"/v1/relations/{relation}/contacts/{contact}", json={}))
        for q in ("jansnn", "jansn"):
            rows = made(await office.anna.get("/v1/contacts", params={"q": q}), 200)["items"]
            assert [row["number"] for row in rows] == ["3"]


async def test_a_word_that_many_share_is_walked_in_order(office: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MANY", 0)
    for number in range(1, 9):
        await office.relation(str(number), name=f"Jansen {'en' if number % 2 else 'of'} Zoon")
    rows = await walk(office.anna, PATH, 2, q="jansen")
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 9)]
    rows = await walk(office.anna, PATH, 2, q="jansen en", sort="-number")
    assert [row["number"] for row in rows] == ["7", "5", "3", "1"]


async def test_many_that_somebody_does_not_see_hide_nothing_from_him(
    office: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MANY", 0)
    for number in range(1, 5):
        made(await office.admin.post(PATH, json={"number": str(number), "name": "Jansen", **BV}))
    await office.relation("9", name="Janssen Bakkerij")
    assert await numbers(office.anna, "jansen") == ["9"]


async def test_a_renamed_relation_is_found_by_its_new_name_alone(office: Tenant) -> None:
    relation = await office.relation("1", name="Oudenaam")
    made(await office.anna.patch(f"{PATH}/{relation['id']}", json={"name": "Nieuwkomer", "number": "5"}), 200)
    assert (await numbers(office.anna, "nieuwkomer"), await numbers(office.anna, "oudenaam")) == (["5"], [])


async def test_with_filters_and_hostile_words(office: Tenant, known: None) -> None:
    assert await numbers(office.anna, "vries", type="person") == ["100.1"]
    assert await numbers(office.anna, "vries", sort="-number") == ["100.1", "100"]
    for q in ("'; drop table relations; --", "{}", "{%}", '"', "NULL", "a" * 100, "ﷺ" * 30, "\u0301"):
        made(await office.anna.get(PATH, params={"q": q}), 200)
    for q in ("a\u0000", "\u202e", "x" * 101):
        problem(await office.anna.get(PATH, params={"q": q}), 422, None, "/q")


async def test_contacts(office: Tenant, other_office: Tenant) -> None:
    for number, surname, email in (("1", "Jansen", "piet@a.nl"), ("2", "de Wit", "wit@b.nl")):
        body = {"number": number, "surname": surname, "email": email, "first_names": "Piet"}
        made(await office.anna.post("/v1/contacts", json=body))

    async def found(client: Any, q: str) -> list[str]:
        rows = made(await client.get("/v1/contacts", params={"q": q}), 200)["items"]
        return [row["number"] for row in rows]

    assert await found(office.anna, "piet") == ["1", "2"]
    assert await found(office.anna, "jansne") == ["1"]
    assert await found(office.anna, "wit@b") == ["2"]
    assert await found(office.anna, "w") == ["2"]
    assert await found(other_office.admin, "piet") == []


class TestByNumber:
    async def test_any_kind_of_number(self, office: Tenant, known: None) -> None:
        trader = {"legal_form": "sole_trader", "bsn": BSN, "ob_number": f"{BSN}B01", "lh_numbers": [f"{BSN}L01"]}
        await office.relation("5", **trader)
        for number, expected in (
            (BSN, ["5", "100.1"]),
            ("1112.22.333", ["5", "100.1"]),
            (f"{BSN}B01", ["5"]),
            (f"{BSN}L01", ["5"]),
            (KVK, ["2100"]),
            (IBAN, ["2100"]),
            ("999990019", []),
        ):
            rows = made(await office.anna.post(f"{PATH}/search", json={"identifier": number}), 200)["items"]
            assert [row["number"] for row in rows] == expected
            assert BSN not in str(rows)

    async def test_more_than_an_answer_holds(
        self, office: Tenant, known: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relation_matching, "MOST_FOUND", 2)
        for count in (2, 3):
            await office.relation(f"3{count}", rsin=RSIN)
            found = made(await office.anna.post(f"{PATH}/search", json={"identifier": RSIN}), 200)
            assert (len(found["items"]), found["has_more"]) == (2, count == 3)

    async def test_by_whom(self, office: Tenant, known: None) -> None:
        """Matching a package's returns and looking for people by their numbers are two things."""
        for scope, searched, matched in ((P.RELATIONS_MATCH, 403, 200), (P.RELATIONS_SEARCH, 200, 403)):
            key = await office.key(scope)
            assert (await key.post(f"{PATH}/search", json={"identifier": KVK})).status_code == searched
            query = {"filing_type": "annual_accounts", "identifier": KVK}
            assert (await key.post(f"{PATH}/match", json=query)).status_code == matched

    async def test_refused(self, office: Tenant, other_office: Tenant, known: None) -> None:
        for wrong in ("henk", "111222334567890", "1"):
            refused = await office.anna.post(f"{PATH}/search", json={"identifier": wrong})
            assert wrong == "1" or wrong not in refused.text
            problem(refused, 422, "identifier_format", "/identifier")
        assert made(await other_office.admin.post(f"{PATH}/search", json={"identifier": BSN}), 200)["items"] == []
        _, reader = await office.member(Role.READER)
        problem(await reader.post(f"{PATH}/search", json={"identifier": KVK}), 403)


class TestClient:
    async def test_finds_by_what_he_reads(self, office: Tenant) -> None:
        relation = await office.relation("100", name="Fietsen", email="geheim@x.example", legal_form="vof")
        _, client = await office.linked_contact(relation)
        assert await numbers(client, "fiets") == ["100"]
        assert await numbers(client, "geheim") == []
        body = {"type": "person", "first_names": "Henk", "prefix": "de", "surname": "Vries"}
        own = made(await office.anna.post(PATH, json=body | {"number": "100.1"}))
        access = {"portal_access": True}
        contact = made(await client.get("/v1/me"), 200)["id"]
        made(await office.admin.put(f"{PATH}/{own['id']}/contacts/{contact}", json=access))
        assert await numbers(client, "Henk de Vries") == ["100.1"]  # as he reads it, and as it is sorted
        assert await numbers(client, "vries henk") == ["100.1"]
        for params in ({"missing": "rsin"}, {"legal_form": "vof"}, {"status": "active"}, {"external_id": "afas:1"}):
            problem(await client.get(PATH, params=params), 422, "unknown_parameter", f"/{next(iter(params))}")
