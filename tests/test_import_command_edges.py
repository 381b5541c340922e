"""`ordner import` where the world is odd: names, letters, terminals, servers that are none of ours, and signals."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.remote.files import Counted
from tests.factories import Tenant
from tests.factories.command import at_terminal, begin, finish, key_of, ordner
from tests.factories.conventions import made
from tests.factories.imports import HEADINGS, PATH, relations, sheet, states
from tests.factories.proxy import Do, always, fault_proxy, once
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes, pytest.mark.usefixtures("nothing_queued")]

ONE = sheet((*HEADINGS, "Kl\u20ac\x9bur"), ("1", "organisatie", "\u0141\u00f3d\u017a \u20ac", "BV", "x"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "relaties.csv"
    path.write_bytes(ONE)
    return path


async def waits(office: Tenant) -> bool:
    return (await states(office))[:1] == ["waiting"]


@asynccontextmanager
async def answering(kind: str, body: str, status: str = "200 OK") -> AsyncIterator[str]:
    """A server that says the same to everybody; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.usefixtures("worker")
class TestLetters:
    @pytest.mark.parametrize("name", [b"caf\xe9.csv", "\u0142\x9b2J\x1b[2J.csv".encode(), b"[red]x[bold].csv"])
    async def test_of_a_file_name(
        self, office: Tenant, importer: httpx.AsyncClient, tmp_path: Path, name: bytes
    ) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(ONE)
        ran = await at_terminal(importer, "y\n", "import", "relations", path)
        assert (ran.status, "\x9b" in ran.out, "\x1b[2J" in ran.out) == (0, False, False), ran.out
        assert list(await relations(office)) == ["1"]
        assert b"[red]" not in name or "[red]x[bold].csv" in ran.out
        told = await ordner(importer, "import", "relations", path, "--dry-run", "--json")
        assert (told.status, told.out.isascii()) == (0, True), told.err

    @pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
    async def test_of_a_terminal_that_has_few(self, importer: httpx.AsyncClient, file: Path, encoding: str) -> None:
        ran = await ordner(importer, "import", "relations", file, "--dry-run", encoding=encoding)
        assert (ran.status, "1  new" in ran.out) == (0, True), ran.err
        ran = await ordner(importer, "import", "relations", file, "--dry-run", "--json", encoding=encoding)
        assert ran.told["import"]["about"]["unknown_columns"] == ["Kl\u20ac\x9bur"]

    async def test_a_value_is_no_line_of_ours(self, importer: httpx.AsyncClient, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_bytes(sheet((*HEADINGS, "a\nCommitted: 9 new"), ("1", "x\nCommitted: 9 new", "Een", "BV", None)))
        ran = await ordner(importer, "import", "relations", path, "--dry-run")
        assert ran.status == 3
        assert not [line for line in ran.out.splitlines() if line.startswith("Committed")]

    async def test_a_key_with_the_mark_of_an_editor(
        self, importer: httpx.AsyncClient, file: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_text(f"{key_of(importer)}\n", "utf-8-sig")
        ran = await ordner(importer, "import", "relations", file, "--dry-run", "--key-file", tmp_path / "key", key="")
        assert (ran.status, ran.err) == (0, "")

    async def test_a_key_that_lies_nowhere(self, importer: httpx.AsyncClient, file: Path) -> None:
        """Through a pipe: a key is read once."""
        shell = ("sh", "-c", f'echo {key_of(importer)} | "$@"', "sh")
        how = ("--dry-run", "--key-file", "/dev/stdin")
        ran = await finish(await begin(importer, "import", "relations", file, *how, key="", before=shell))
        assert (ran.status, ran.err) == (0, "")


@pytest.mark.usefixtures("worker")
async def test_nobody_listens_any_more(office: Tenant, importer: httpx.AsyncClient, file: Path) -> None:
    """`ordner import ... | head -0`: it is done all the same, and says so by its exit code."""
    ours, theirs = os.pipe()
    os.close(ours)
    process = await begin(importer, "import", "relations", file, "--yes", out=theirs)
    os.close(theirs)
    ran = await finish(process)
    assert (ran.status, ran.err) == (0, "")
    assert list(await relations(office)) == ["1"]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
async def test_started_with_nowhere_to_write(
    office: Tenant, importer: httpx.AsyncClient, file: Path, closed: str
) -> None:
    shell = ("sh", "-c", f'exec "$@" {closed}', "sh")
    ran = await finish(await begin(importer, "import", "relations", file, "--yes", before=shell))
    assert ran.status == 0
    assert list(await relations(office)) == ["1"]


async def test_a_file_that_grows_or_shrinks(tmp_path: Path) -> None:
    """It is sent as long as it was, or not."""
    path = tmp_path / "x.csv"
    path.write_bytes(b"12345")
    with path.open("rb", buffering=0) as opened:
        file = Counted(opened, lambda done, total, words: None)
        path.write_bytes(b"1234567")
        assert (file.read(), file.read(), file.is_read) == (b"12345", b"", True)
        path.write_bytes(b"12")
        assert (file.seek(0), file.read()) == (0, b"12")
        with pytest.raises(OSError, match="shorter"):
            file.read()


class TestNotOurs:
    PROBLEM = "application/problem+json"

    @pytest.mark.parametrize(
        ("kind", "body", "status"),
        [
            ("application/json", "{}", "200 OK"),
            ("application/json", "[]", "200 OK"),
            ("application/json", "{", "200 OK"),
            ("application/json", "{}", "404 Not Found"),
            (PROBLEM, "{}", "404 Not Found"),
            (PROBLEM, "[1]", "401 Unauthorized"),
            (PROBLEM, "no", "500 Internal Server Error"),
            ("text/html", "<p>", "200 OK"),
            ("text/html", "", "301 Moved Permanently"),
        ],
    )
    async def test_servers(self, importer: httpx.AsyncClient, file: Path, kind: str, body: str, status: str) -> None:
        async with answering(kind, body, status) as url:
            for arguments in (("relations", file, "--yes"), ("undo", "01900000-0000-7000-8000-000000000000")):
                ran = await ordner(importer, "import", *arguments, "--json", url=url)
                assert (ran.status, ran.told["exit_code"]) == (2, 2), ran.err
                assert "not as Ordner does" in ran.err

    @pytest.mark.parametrize(
        "other",
        [
            {"counts": None}, {"progress": {}}, {"problem": "no"}, {"state": None}, {"id": "../x"}, {"about": []},
            {"progress": {"done": "1", "total": 0, "rate": None}},
            {"problem": {"code": "x", "detail": "x", "errors": [1]}},
        ],
    )  # fmt: skip
    async def test_nearly_ours(self, importer: httpx.AsyncClient, file: Path, other: dict[str, Any]) -> None:
        there = made(await importer.post(PATH, params={"kind": "relations"}, files={"files": ("a.csv", ONE)}))
        async with answering("application/json", json.dumps(there | {"items": []} | other)) as url:
            for arguments in (("relations", file, "--yes"), ("undo", there["id"])):
                ran = await ordner(importer, "import", *arguments, "--json", url=url)
                assert (ran.status, ran.told["exit_code"], "not as Ordner does" in ran.err) == (2, 2, True), ran.err

    @pytest.mark.usefixtures("worker")
    async def test_rejected_rows_that_are_none(
        self, office: Tenant, importer: httpx.AsyncClient, tmp_path: Path, address: str
    ) -> None:
        """What lay there stays, and nothing is committed."""
        path, rejected = tmp_path / "a.csv", tmp_path / "rejected.csv"
        path.write_bytes(sheet(HEADINGS, ("1", None, "Een", "BV"), ("2", "organisatie", "Twee", "BV")))
        rejected.write_text("of yesterday")
        async with fault_proxy(address) as proxy:
            proxy.rule = always(Do.PAGE, "GET", "/rejected-rows")
            ran = await ordner(
                importer, "import", "relations", path, "--yes", "--rejected", rejected, url=proxy.endpoint
            )
        assert (ran.status, rejected.read_text(), await states(office)) == (2, "of yesterday", ["planned"])

    async def test_headers_that_are_none(self, importer: httpx.AsyncClient, file: Path) -> None:
        async with answering("application/json\r\nSet-Cookie: \u00ff\u00ff=\u00ff", "{}") as url:
            ran = await ordner(importer, "import", "relations", file, "--json", url=url)
        assert (ran.status, ran.told["exit_code"], "Traceback" in ran.err) == (2, 2, False), ran.err

    async def test_proxies(self, importer: httpx.AsyncClient, file: Path) -> None:
        """Named where one is used, and only there."""
        nobody = "http://127.0.0.1:1"
        for names, is_used in (
            ({"http_proxy": nobody}, True),
            ({"http_proxy": nobody, "no_proxy": "127.0.0.1"}, False),
            ({"https_proxy": nobody}, False),
        ):
            before = ("env", *(f"{name}={value}" for name, value in names.items()))
            process = await begin(importer, "import", "relations", file, "--yes", url=nobody, before=before)
            ran = await finish(process)
            assert (ran.status, "by the proxy" in ran.err) == (2, is_used), (names, ran.err)

    @pytest.mark.parametrize("url", ["http://ex..ample", "http://" + "x" * 300, "ftp://x", "http://[", "nowhere"])
    async def test_addresses(self, importer: httpx.AsyncClient, file: Path, url: str) -> None:
        ran = await ordner(importer, "import", "relations", file, "--yes", "--json", url=url)
        assert (ran.status, ran.told["exit_code"], bool(ran.err)) == (2, 2, True)

    async def test_files(self, importer: httpx.AsyncClient, file: Path, tmp_path: Path) -> None:
        (tmp_path / "d.csv").mkdir()
        ran = await ordner(importer, "import", "relations", file, "--yes", "--rejected", tmp_path / "d.csv")
        assert (ran.status, "no file can be made" in ran.err) == (2, True)
        ran = await ordner(importer, "import", "relations", file, "--yes", "--rejected", tmp_path / f"{'x' * 300}.csv")
        assert (ran.status, "no file can be made" in ran.err) == (2, True)
        os.mkfifo(tmp_path / "pipe.csv")
        process = await begin(importer, "import", "relations", tmp_path / "pipe.csv", "--yes")
        ran = await finish(process)
        assert (ran.status, "pipe" in ran.err) == (2, True)
        for options in ((tmp_path / "none.csv",), (tmp_path,), (file, "--key-file", tmp_path / "none")):
            ran = await ordner(importer, "import", "relations", *options, "--json")
            assert (ran.status, ran.told["exit_code"], "can not be read" in ran.err or "folder" in ran.err) == (
                2, 2, True,
            ), ran.err  # fmt: skip


class TestSignals:
    @pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    async def test_who_is_ended_leaves_no_plan(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, number: signal.Signals, status: int
    ) -> None:
        process = await begin(importer, "import", "relations", file, "--yes")
        await eventually(lambda: waits(office), "an import that waits", 30)
        process.send_signal(number)
        ran = await finish(process)
        assert ran.status == status
        assert await states(office) == ["cancelled"]

    async def test_a_terminal_that_is_closed(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, tmp_path: Path
    ) -> None:
        """What goes to a file still gets there; and whom nohup keeps from hearing of it, goes on."""
        with (tmp_path / "out").open("wb") as out:
            process = await begin(importer, "import", "relations", file, "--json", out=out.fileno())
            await eventually(lambda: waits(office), "an import that waits", 30)
            process.send_signal(signal.SIGHUP)
            assert (await finish(process)).status == 129
        assert json.loads((tmp_path / "out").read_text())["exit_code"] == 129
        process = await begin(importer, "import", "relations", file, "--yes", before=("nohup",))
        await eventually(lambda: waits(office), "an import that waits", 30)
        process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.5)
        assert process.returncode is None
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).status == 143

    @pytest.mark.usefixtures("worker")
    async def test_left_while_it_is_ordered(
        self, office: Tenant, importer: httpx.AsyncClient, file: Path, address: str
    ) -> None:
        """The order never came: it is not said to go on."""
        async with fault_proxy(address) as proxy:
            proxy.rule = once(Do.HANG, "POST", "/commit")
            process = await begin(importer, "import", "relations", file, "--yes", url=proxy.endpoint)
            async with asyncio.timeout(30):
                await proxy.hanging.wait()
            process.send_signal(signal.SIGINT)
            ran = await finish(process)
        assert (ran.status, "Cancelled; nothing was changed" in ran.err) == (130, True), ran.err
        assert (await states(office), await relations(office)) == (["cancelled"], {})
