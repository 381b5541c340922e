"""`ordner import`: the real command against the real server and worker, as a script and as a person at a terminal."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access import P
from app.models.imports import AT_REST
from app.remote import api
from app.settings import Settings
from tests.factories import Tenant
from tests.factories.command import at_terminal, ordner
from tests.factories.conventions import made
from tests.factories.imports import HEADINGS, PATH, done, relations, send, sheet, states

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("nothing_queued")]

GOOD = ("1", "organisatie", "Een", "BV")
BAD = ("2", "organisatie", "Twee", "geen rechtsvorm")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "relaties.csv"
    path.write_bytes(sheet(HEADINGS, GOOD))
    return path


@pytest.fixture
def half_good(tmp_path: Path) -> Path:
    path = tmp_path / "half.csv"
    path.write_bytes(sheet((*HEADINGS, "Kl\x1b[31meur", "BSN"), (*GOOD, "rood", None), (*BAD, None, "999999990")))
    return path


async def imports(office: Tenant) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = made(await office.admin.get(PATH), 200)["items"]
    return items


@pytest.mark.usefixtures("worker")
class TestByScript:
    async def test_yes(self, office: Tenant, importer: httpx.AsyncClient, file: Path) -> None:
        ran = await ordner(importer, "import", "relations", file, "--yes")
        assert (ran.status, ran.err) == (0, "")
        assert "1  new" in ran.out
        assert "Committed: 1 new, 0 changed." in ran.out
        assert list(await relations(office)) == ["1"]
        again = await ordner(importer, "import", "relations", file, "--yes")
        assert again.status == 0
        assert "nothing to change" in again.out

    async def test_without_yes_and_terminal_it_stops_after_the_plan(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, half_good: Path
    ) -> None:
        ran = await ordner(importer, "import", "relations", file)
        assert ran.status == 2
        assert "1  new" in ran.out
        assert "--yes" in ran.err
        assert (await relations(office), await states(office)) == ({}, ["planned"])
        ran = await ordner(importer, "import", "relations", half_good)
        assert (ran.status, "--yes" in ran.err) == (2, True), "whatever its rows are: nothing was committed"

    async def test_dry_run(self, office: Tenant, importer: httpx.AsyncClient, file: Path, half_good: Path) -> None:
        assert (await ordner(importer, "import", "relations", file, "--dry-run")).status == 0
        assert (await ordner(importer, "import", "relations", half_good, "--dry-run")).status == 3
        assert await relations(office) == {}

    async def test_rows_in_error(self, office: Tenant, importer: httpx.AsyncClient, half_good: Path) -> None:
        strict = await ordner(importer, "import", "relations", half_good, "--yes", "--strict")
        assert strict.status == 3
        assert await relations(office) == {}
        ran = await ordner(importer, "import", "relations", half_good, "--yes")
        assert ran.status == 3
        assert list(await relations(office)) == ["1"]
        (told,) = [line for line in ran.out.splitlines() if "geen rechtsvorm" in line]
        assert told.startswith("3  Rechtsvorm")
        assert "999999990" not in ran.out
        assert "Kl\N{REPLACEMENT CHARACTER}[31meur" in ran.out, "a file does not steer the terminal"
        assert "utf-8" in ran.out

    async def test_json(self, office: Tenant, importer: httpx.AsyncClient, half_good: Path, tmp_path: Path) -> None:
        ran = await ordner(importer, "import", "relations", half_good, "--yes", "--json")
        told = ran.told
        assert (ran.status, told["exit_code"], told["is_committed"]) == (3, 3, True)
        assert (told["import"]["state"], told["import"]["counts"]["error"]) == ("committed", 1)
        assert [row["number"] for row in told["findings"]] == [3]
        assert "Committed" in ran.err
        (tmp_path / "leeg.csv").write_bytes(sheet(("Naam",), ("x",)))
        failed = await ordner(importer, "import", "relations", tmp_path / "leeg.csv", "--yes", "--json")
        assert (failed.status, failed.told["problem"]["code"]) == (1, "number_column_missing")
        assert failed.told["import"]["state"] == "failed"
        assert "Relatienummer" in failed.err
        wrong = await ordner(importer, "import", "relations", half_good, "--json", key="ordk_wrong")
        assert (wrong.status, wrong.told["import"], wrong.told["exit_code"]) == (2, None, 2)

    async def test_how_a_csv_is_read(self, office: Tenant, importer: httpx.AsyncClient, tmp_path: Path) -> None:
        path = tmp_path / "oud.csv"
        path.write_bytes("Relatienummer|Type|Naam|Rechtsvorm\r\n1|organisatie|Café|BV\r\n".encode("cp1252"))
        how = ("--encoding", "windows-1252", "--delimiter", "|", "--empty-cells", "clear")
        ran = await ordner(importer, "import", "relations", path, "--yes", *how)
        assert ran.status == 0, ran.out + ran.err
        assert "windows-1252" in ran.out
        assert (await imports(office))[0]["empty_cells"] == "clear"
        about = (await imports(office))[0]["about"]
        as_told = ("--encoding", about["encoding"], "--delimiter", about["delimiter"])
        assert (await ordner(importer, "import", "relations", path, "--yes", *as_told)).status == 0
        assert (await relations(office))["1"]["name"] == "Café"

    async def test_rejected_rows(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, half_good: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "afgekeurd.csv"
        path.write_text("of yesterday")
        none = await ordner(importer, "import", "relations", file, "--dry-run", "--rejected", path)
        assert (none.status, path.read_text()) == (0, "of yesterday"), "there are none"
        ran = await ordner(importer, "import", "relations", half_good, "--yes", "--rejected", path, "--json")
        assert (ran.status, ran.told["rejected"]) == (3, str(path)), ran.err
        assert "geen rechtsvorm" in path.read_text("utf-8-sig")
        assert "Een" not in path.read_text("utf-8-sig")

    async def test_an_undo_that_can_not_be(self, office: Tenant, importer: httpx.AsyncClient) -> None:
        ran = await ordner(importer, "import", "undo", office.id)
        assert (ran.status, "not yours" in ran.err) == (1, True)
        path = await send(office.admin, sheet(HEADINGS, GOOD))
        await done(office.admin, path, "planned")
        refused = await ordner(importer, "import", "undo", path.rpartition("/")[2])
        assert (refused.status, "planned" in refused.err) == (1, True)

    async def test_undo(self, office: Tenant, importer: httpx.AsyncClient, tmp_path: Path) -> None:
        path = tmp_path / "twee.csv"
        path.write_bytes(sheet(HEADINGS, GOOD, ("2", "organisatie", "Twee", "BV")))
        told = (await ordner(importer, "import", "relations", path, "--yes", "--json")).told
        there = await relations(office)
        made(await office.admin.patch(f"/v1/relations/{there['2']['id']}", json={"memo": "later"}), 200)
        ran = await ordner(importer, "import", "undo", told["import"]["id"])
        assert ran.status == 3
        assert "3  2 Twee  changed since" in ran.out
        assert list(await relations(office)) == ["2"]
        told = (await ordner(importer, "import", "relations", path, "--yes", "--json")).told
        ran = await ordner(importer, "import", "undo", told["import"]["id"])
        assert (ran.status, "as it was" in ran.out) == (0, True)
        assert (await ordner(importer, "import", "follow", told["import"]["id"])).status == 0


@pytest.mark.usefixtures("worker")
class TestAtATerminal:
    async def test_yes(self, office: Tenant, importer: httpx.AsyncClient, half_good: Path) -> None:
        ran = await at_terminal(importer, "y\n", "import", "relations", half_good)
        assert ran.status == 3
        assert "Commit 1 rows, and leave out 1 rows in error?" in ran.out
        assert "┃ column" in ran.out
        assert "Kl\N{REPLACEMENT CHARACTER}[31meur" in ran.out
        assert list(await relations(office)) == ["1"]

    async def test_no(self, office: Tenant, importer: httpx.AsyncClient, file: Path) -> None:
        ran = await at_terminal(importer, "n\n", "import", "relations", file)
        assert ran.status == 1
        assert (await relations(office), await states(office)) == ({}, ["cancelled"])

    async def test_no_answer(self, office: Tenant, importer: httpx.AsyncClient, file: Path) -> None:
        ran = await at_terminal(importer, "\x04", "import", "relations", file)
        assert ran.status == 130
        assert (await relations(office), await states(office)) == ({}, ["cancelled"])

    async def test_what_changed_since_the_plan_is_named(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path
    ) -> None:
        relation = await office.relation("1", name="Oud")

        async def change() -> None:
            made(await office.admin.patch(f"/v1/relations/{relation['id']}", json={"memo": "x"}), 200)

        ran = await at_terminal(importer, "y\n", "import", "relations", file, meanwhile=change)
        assert ran.status == 1
        assert "row 2: What this row is about was changed since." in ran.out
        assert (await relations(office))["1"]["name"] == "Oud"


class TestRefused:
    async def test_keys(self, office: Tenant, importer: httpx.AsyncClient, file: Path, tmp_path: Path) -> None:
        for wrong in ("", "ordk_wrong", "sleutel € 1"):
            ran = await ordner(importer, "import", "relations", file, "--yes", key=wrong)
            assert (ran.status, bool(ran.err)) == (2, True), wrong
            assert "wrong" not in ran.err
        reads = await office.key(P.IMPORTS_READ)
        ran = await ordner(reads, "import", "relations", file, "--yes")
        assert (ran.status, "imports:write" in ran.err) == (2, True)
        assert await imports(office) == []

    async def test_servers(self, importer: httpx.AsyncClient, file: Path, settings: Settings) -> None:
        for url in ("http://127.0.0.1:1", settings.s3_endpoint):
            ran = await ordner(importer, "import", "relations", file, "--yes", "--json", url=url)
            assert (ran.status, ran.told["exit_code"], ran.told["import"]) == (2, 2, None), url

    async def test_usage(self, importer: httpx.AsyncClient, file: Path, tmp_path: Path) -> None:
        (tmp_path / "file.csv").write_bytes(b"x")
        for arguments in (
            (tmp_path / "nothing.csv",),
            (file, "--yes", "--dry-run"),
            (file, "--rejected", "x.txt"),
            (file, "--rejected", file),
            (file, "--rejected", tmp_path / "no" / "x.csv"),
            (file, "--delimiter", "x"),
            (file, "--key", "ordk_on_the_command_line"),
        ):
            ran = await ordner(importer, "import", "relations", *arguments)
            assert (ran.status, bool(ran.err)) == (2, True), arguments
        assert (await ordner(importer, "import", "undo", "x")).status == 2

    async def test_what_the_server_does_not_take(self, importer: httpx.AsyncClient, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_bytes(b"")
        ran = await ordner(importer, "import", "relations", path, "--yes")
        assert (ran.status, bool(ran.err)) == (1, True)


async def test_it_stops_looking_on_where_workers_do() -> None:
    """The client knows nothing of the program, and says the same."""
    assert api.AT_REST == AT_REST
