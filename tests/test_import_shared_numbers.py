"""Two relations with one number that returns are matched by: the plan says so (domain.md 5.3)."""

from typing import Any

import pytest

from tests.factories import Tenant
from tests.factories.conventions import made
from tests.factories.imports import HEADINGS, PATH, committed, findings, planned, rows, sheet

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

NUMBERED = (*HEADINGS, "Achternaam", "BSN", "RSIN", "LH-nummers")
BSN, RSIN = "111222333", "123456782"


def company(number: str, form: str = "BV", **numbers: str) -> tuple[Any, ...]:
    kinds = ("bsn", "rsin", "lh_numbers")
    return (number, "organisatie", f"Bedrijf {number}", form, None, *(numbers.get(kind) for kind in kinds))


def person(number: str, bsn: str) -> tuple[Any, ...]:
    return (number, "persoon", None, None, "Vries", bsn, None, None)


async def shared(office: Tenant, *lines: tuple[Any, ...]) -> list[list[str]]:
    """The columns of each row that share a number."""
    found = await findings(office, sheet(NUMBERED, *lines), "relations")
    return [[field for field, code in row[2] if code == f"{field}_in_use"] for row in found]


async def test_in_the_file(office: Tenant) -> None:
    lh = f"{RSIN}L01"
    lines = (
        company("1", rsin=RSIN, lh_numbers=f"{lh}; {RSIN}L02"),
        company("2", "stichting", rsin=RSIN),
        company("3", lh_numbers=lh),
        company("4", rsin="002564440"),
    )
    assert await shared(office, *lines) == [["rsin", "lh_numbers"], ["rsin"], ["lh_numbers"], []]


async def test_one_number_down_a_whole_column(office: Tenant) -> None:
    """It takes no longer than as many numbers: pairs of these rows are eight million."""
    lines = [company(str(number), rsin=RSIN) for number in range(4000)]
    found = await planned(office, sheet(NUMBERED, *lines))
    assert found["counts"]["create"] == 4000
    total = await office.admin.get(f"{PATH}/{found['id']}/rows", params={"has_findings": "true", "include": "total"})
    assert made(total, 200)["total"] == 4000


async def test_a_person_and_his_business_share_a_bsn(office: Tenant) -> None:
    business = company("1", "eenmanszaak", bsn=BSN)
    assert await shared(office, business, person("1.1", BSN)) == [[], []]
    assert await shared(office, business, person("1.1", BSN), person("1.2", BSN)) == [[], ["bsn"], ["bsn"]]


async def test_with_what_the_office_has(office: Tenant, other_office: Tenant) -> None:
    await committed(office, await planned(office, sheet(NUMBERED, company("1", rsin=RSIN))))
    assert await shared(other_office, company("2", rsin=RSIN)) == [[]]
    assert await shared(office, company("2", rsin=RSIN)) == [["rsin"]]
    (row,) = await rows(office, await planned(office, sheet(NUMBERED, company("2", rsin=RSIN))))
    (finding,) = row["findings"]
    assert (row["action"], finding["is_error"], finding["value"]) == ("create", False, None)
    assert RSIN not in str(row)
    # The file gives the one that has it another one.
    assert await shared(office, company("1", rsin="002564440"), company("2", rsin=RSIN)) == [[], []]
    # And one that stays as it is, is not told again.
    assert await shared(office, company("1", rsin=RSIN), company("2", rsin=RSIN)) == [[], ["rsin"]]


async def test_who_is_archived_or_no_client_has_none_to_share(office: Tenant) -> None:
    gone = await office.relation("1", rsin=RSIN)
    assert (await office.admin.delete(f"/v1/relations/{gone['id']}")).status_code == 204
    await office.relation("2", type="supplier", rsin=RSIN)
    assert await shared(office, company("3", rsin=RSIN)) == [[]]
