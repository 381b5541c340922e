"""Who is above whom, where a file says so: no ring is ever left, and no row kept out without cause (IM-06)."""

from typing import Any

import pytest

from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import (
    HEADINGS,
    PATH,
    committed,
    company,
    outcomes,
    planned,
    relations,
    rows,
    sheet,
    undone,
)

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

PARENTS = ("Relatienummer", "Hoofdrelatie")


async def patch(office: Tenant, relation: dict[str, Any], **values: Any) -> None:
    made(await office.admin.patch(f"/v1/relations/{relation['id']}", json=values), 200)


async def has_ring(office: Tenant) -> bool:
    above = {row["id"]: row["parent_id"] for row in (await relations(office)).values()}
    for start in above:
        seen, place = set(), start
        while place and place not in seen:
            seen.add(place)
            place = above[place]
        if place:
            return True
    return False


class TestParents:
    async def test_a_row_in_error_hides_no_parent(self, office: Tenant) -> None:
        above = await office.relation("B")
        await office.relation("A", parent_id=above["id"])
        await office.relation("C")
        content = sheet((*PARENTS, "E-mail"), ("A", "C", "no mail"), ("B", "A", None))
        await committed(office, await planned(office, content))
        assert not await has_ring(office)

    async def test_moved_between_plan_and_commit(self, office: Tenant) -> None:
        above, below = await office.relation("P"), await office.relation("X")
        found = await planned(office, sheet(PARENTS, ("X", "P")))
        await patch(office, above, parent_id=below["id"])
        answer = await office.admin.post(f"{PATH}/{found['id']}/commit")
        errors = problem(answer, 409, "plan_outdated")["errors"]
        assert [(each["pointer"], each["code"]) for each in errors] == [("/rows/2", "ring")]
        assert not await has_ring(office)

    async def test_a_ring_by_way_of_a_new_one(self, office: Tenant) -> None:
        above = await office.relation("A")
        below = await office.relation("B")
        content = sheet((*HEADINGS, "Hoofdrelatie"), (*company("N"), "A"), ("B", None, None, None, "N"))
        found = await planned(office, content)
        await patch(office, above, parent_id=below["id"])
        answer = await office.admin.post(f"{PATH}/{found['id']}/commit")
        errors = problem(answer, 409, "plan_outdated")["errors"]
        assert [(each["pointer"], each["code"]) for each in errors] == [("/rows/3", "ring")]

    async def test_two_that_change_places(self, office: Tenant) -> None:
        """No ring in the end, whichever is written first."""
        above = await office.relation("P")
        await office.relation("X", parent_id=above["id"])
        content = sheet(PARENTS, ("P", "X"), ("X", None))
        await committed(office, await planned(office, content, empty_cells="clear"))
        found = await relations(office)
        assert (found["P"]["parent_id"], found["X"]["parent_id"]) == (found["X"]["id"], None)

    async def test_moved_between_commit_and_undo(self, office: Tenant) -> None:
        above = await office.relation("P")
        below = await office.relation("X", parent_id=above["id"])
        await office.relation("Q")
        found = await committed(office, await planned(office, sheet(PARENTS, ("X", "Q"))))
        await patch(office, above, parent_id=below["id"])
        await undone(office, found)
        assert await outcomes(office, found) == ["ring"]
        assert not await has_ring(office)

    async def test_what_is_there_below_what_the_file_makes(self, office: Tenant) -> None:
        await office.relation("100.1")
        content = sheet((*HEADINGS, "Hoofdrelatie"), (*company("100"), None), ("100.1", None, None, None, "100"))
        found = await committed(office, await planned(office, content))
        there = await relations(office)
        assert there["100.1"]["parent_id"] == there["100"]["id"]
        await undone(office, found)
        assert list(await relations(office)) == ["100.1"]

    async def test_turned_round(self, office: Tenant) -> None:
        above = await office.relation("B")
        await office.relation("A", parent_id=above["id"])
        found = await planned(office, sheet(PARENTS, ("A", None), ("B", "A")), empty_cells="clear")
        assert found["counts"]["update"] == 2

    async def test_who_can_not_go_back_keeps_who_was_below(self, office: Tenant) -> None:
        """B went below A, so A can not go back below B; and stays below E, which so can not go back below A."""
        b = await office.relation("B")
        a = await office.relation("A", parent_id=b["id"])
        e = await office.relation("E", parent_id=a["id"])
        content = sheet((*HEADINGS, "Hoofdrelatie"), (*company("E"), None), (*company("A"), "E"))
        found = await committed(office, await planned(office, content, empty_cells="clear"))
        there = await relations(office)
        assert (there["A"]["parent_id"], there["E"]["parent_id"]) == (e["id"], None)
        await patch(office, b, parent_id=a["id"])
        await undone(office, found)
        assert await outcomes(office, found) == ["ring", "ring"]
        assert not await has_ring(office)

    async def test_a_long_way_up(self, office: Tenant) -> None:
        """A ring of more relations than anybody would look through is one too."""
        chain = [(*company(f"c{n}"), f"c{n - 1}" if n else None) for n in range(120)]
        content = sheet((*HEADINGS, "Hoofdrelatie"), *chain, (*company("X"), None))
        await committed(office, await planned(office, content))
        found = await planned(office, sheet(PARENTS, ("c0", "X")))
        there = await relations(office)
        await patch(office, there["X"], parent_id=there["c119"]["id"])
        refused = await office.admin.post(f"{PATH}/{found['id']}/commit")
        assert [each["code"] for each in refused.json()["errors"]] == ["ring"]

    @pytest.mark.parametrize("order", ["XYZ", "YXZ", "ZYX"])
    async def test_who_is_in_no_ring_is_let_be(self, office: Tenant, order: str) -> None:
        z = await office.relation("Z")
        await office.relation("Y")
        await office.relation("X", parent_id=z["id"])
        above = {"X": "Y", "Y": "X", "Z": "Y"}
        found = await planned(office, sheet(PARENTS, *((number, above[number]) for number in order)))
        actions = {row["title"][0]: row["action"] for row in await rows(office, found)}
        assert actions["Z"] == "update"
        assert found["counts"]["error"] == 2

    async def test_below_one_that_is_archived(self, office: Tenant) -> None:
        above = await office.relation("P")
        await office.relation("Q")
        await office.relation("X", parent_id=above["id"])
        found = await committed(office, await planned(office, sheet(PARENTS, ("X", "Q"))))
        assert (await office.admin.delete(f"/v1/relations/{above['id']}")).status_code == 204
        await undone(office, found)
        assert await outcomes(office, found) == ["parent_archived"]

    async def test_one_that_another_undo_needs(self, office: Tenant) -> None:
        first = await committed(office, await planned(office, sheet(HEADINGS, company("P"))))
        above = (await relations(office))["P"]
        await office.relation("Q")
        await patch(office, await office.relation("X"), parent_id=above["id"])
        second = await committed(office, await planned(office, sheet(PARENTS, ("X", "Q"))))
        await undone(office, first)
        assert await outcomes(office, first) == ["other_import_needs_it"]
        await undone(office, second)
        assert await outcomes(office, second) == ["undone"]
        assert (await relations(office))["X"]["parent_id"] == above["id"]
