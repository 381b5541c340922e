"""An import in batches, each in a transaction of its own: rows that need one another are in one, whatever its size."""

from typing import Any

import pytest

from app.db import Database
from app.services import import_commits
from app.services.import_contacts import together
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import (
    HEADINGS,
    committed,
    contacts,
    done,
    links,
    ordered_in_batches,
    outcomes,
    planned,
    relations,
    sheet,
)
from tests.factories.imports import undone as undo
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.mail import is_done, workers
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

LINKED = ("Contactnummer", "E-mail", "Achternaam", "Relatienummers", "Functie", "Voorkeurscontact")
BELOW = (*HEADINGS, "Hoofdrelatie")


@pytest.fixture
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of one row, where it needs no other."""
    monkeypatch.setattr(import_commits, "AT_ONCE", 1)


async def in_batches(office: Tenant, content: bytes, kind: str, **options: str) -> dict[str, Any]:
    found = await planned(office, content, kind, **options)
    return await done(office.admin, await ordered_in_batches(office, found), "committed")


async def has_begun(office: Tenant, found: dict[str, Any]) -> bool:
    return "done" in await outcomes(office, found)


async def preferred(office: Tenant, *numbers: str) -> dict[str, list[str]]:
    """Of which relations each of these contacts is the preferred one."""
    return {
        number: sorted(key for key, link in (await links(office, number)).items() if link["is_preferred"])
        for number in numbers
    }


async def two_preferred(office: Tenant) -> None:
    """Contact 1 is the preferred one of 100, 2 of 200; both are linked to both."""
    for number in ("100", "200"):
        await office.relation(number)
    both = [(n, f"{n}@v.nl", "Vries", "100; 200", None, each) for n, each in (("1", "ja; nee"), ("2", "nee; ja"))]
    await committed(office, await planned(office, sheet(LINKED, *both), "contacts"))


SWAP = (("1", None, None, "100; 200", None, "nee; ja"), ("2", None, None, "100; 200", None, "ja; nee"))


@pytest.mark.usefixtures("one_at_once", "worker")
class TestRowsThatNeedOneAnother:
    async def test_who_takes_and_who_had_it(self, office: Tenant) -> None:
        await two_preferred(office)
        taken = (("3", "3@v.nl", "Nieuw", "100", None, "ja"), ("4", "4@v.nl", "Vier", None, None, None))
        ended = await in_batches(office, sheet(LINKED, *taken, ("1", None, None, "100", "directeur", None)), "contacts")
        assert ended["counts"]["committed"] == 3
        assert await preferred(office, "1", "3") == {"1": [], "3": ["100"]}
        assert (await links(office, "1"))["100"]["function"] == "directeur"
        await undo(office, ended)
        assert await outcomes(office, ended) == ["undone"] * 3
        assert await preferred(office, "1") == {"1": ["100"]}
        assert set(await contacts(office)) == {"1", "2"}

    async def test_two_that_change_places(self, office: Tenant) -> None:
        await two_preferred(office)
        ended = await in_batches(office, sheet(LINKED, *SWAP), "contacts")
        assert await preferred(office, "1", "2") == {"1": ["200"], "2": ["100"]}
        await undo(office, ended)
        assert await preferred(office, "1", "2") == {"1": ["100"], "2": ["200"]}

    @pytest.mark.parametrize("order", [("A", "B", "C"), ("C", "B", "A"), ("B", "A", "C")])
    async def test_relations_that_turn_upside_down(self, office: Tenant, order: tuple[str, ...]) -> None:
        a = await office.relation("A")
        b = await office.relation("B", parent_id=a["id"])
        await office.relation("C", parent_id=b["id"])
        above = {"A": "N", "B": "C", "C": None, "N": "B"}
        moved = sheet(BELOW, *((n, "organisatie", n, "BV", above[n]) for n in (*order, "N")))
        ended = await in_batches(office, moved, "relations", empty_cells="clear")
        assert ended["counts"]["committed"] == 4

        async def parents() -> dict[str, str | None]:
            found = await relations(office)
            names = {row["id"]: number for number, row in found.items()} | {None: None}
            return {number: names[row["parent_id"]] for number, row in found.items()}

        assert await parents() == {"C": None, "B": "C", "N": "B", "A": "N"}
        await undo(office, ended)
        assert await outcomes(office, ended) == ["undone"] * 4
        assert await parents() == {"A": None, "B": "A", "C": "B"}


def test_groups_stay_together() -> None:
    """Pairs that meet are one group, named by its first row; a batch is as full as it can be without parting one."""
    assert together([(3, 4), (9, 8), (2, 3), (7, 6)]) == {2: 2, 3: 2, 4: 2, 8: 8, 9: 8, 6: 6, 7: 6}
    assert together((n, n - 1) for n in range(50_000, 0, -1))[50_000] == 0
    groups = [[(number, "create")] * size for number, size in enumerate((1, 1, 5, 2, 1, 1))]
    assert [[len(group) for group in batch] for batch in import_commits.batches(groups, 3)] == [
        [1, 1],
        [5],
        [2, 1],
        [1],
    ]
    assert list(import_commits.batches([], 3)) == []


class TestWhatIsLeftOut:
    @pytest.mark.parametrize("size", [1, 2, 500])
    async def test_both_or_none(
        self, office: Tenant, settings: Settings, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        """Who would give it up keeps it, when the one that takes it is left out; also beside others in a batch."""
        monkeypatch.setattr(import_commits, "AT_ONCE", size)
        async with workers(settings):
            await two_preferred(office)
            lines = (("3", "3@v.nl", "Drie", None, None, None), *SWAP)
            found = await planned(office, sheet(LINKED, *lines), "contacts")
        path = await ordered_in_batches(office, found)
        contact = (await contacts(office))["2"]
        made(await office.admin.patch(f"/v1/contacts/{contact['id']}", json={"initials": "X."}), 200)
        async with workers(settings):
            ended = await done(office.admin, path, "committed")
            assert await outcomes(office, ended) == ["done", "other_row_left_out", "changed"]
            assert await preferred(office, "1", "2") == {"1": ["100"], "2": ["200"]}
            await undo(office, ended)
        assert await outcomes(office, ended) == ["undone", "other_row_left_out", "changed"]

    @pytest.mark.usefixtures("worker", "one_at_once")
    async def test_what_is_begun_goes_on_or_back(self, office: Tenant, db: Database) -> None:
        """However often it is cancelled, and when its undo is."""
        ids = {number: (await office.relation(number, name="Oud"))["id"] for number in "123"}
        found = await planned(office, sheet(HEADINGS, *((number, None, "Nieuw", None) for number in "123")))
        async with lock_row(office, "relations", ids["2"]) as release:
            path = await ordered_in_batches(office, found)
            await eventually(lambda: has_begun(office, found), "a first batch", 30)
            for _ in range(3):
                told = made(await office.admin.post(f"{path}/cancel"), 202)
                assert (told["state"], told["counts"]["committed"]) == ("planned", 1)
            await eventually(lambda: waiting_for_locks(office, 1), "the second batch", 30)
            made(await office.admin.post(f"{path}/undo"), 202)
            assert made(await office.admin.post(f"{path}/cancel"), 202)["state"] == "planned"
            await release()
        await eventually(lambda: is_done(db), "a worker that is done", 30)
        ended = await done(office.admin, await ordered_in_batches(office, found), "committed")
        assert ended["counts"]["committed"] == 3
        made(await office.admin.post(f"{path}/undo"), 202)
        await done(office.admin, path, "undone")
        assert [row["name"] for row in (await relations(office)).values()] == ["Oud"] * 3

    @pytest.mark.usefixtures("worker", "one_at_once")
    async def test_what_goes_on_leaves_out_what_changed_since(self, office: Tenant) -> None:
        """Ordered again, an import of which a part is done is not refused for rows that are out of date."""
        ids = {number: (await office.relation(number, name="Oud"))["id"] for number in "123"}
        found = await planned(office, sheet(HEADINGS, *((number, None, "Nieuw", None) for number in "123")))
        async with lock_row(office, "relations", ids["2"]) as release:
            path = await ordered_in_batches(office, found)
            await eventually(lambda: has_begun(office, found), "a first batch", 30)
            made(await office.admin.post(f"{path}/cancel"), 202)
            await release()
        made(await office.admin.patch(f"/v1/relations/{ids['2']}", json={"name": "Anders"}), 200)
        problem(await office.admin.post(f"{path}/plan"), 409, "partly_committed")
        ended = await done(office.admin, await ordered_in_batches(office, found), "committed")
        assert await outcomes(office, ended) == ["done", "changed", "done"]
        assert [row["name"] for row in (await relations(office)).values()] == ["Nieuw", "Anders", "Nieuw"]
