"""What a relation has beside its name and numbers: domain.md 3.1; rules 37, 39, 41 to 43."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import Tenant, hostile
from tests.factories.conventions import made, problem, refuses
from tests.factories.hostile import with_literal
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}
ADDRESS = {"street": "Kerkstraat", "house_number": "12", "addition": None, "postcode": "1012ab", "city": "Amsterdam"}


async def product(office: Tenant, name: str, filing_type: str | None = None) -> str:
    body = {"name": name, "filing_type": filing_type}
    return str(made(await office.admin.post("/v1/products", json=body))["id"])


async def patch(office: Tenant, relation: dict[str, Any], **values: Any) -> dict[str, Any]:
    return made(await office.anna.patch(f"{PATH}/{relation['id']}", json=values), 200)


class TestAddresses:
    async def test_each_field_is_merged_by_itself(self, office: Tenant) -> None:
        relation = await office.relation(addresses={"visiting": ADDRESS, "postal": {"city": "Delft"}})
        assert relation["addresses"] == {
            "visiting": ADDRESS | {"postcode": "1012 AB", "country": "NL"},
            "postal": dict.fromkeys(ADDRESS) | {"city": "Delft", "country": "NL"},
            "invoice": None,
        }
        changed = await patch(office, relation, addresses={"visiting": {"city": "Diemen", "street": None}})
        assert changed["addresses"]["visiting"] == relation["addresses"]["visiting"] | {
            "city": "Diemen",
            "street": None,
        }
        assert changed["addresses"]["postal"]["city"] == "Delft"
        assert (await patch(office, relation, addresses={"postal": None}))["addresses"]["postal"] is None
        assert (await patch(office, relation, addresses=None))["addresses"] == dict.fromkeys(relation["addresses"])

    async def test_a_wrong_dutch_postcode_is_warned_of(self, office: Tenant) -> None:
        relation = await office.relation(addresses={"invoice": {"postcode": "0123 SS"}})
        assert [(found["pointer"], found["code"]) for found in relation["warnings"]] == [
            ("/addresses/invoice/postcode", "postcode_format")
        ]
        abroad = await patch(office, relation, addresses={"invoice": {"country": "be"}})
        assert (abroad["addresses"]["invoice"]["country"], abroad["warnings"]) == ("BE", [])
        assert abroad["addresses"]["invoice"]["postcode"] == "0123 SS"

    async def test_one_way_to_be_empty(self, office: Tenant) -> None:
        """What comes back can be sent back, and an address in which nothing stands is none."""
        empty: dict[str, Any] = dict.fromkeys(("visiting", "postal", "invoice"))
        nothings: list[Any] = [{"visiting": {}}, {"visiting": {"street": ""}}]
        nothings += [{"postal": {"city": None, "country": "BE"}}]
        for nothing in nothings:
            relation = await office.relation(number=None, addresses=nothing)
            assert relation["addresses"] == empty
        full = await office.relation(number=None, addresses={"visiting": ADDRESS})
        assert await patch(office, full, addresses=full["addresses"]) == full
        abroad = await patch(office, full, addresses={"visiting": {"country": "DE"}})
        assert abroad["addresses"]["visiting"]["country"] == "DE"
        assert (await patch(office, full, addresses={"visiting": {"country": None}}))["addresses"] == full["addresses"]
        cleared = await patch(office, full, addresses={"visiting": dict.fromkeys(ADDRESS)})
        assert cleared["addresses"] == empty

    async def test_hostile(self, office: Tenant) -> None:
        relation = await office.relation()
        path = f"{PATH}/{relation['id']}"
        for literal in hostile.NO_OPTIONAL_LINE:
            body = with_literal({}, "addresses", f'{{"visiting": {{"street": {literal}}}}}')
            answer = await office.anna.patch(path, content=body, headers={"Content-Type": "application/json"})
            problem(answer, 422, None, "/addresses/visiting/street")
        wrongs: tuple[Any, ...] = (
            {"visiting": {"planet": "x"}},
            {"home": {}},
            {"visiting": {"country": "Holland"}},
            [],
        )
        for wrong in wrongs:
            problem(await office.anna.patch(path, json={"addresses": wrong}), 422)
        assert made(await office.anna.get(path), 200) == relation


class TestFields:
    async def test_all_of_them_come_back(self, office: Tenant) -> None:
        label = made(await office.admin.post("/v1/labels", json={"name": "Exact"}))["id"]
        values: dict[str, Any] = {
            "website": "https://www.devriesfietsen.example/over",
            "employees": 12,
            "fiscal_year_end": "06-30",
            "lh_filing_period": "four_weeks",
            "btw_filing_period": "quarter",
            "icp_filing_period": "none",
            "extension_schemes": [{"tax": "corporation_tax", "year": 2025, "granted_on": "2026-03-02"}],
            "wwft": {"identified_on": "2026-01-12", "risk": "normal", "review_on": "2029-01-12"},
            "label_ids": [label],
            "products": [{"product_id": await product(office, "Advies"), "starts_on": "2026-01-01", "ends_on": None}],
            "external_ids": {"afas": "10023", "exact.online": "a/b:c"},
            "bank_accounts": ["NL91ABNA0417164300", "BE71096123456769"],
        }
        relation = await office.relation(**values)
        assert {field: relation[field] for field in values} == values
        assert made(await office.anna.get(f"{PATH}/{relation['id']}"), 200) == relation
        listed = made(await office.anna.get(PATH), 200)["items"][0]
        assert {field: listed[field] for field in values} == values
        emptied = await patch(office, relation, **dict.fromkeys(values))
        empty = {
            "extension_schemes": [], "label_ids": [], "products": [], "bank_accounts": [], "external_ids": {},
            "wwft": dict.fromkeys(("identified_on", "risk", "review_on")), "fiscal_year_end": "12-31",
        }  # fmt: skip
        assert {field: emptied[field] for field in values} == dict.fromkeys(values) | empty

    async def test_a_change_that_changes_nothing_leaves_no_line(self, office: Tenant) -> None:
        values: dict[str, Any] = {"external_ids": {"afas": "1"}, "addresses": {"postal": {"city": "Delft"}}}
        relation = await office.relation(**values, products=[{"product_id": await product(office, "x")}])
        again = await patch(office, relation, **values, products=relation["products"], label_ids=[])
        assert again == relation

    async def test_born_on_is_of_persons_and_a_fiscal_year_is_not(self, office: Tenant) -> None:
        person = await office.relation("1", **PERSON, born_on="1970-02-28")
        assert (person["born_on"], person["fiscal_year_end"]) == ("1970-02-28", None)
        path = f"{PATH}/{person['id']}"
        problem(
            await office.anna.patch(path, json={"fiscal_year_end": "06-30"}), 422, "type_fields", "/fiscal_year_end"
        )
        problem(await office.anna.patch(path, json={"employees": 3}), 422, "type_fields", "/employees")
        problem(await office.anna.patch(path, json={"name": "Henk"}), 422, "type_fields", "/name")
        bv = await office.relation("2")
        born = await office.anna.patch(f"{PATH}/{bv['id']}", json={"born_on": "1970-01-01"})
        problem(born, 422, "type_fields", "/born_on")

    async def test_wrong_values(self, office: Tenant) -> None:
        relation = await office.relation()
        await refuses(
            office.anna,
            "PATCH",
            f"{PATH}/{relation['id']}",
            {},
            {
                "website": (*hostile.NO_LINE, '"javascript:alert(1)"', '"ftp://a.nl"', '"a b.nl"', '"http://u:p@a.nl"'),
                "employees": ('"1"', "-1", "1.5", "true", "1e9", "9" * 30),
                "fiscal_year_end": (
                    '"W01-1"',
                    '"W52-7"',
                    '"001"',
                    '"13-01"',
                    '"02-30"',
                    '"1231"',
                    '"31-12"',
                    "1231",
                    '""',
                    r'"06-30\n"',
                ),
                "lh_filing_period": ('"quarter"', '"MONTH"', "1"),
                "btw_filing_period": ('"four_weeks"', '""'),
                "icp_filing_period": ('"half_year"', "[]"),
                "extension_schemes": ('[{"tax": "vat", "year": 2025}]', '[{"tax": "income_tax", "year": 1800}]', "{}"),
                "wwft": ('{"risk": "extreme"}', '{"review_on": "tomorrow"}', "[]", '"x"'),
                "label_ids": ('["x"]', '"x"', "{}", "[null]"),
                "products": ("[{}]", '[{"product_id": "x"}]', "[null]", '"x"'),
                "external_ids": ('{"AFAS": "1"}', '{"a b": "1"}', '{"": "1"}', '{"afas": ""}', '{"afas": 1}', "[]"),
                "bank_accounts": ('["NL91ABNA0417164301"]', '["1"]', '"NL91ABNA0417164300"', "[null]"),
                "kind_id": hostile.NO_ID,
            },
        )
        assert made(await office.anna.get(f"{PATH}/{relation['id']}"), 200) == relation

    async def test_the_end_of_the_year_again_changes_nothing(self, office: Tenant) -> None:
        relation = await office.relation()
        assert await patch(office, relation, fiscal_year_end=None) == relation

    async def test_each_tax_and_year_once(self, office: Tenant) -> None:
        twice = [{"tax": "income_tax", "year": 2025}, {"tax": "income_tax", "year": 2025, "granted_on": "2026-01-01"}]
        body = {"type": "organisation", "name": "x", "legal_form": "bv", "extension_schemes": twice}
        problem(await office.anna.post(PATH, json=body), 422, "duplicate", "/extension_schemes/1")
        odd = await office.relation(extension_schemes=twice[:1])
        assert [found["code"] for found in odd["warnings"]] == ["tax_of_other_form"]

    async def test_all_that_does_not_fit_is_named_at_once(self, office: Tenant) -> None:
        body = {"type": "person", "name": "x", "legal_form": "bv", "employees": 3}
        problem(
            await office.anna.post(PATH, json=body),
            422,
            "type_fields",
            "/surname",
            "/name",
            "/legal_form",
            "/employees",
        )
        natural = {"type": "organisation", "name": "x", "legal_form": "natural_person"}
        problem(await office.anna.post(PATH, json=natural), 422, "type_fields", "/legal_form")

    async def test_a_number_that_does_not_begin_with_the_parents_is_warned_of(self, office: Tenant) -> None:
        above = await office.relation("100")
        child = await office.relation("100.1", parent_id=above["id"])
        assert child["warnings"] == []
        odd = await office.relation("1001", parent_id=above["id"])
        assert [found["code"] for found in odd["warnings"]] == ["number_of_parent"]


class TestProducts:
    async def test_periodic_returns_need_their_period(self, office: Tenant) -> None:
        """Rules 41 to 43: the period sets how often the work comes back."""
        vat = await product(office, "Btw-aangifte", "vat")
        relation = await office.relation()
        path, taken = f"{PATH}/{relation['id']}", {"products": [{"product_id": vat}]}
        refused = await office.anna.patch(path, json=taken)
        problem(refused, 422, "filing_period_needed", "/btw_filing_period")
        problem(await office.anna.patch(path, json=taken | {"btw_filing_period": "none"}), 422, "filing_period_needed")
        made(await office.anna.patch(path, json=taken | {"btw_filing_period": "quarter"}), 200)
        problem(await office.anna.patch(path, json={"btw_filing_period": None}), 422, "filing_period_needed")
        over = {"products": [{"product_id": vat, "ends_on": str(datetime.now(UTC).date() - timedelta(days=2))}]}
        made(await office.anna.patch(path, json=over | {"btw_filing_period": None}), 200)

    async def test_what_another_changed_stops_no_other_change(self, office: Tenant) -> None:
        """A product that leads to a return only since: completeness tells it; what is given is checked."""
        one = await product(office, "Advies")
        relation = await office.relation(products=[{"product_id": one}])
        made(await office.admin.patch(f"/v1/products/{one}", json={"filing_type": "vat"}), 200)
        assert (await patch(office, relation, icp_filing_period="month"))["icp_filing_period"] == "month"
        refused = await office.anna.patch(f"{PATH}/{relation['id']}", json={"btw_filing_period": "none"})
        problem(refused, 422, "filing_period_needed", "/btw_filing_period")

    async def test_never_twice_on_one_day(self, office: Tenant) -> None:
        one = await product(office, "Advies")

        def terms(*days: tuple[str | None, str | None]) -> dict[str, Any]:
            return {"products": [{"product_id": one, "starts_on": start, "ends_on": end} for start, end in days]}

        relation = await office.relation(**terms(("2024-01-01", "2024-12-31"), ("2025-01-01", None)))
        path = f"{PATH}/{relation['id']}"
        for wrong in (
            [(None, None), (None, None)],
            [("2025-01-01", None), ("2024-01-01", "2025-01-01")],
            [(None, "2024-01-01"), ("2024-01-01", None)],
        ):
            problem(await office.anna.patch(path, json=terms(*wrong)), 422, "overlap", "/products/1")
        backwards = await office.anna.patch(path, json=terms(("2025-01-02", "2025-01-01")))
        problem(backwards, 422, "order", "/products/0/ends_on")
        assert made(await office.anna.get(path), 200)["products"] == relation["products"]


class TestExternalIds:
    async def test_each_package_has_its_own_and_leaves_the_others(self, office: Tenant) -> None:
        relation = await office.relation(external_ids={"afas": "1"})
        changed = await patch(office, relation, external_ids={"exact": "x"})
        assert changed["external_ids"] == {"afas": "1", "exact": "x"}
        changed = await patch(office, relation, external_ids={"afas": None})
        assert changed["external_ids"] == {"exact": "x"}

    async def test_unique_in_its_package(self, office: Tenant, other_office: Tenant) -> None:
        await office.relation("1", external_ids={"afas": "1", "exact": "1"})
        second = await office.relation("2", external_ids={"afas": "2"})
        path = f"{PATH}/{second['id']}"
        clash = await office.anna.patch(path, json={"external_ids": {"exact": "2", "afas": "1"}})
        problem(clash, 409, "taken", "/external_ids/afas")
        assert made(await office.anna.get(path), 200) == second
        problem(
            await office.anna.post(
                PATH, json={"type": "organisation", "name": "x", "legal_form": "bv", "external_ids": {"afas": "2"}}
            ),
            409,
            "taken",
            "/external_ids/afas",
        )
        await other_office.relation("1", external_ids={"afas": "1"})

    async def test_no_more_than_can_be_sent_back(self, office: Tenant) -> None:
        relation = await office.relation(external_ids={f"a{number}": "1" for number in range(50)})
        refused = await office.anna.patch(f"{PATH}/{relation['id']}", json={"external_ids": {"b": "1"}})
        problem(refused, 422, "too_long", "/external_ids")

    async def test_found_by_it(self, office: Tenant) -> None:
        await office.relation("1", external_ids={"afas": "a:b"})
        for asked, expected in (("afas:a:b", ["1"]), ("afas:a", []), ("exact:a:b", [])):
            rows = made(await office.anna.get(PATH, params={"external_id": asked}), 200)["items"]
            assert [row["number"] for row in rows] == expected

    async def test_two_integrators_at_once(self, office: Tenant) -> None:
        relation = await office.relation()
        path = f"{PATH}/{relation['id']}"
        answers = await at_once(
            *(office.anna.patch(path, json={"external_ids": {f"package{number}": "1"}}) for number in range(6)),
            *(office.anna.patch(path, json={"external_ids": {"same": str(number)}}) for number in range(4)),
        )
        assert {answer.status_code for answer in answers} == {200}
        kept = made(await office.anna.get(path), 200)["external_ids"]
        assert kept.keys() == {*(f"package{number}" for number in range(6)), "same"}
