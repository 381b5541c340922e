"""Bytes on their way out (FI-07, FI-13, F14, F48; RFC 9110 13-14, RFC 6266)."""

import asyncio
import hashlib
import re
import zlib
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from app.db import Database
from app.demo import pdf
from app.downloads import disposition
from app.models import Blob
from app.settings import Settings
from app.storage import Storage
from tests.factories import Client, Tenant, make_file, upload
from tests.factories.proxy import Do, always, fault_proxy
from tests.factories.raw import Wire, form, part, send_form
from tests.factories.remains import checked_out
from tests.factories.servers import serve
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]

CONTENT = pdf("inhoud")
SIZE = len(CONTENT)
TAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


async def filed(office: Tenant, *file: Any) -> str:
    """A file in a folder of a new relation: the path of its content."""
    folder = (await office.folders(await office.relation()))["Permanent"]
    answer = await upload(office.anna, folder, make_file(*(file or ("stuk.pdf", CONTENT))))
    assert answer.status_code == 201, answer.text
    return f"/v1/dossier-items/{answer.json()['items'][0]['item']['id']}/content"


async def key_of(db: Database, office: Tenant) -> str:
    async with db.transaction(office.id) as session:
        return (await session.scalars(select(Blob.object_key))).one()


class TestWhole:
    async def test_as_it_came_and_safe(self, office: Tenant) -> None:
        answer = await office.anna.get(await filed(office))
        assert (answer.status_code, answer.content) == (200, CONTENT)
        headers = answer.headers
        assert headers["content-type"] == "application/pdf"
        assert headers["content-length"] == str(SIZE)
        assert headers["etag"] == TAG
        assert headers["accept-ranges"] == "bytes"
        assert headers["content-disposition"].startswith("attachment")
        assert headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in headers["content-security-policy"]
        assert "no-store" in headers["cache-control"]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("pagina.html", b"<html><script>alert(1)</script>"),
            ("plaatje.svg", b"<svg onload=alert(1)>"),
            ("feit.xml", b"<?xml version='1.0'?><a/>"),
            ("x", b"<!DOCTYPE html>"),
            ("y.json", b'{"a": 1}'),
        ],
    )
    async def test_nothing_that_a_browser_runs(self, office: Tenant, name: str, content: bytes) -> None:
        answer = await office.anna.get(await filed(office, name, content, "text/html"))
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.content == content

    async def test_head(self, office: Tenant) -> None:
        path = await filed(office)
        get, head = await office.anna.get(path), await office.anna.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
            assert head.headers[name] == get.headers[name]
        assert (await office.anna.head(path, headers={"Range": "bytes=0-1"})).status_code == 200  # GET only
        assert (await office.anna.head(path.replace("content", "contents"))).status_code == 404

    async def test_large(self, office: Tenant) -> None:
        content = bytes(range(256)) * 40_000  # more than one part, more than one read
        path = await filed(office, "groot.bin", content)
        assert (await office.anna.get(path)).content == content
        middle = await office.anna.get(path, headers={"Range": "bytes=8388600-8388619"})
        assert middle.content == content[8388600:8388620]


class TestRange:
    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [
            ("bytes=0-0", 0, 0),
            ("bytes=5-9", 5, 9),
            ("bytes=5-", 5, SIZE - 1),
            ("bytes=-5", SIZE - 5, SIZE - 1),
            ("bytes=-999999", 0, SIZE - 1),
            ("bytes=0-999999", 0, SIZE - 1),
            (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ],
    )
    async def test_one(self, office: Tenant, asked: str, start: int, end: int) -> None:
        answer = await office.anna.get(await filed(office), headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, CONTENT[start : end + 1])
        assert answer.headers["content-range"] == f"bytes {start}-{end}/{SIZE}"
        assert answer.headers["content-length"] == str(end - start + 1)

    @pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=999999-", "bytes=-0", "bytes=999999999999999999-"])
    async def test_not_there(self, office: Tenant, asked: str) -> None:
        answer = await office.anna.get(await filed(office), headers={"Range": asked})
        assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{SIZE}"

    @pytest.mark.parametrize(
        "asked",
        [
            "bytes=5-4",
            "bytes=-",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=" + ",".join(["0-1"] * 1000),
            "bytes=١-٢",
        ],
    )
    async def test_what_is_no_single_range_gets_all(self, office: Tenant, asked: str) -> None:
        """CVE-2025-62727: a thousand ranges cost nothing."""
        answer = await office.anna.get(await filed(office), headers={b"Range": asked.encode()})
        assert (answer.status_code, len(answer.content)) == (200, SIZE)

    async def test_if_range(self, office: Tenant) -> None:
        path = await filed(office)
        for tag, status in ((TAG, 206), ('"other"', 200), ("W/" + TAG, 200), ("Wed, 21 Oct 2026 07:28:00 GMT", 200)):
            answer = await office.anna.get(path, headers={"Range": "bytes=0-1", "If-Range": tag})
            assert answer.status_code == status


