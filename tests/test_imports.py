"""`/imports`: a file is planned row by row, and committed exactly so (domain.md 1.3; IM-01 to IM-06)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, text, update

from app.db import Database
from app.models import Import
from app.services import housekeeping, import_commits
from app.settings import Settings
from app.storage import Storage
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.imports import (
    HEADINGS,
    PATH,
    committed,
    done,
    outcomes,
    planned,
    relations,
    rows,
    send,
    sheet,
    undone,
)
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("worker")]

VRIES = sheet(
    (*HEADINGS, "Voornamen", "Tussenvoegsel", "Achternaam", "BSN", "Hoofdrelatie", "E-mail"),
    ("100", "organisatie", "De Vries Fietsen VOF", "VOF", None, None, None, None, None, "info@fietsen.example"),
    ("100.1", "persoon", None, None, "Henk", "de", "Vries", "111222333", "100", None),
    ("100.2", "persoon", None, None, "Ria", "de", "Vries", None, "100", None),
)


async def test_from_file_to_relations(office: Tenant) -> None:
    found = await planned(office, VRIES)
    assert found["counts"] == {"create": 3, "update": 0, "unchanged": 0, "duplicate": 0, "error": 0, "committed": 0}
    assert await relations(office) == {}
    await committed(office, found)
    there = await relations(office)
    assert list(there) == ["100", "100.1", "100.2"]
    vof, henk = there["100"], there["100.1"]
    assert (henk["parent_id"], henk["surname"], henk["bsn"]) == (vof["id"], "Vries", "*********")
    assert vof["created_by"] == henk["created_by"]
    folders = made(await office.admin.get(f"/v1/dossiers/{vof['dossier_id']}/folders"), 200)["items"]
    assert len(folders) == 4
    again = await planned(office, VRIES)
    assert again["counts"] == {"create": 0, "update": 0, "unchanged": 3, "duplicate": 0, "error": 0, "committed": 0}, (
        await rows(office, again)
    )


async def test_an_update_changes_what_the_file_says_and_nothing_else(office: Tenant) -> None:
    await committed(office, await planned(office, VRIES))
    memo = {"memo": "Belt liever", "label_ids": []}
    before = await relations(office)
    made(await office.admin.patch(f"/v1/relations/{before['100.1']['id']}", json=memo), 200)
    found = await planned(
        office, sheet(("Relatienummer", "Achternaam", "BSN", "E-mail"), ("100.1", "Vriesman", "123456782", "h@v.nl"))
    )
    (row,) = await rows(office, found)
    assert (row["action"], row["fields"], row["findings"]) == ("update", ["bsn", "email", "name", "surname"], [])
    await committed(office, found)
    there = (await relations(office))["100.1"]
    assert (there["surname"], there["email"], there["memo"], there["first_names"]) == (
        "Vriesman",
        "h@v.nl",
        "Belt liever",
        "Henk",
    )
    revealed = await office.admin.post(f"/v1/relations/{there['id']}/citizen-number", json={"reason": "check"})
    assert made(revealed, 200)["bsn"] == "123456782"


async def test_what_changed_since_refuses_the_commit(office: Tenant) -> None:
    await committed(office, await planned(office, VRIES))
    change = sheet(("Relatienummer", "E-mail"), ("100", "nieuw@fietsen.example"), ("100.1", "henk@fietsen.example"))
    found = await planned(office, change)
    there = await relations(office)
    made(await office.admin.patch(f"/v1/relations/{there['100.1']['id']}", json={"memo": "x"}), 200)
    problem(await office.admin.post(f"{PATH}/{found['id']}/commit"), 409, "plan_outdated", "/rows/3")


async def test_postgresql_looks_at_what_was_written(office: Tenant, db: Database) -> None:
    """Of an office that it has not looked at it would read all rows for each one that is asked for."""

    async def looks() -> int:
        counted = text(
            "SELECT sum(analyze_count) FROM pg_stat_user_tables WHERE relname IN ('relation_labels', 'relation_roles')"
        )
        async with db.transaction(office.id) as session:
            return int(await session.scalar(counted) or 0)

    many = sheet(HEADINGS, *((str(number), "organisatie", "Bedrijf", "BV") for number in range(import_commits.AT_ONCE)))
    found, before = await planned(office, many), await looks()
    await committed(office, found)

    async def has_looked() -> bool:
        return await looks() >= before + 2

    await eventually(has_looked, "statistics of what was written", 10)


class TestUndo:
    async def test_what_was_made_is_gone_and_what_was_changed_is_as_it_was(self, office: Tenant) -> None:
        label = made(await office.admin.post("/v1/labels", json={"name": "Vip"}))["id"]
        values = {"label_ids": [label], "external_ids": {"afas": "1"}, "bank_accounts": ["NL91ABNA0417164300"]}
        await office.relation("7", name="Oud", rsin="123456782", email="oud@b.nl", **values)
        before = (await relations(office))["7"]
        heads = ("Relatienummer", "Type", "Naam", "Rechtsvorm", "RSIN", "E-mail", "Labels", "Koppelingen", "IBAN")
        content = sheet(
            heads,
            ("7", "organisatie", "Nieuw", "BV", "111222333", "nieuw@b.nl", None, "afas:2", None),
            ("8", "organisatie", "Acht", "BV", None, None, "Vip", "afas:3", None),
        )
        found = await planned(office, content, empty_cells="clear")
        assert [row["action"] for row in await rows(office, found)] == ["update", "create"], await rows(office, found)
        await committed(office, found)
        there = await relations(office)
        assert (there["7"]["label_ids"], there["7"]["bank_accounts"], there["7"]["rsin"]) == ([], [], "111222333")
        await undone(office, found)
        after = await relations(office)
        assert list(after) == ["7"]
        own = {"updated_at", "updated_by", "version"}
        assert {name: value for name, value in after["7"].items() if name not in own} == {
            name: value for name, value in before.items() if name not in own
        }
        assert {row["outcome"] for row in await rows(office, found)} == {"undone"}
        again = await planned(office, content)
        assert again["counts"]["create"] == 1

    async def test_what_somebody_went_on_with_stays(self, office: Tenant) -> None:
        found = await committed(office, await planned(office, VRIES))
        there = await relations(office)
        made(await office.admin.patch(f"/v1/relations/{there['100.1']['id']}", json={"memo": "later"}), 200)
        await undone(office, found)
        assert list(await relations(office)) == ["100", "100.1"]
        assert await outcomes(office, found) == ["has_children", "changed_since", "undone"]

    async def test_imports_go_back_one_after_another(self, office: Tenant) -> None:
        """Of the same relations, the last one first: each finds them as it left them; what else changed stays."""
        heads = (*HEADINGS, "Hoofdrelatie", "Memo")
        files: list[list[tuple[str | None, ...]]] = [
            [("1", "organisatie", "Een", "BV", None, None), ("2", "organisatie", "Twee", "BV", "1", "oud")],
            [("1", None, "Anders", None, None, "een"), ("2", None, None, None, None, "twee")],
            [("1", None, "Weer", None, None, None), ("2", None, "Twee BV", "NV", None, None)],
        ]
        found = [await committed(office, await planned(office, sheet(heads, *lines))) for lines in files]
        there = await relations(office)
        made(await office.admin.patch(f"/v1/relations/{there['2']['id']}", json={"phone": "0612345678"}), 200)
        for each in reversed(found):
            await undone(office, each)
        assert [await outcomes(office, each) for each in reversed(found)] == [
            ["undone", "changed_since"],
            ["undone", "changed_since"],
            ["has_children", "changed_since"],
        ]
        after = await relations(office)
        assert (after["1"]["name"], after["2"]["name"], after["2"]["memo"]) == ("Een", "Twee BV", "twee")

    async def test_all_is_gone_that_several_imports_made(self, office: Tenant) -> None:
        files = [sheet(HEADINGS, ("1", "organisatie", name, "BV")) for name in ("Een", "Twee", "Drie")]
        found = [await committed(office, await planned(office, content)) for content in files]
        for each in reversed(found):
            await undone(office, each)
        assert await relations(office) == {}

    async def test_a_relation_with_a_contact_stays(self, office: Tenant) -> None:
        found = await committed(office, await planned(office, sheet(HEADINGS, ("1", "organisatie", "Een", "BV"))))
        relation = (await relations(office))["1"]
        person = {"number": "1", "surname": "Vries", "email": "h@v.nl"}
        contact = made(await office.admin.post("/v1/contacts", json=person))["id"]
        made(await office.admin.put(f"/v1/relations/{relation['id']}/contacts/{contact}", json={}))
        await undone(office, found)
        assert await outcomes(office, found) == ["has_contacts"]
        assert list(await relations(office)) == ["1"]


@pytest.mark.usefixtures("alone")
class TestKept:
    async def age(self, db: Database, office: Tenant, days: int, **values: Any) -> None:
        async with db.transaction(office.id) as session:
            await session.execute(update(Import).values(updated_at=func.now() - timedelta(days=days), **values))

    async def test_the_file_goes_after_its_time_and_what_it_did_stays(
        self, office: Tenant, db: Database, settings: Settings, storage: Storage
    ) -> None:
        found = await committed(office, await planned(office, VRIES))
        await self.age(db, office, settings.import_days + 1)
        await housekeeping.expire(db, settings)
        await housekeeping.reap(db, storage, settings)
        assert await storage.list(f"{office.id}/") == []
        assert await rows(office, found) == []
        assert len(await relations(office)) == 3
        problem(await office.admin.post(f"{PATH}/{found['id']}/undo"), 410)
        assert made(await office.admin.get(f"{PATH}/{found['id']}"), 200)["counts"]["create"] == 3

    async def test_what_was_read_of_it_goes_too(self, office: Tenant, db: Database, settings: Settings) -> None:
        """Of one that failed as well: the problem quotes the file."""
        path = await send(office.admin, sheet(("Jan de Vries", "Piet Jansen"), ("1", "2")))
        found = await done(office.admin, path, "failed")
        assert "Jan de Vries" in found["problem"]["detail"]
        await self.age(db, office, settings.import_days + 1)
        await housekeeping.expire(db, settings)
        after = made(await office.admin.get(path), 200)
        assert (after["state"], after["problem"]["code"]) == ("failed", found["problem"]["code"])
        assert "Vries" not in str(after)

    async def test_one_that_no_worker_came_back_to(self, office: Tenant, db: Database, settings: Settings) -> None:
        found = await planned(office, VRIES)
        states = ("planning", None, "failed"), ("committing", None, "planned"), ("undoing", func.now(), "committed")
        for state, committed_at, after in (*states, ("undoing", None, "planned")):
            await self.age(db, office, 2, state=state, committed_at=committed_at)
            await housekeeping.expire(db, settings)
            told = made(await office.admin.get(f"{PATH}/{found['id']}"), 200)
            assert (told["state"], told["problem"]["code"]) == (after, "no_worker")