class TestUnchanged:
    @pytest.mark.parametrize("tag", [TAG, f"W/{TAG}", f'"a", {TAG}', "*"])
    async def test_known(self, office: Tenant, tag: str) -> None:
        path = await filed(office)
        for method in ("GET", "HEAD"):
            answer = await office.anna.request(method, path, headers={"If-None-Match": tag})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)

    async def test_other(self, office: Tenant) -> None:
        answer = await office.anna.get(await filed(office), headers={"If-None-Match": '"other"'})
        assert answer.content == CONTENT


class TestName:
    @pytest.mark.parametrize(
        "name",
        [
            "stuk.txt",
            "Überblick – café.txt",
            'een "naam".txt',
            "a; b=c.txt",
            "50% korting.txt",
            "😀.txt",
            "it's (1).txt",
            "a%41.txt",
        ],
    )
    async def test_parses_back(self, office: Tenant, name: str) -> None:
        """FI-06: RFC 6266 with an ASCII fallback."""
        body = form(part(b"tekst", name.replace('"', "%22")))
        folder = (await office.folders(await office.relation()))["Permanent"]
        stored = await office.anna.post(f"/v1/folders/{folder['id']}/items", **send_form(body))
        item = stored.json()["items"][0]["item"]
        assert item["name"] == name
        header = (await office.anna.get(f"/v1/dossier-items/{item['id']}/content")).headers["content-disposition"]
        found = re.fullmatch(
            r"attachment; filename=\"([ -!#-\[\]-~]+)\"; filename\*=UTF-8''([!#$&+.^_`|~\w%-]+)", header
        )
        assert found, header
        assert unquote(found[2]) == name

    def test_no_header_is_ever_split(self) -> None:
        assert not set(disposition('a\r\nX: y"\\\x00')) & {"\r", "\n", "\x00", "\\"}


class TestAccess:
    async def test_the_same_for_every_way_of_asking(self, office: Tenant, other_office: Tenant) -> None:
        """FI-13."""
        path = await filed(office)
        relation = await office.relation("200")
        _, contact = await office.linked_contact(relation)
        strangers: list[Client] = [other_office.admin, contact]
        for client in strangers:
            for headers in ({}, {"Range": "bytes=0-1"}, {"If-None-Match": TAG}, {"Range": "bytes=999999-"}):
                for method in ("GET", "HEAD"):
                    answer = await client.request(method, path, headers=headers)
                    assert answer.status_code == 404
                    assert TAG not in str(answer.headers)


class TestTrouble:
    async def test_the_object_is_missing(self, office: Tenant, db: Database, storage: Storage) -> None:
        """F14: an alarm and a clear answer, never an empty 200; the row stays."""
        path = await filed(office)
        await storage.delete(await key_of(db, office))
        for headers in ({}, {"Range": "bytes=0-1"}):
            answer = await office.anna.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (410, "object_missing")
        assert (await office.anna.get(path.removesuffix("/content"))).status_code == 200

    async def test_the_object_is_shorter(self, office: Tenant, db: Database, storage: Storage) -> None:
        """The connection is cut: a part must never look like the whole."""
        path = await filed(office)
        key = await key_of(db, office)
        await storage.delete(key)
        await storage.put(key, [b"short"], 5, zlib.crc32(b"short"))
        wire = await Wire.post(office.anna, path, length=0, method="GET")
        data = b""
        while more := await wire.read():
            data += more
        wire.leave(reset=False)
        head, _, body = data.partition(b"\r\n\r\n")
        assert f"content-length: {SIZE}".encode() in head.lower()
        assert len(body) < SIZE

    async def test_the_store_is_down(self, office: Tenant, settings: Settings) -> None:
        path = await filed(office)
        changes = {"s3_connect_timeout_seconds": 0.5, "s3_read_timeout_seconds": 0.5}
        async with (
            fault_proxy(settings.s3_endpoint) as proxy,
            serve(settings, s3_endpoint=proxy.endpoint, **changes) as served,
            served.like(office.anna) as anna,
        ):
            for what in (Do.BUSY, Do.HANG, Do.CUT):
                proxy.rule = always(what)
                answer = await anna.get(path)
                assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
                assert answer.headers["retry-after"]
            proxy.rule = always(Do.PASS)
            assert (await anna.get(path)).content == CONTENT

    async def test_clients_that_leave_midway(self, office: Tenant, db: Database, storage: Storage) -> None:
        """F21, F48: no connection to the store or the database stays behind."""
        path = await filed(office, "groot.bin", bytes(24 * 1024 * 1024))

        async def leave(reset: bool) -> None:
            wire = await Wire.post(office.anna, path, length=0, method="GET")
            assert len(await wire.read(100_000)) > 0
            wire.leave(reset=reset)

        await asyncio.gather(*(leave(place % 2 == 0) for place in range(20)))
        pools: Any = storage._http.pools

        async def returned() -> bool:
            return all(pools[found].pool.qsize() == 64 for found in pools.keys()) and not checked_out(db)  # noqa: SIM118

        await eventually(returned, "all connections back")
        assert len((await office.anna.get(path)).content) == 24 * 1024 * 1024
