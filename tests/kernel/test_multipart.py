"""The body parser: the same parts however the bytes are cut, nothing of a body that is not whole (FI-03, F32, F33)."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import BadRequest, Problem, TooLarge, UnsupportedMedia
from app.multipart import MAX_PART_HEADERS, Multipart
from tests.factories.raw import BOUNDARY, CONTENT_TYPE, END, form, part

Read = list[tuple[str, str | None, str, bytes]]


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def parse(*chunks: bytes, content_type: str = CONTENT_TYPE) -> Read:
    async def read() -> Read:
        found = []
        async for one in Multipart(content_type, stream(chunks)):
            content = b"".join([bytes(chunk) async for chunk in one.chunks()])
            found.append((one.name, one.filename, one.media_type, content))
        return found

    return asyncio.run(read())


def refused(*chunks: bytes, content_type: str = CONTENT_TYPE) -> Problem:
    with pytest.raises(Problem) as caught:
        parse(*chunks, content_type=content_type)
    return caught.value


def name_of(filename: str, extra: str = "") -> str | None:
    return parse(form(part(b"x", filename, extra=extra)))[0][1]


WHOLE = form(
    part(b"first \r\n--b0undar and more", "een.pdf", extra="\r\nContent-Type: application/PDF; q=1"),
    part(b"", "leeg.txt"),
    part(b'{"text": "hoi"}', None, "message"),
)
PARTS: Read = [
    ("files", "een.pdf", "application/pdf", b"first \r\n--b0undar and more"),
    ("files", "leeg.txt", "", b""),
    ("message", None, "", b'{"text": "hoi"}'),
]


class TestChunks:
    def test_whole(self) -> None:
        assert parse(WHOLE) == PARTS

    @pytest.mark.parametrize("at", range(1, len(WHOLE)))
    def test_cut_at_every_byte(self, at: int) -> None:
        assert parse(WHOLE[:at], WHOLE[at:]) == PARTS

    def test_byte_by_byte_with_empty_chunks(self) -> None:
        assert parse(*(piece for byte in WHOLE for piece in (b"", bytes([byte])))) == PARTS

    @given(content=st.binary(max_size=300), cuts=st.lists(st.integers(0, 600), max_size=8))
    @settings(max_examples=300, deadline=None)
    def test_any_content_in_any_pieces(self, content: bytes, cuts: list[int]) -> None:
        if b"\r\n--" + BOUNDARY.encode() in b"\r\n" + content:
            return  # that is a boundary
        body = form(part(content), part(content, None, "message"))
        places = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
        found = parse(*(body[a:b] for a, b in pairwise(places)))
        assert [one[3] for one in found] == [content, content]

    @given(
        st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--b0undary"[:9], BOUNDARY.encode()]), max_size=30)
    )
    @settings(max_examples=300, deadline=None)
    def test_content_that_resembles_a_boundary(self, pieces: list[bytes]) -> None:
        content = b"".join(pieces)
        if b"\r\n--" + BOUNDARY.encode() in b"\r\n" + content:
            return
        body = form(part(content))
        assert parse(*(body[at : at + 3] for at in range(0, len(body), 3)))[0][3] == content

    def test_a_part_that_is_not_read_is_skipped(self) -> None:
        async def names() -> list[str]:
            return [one.name async for one in Multipart(CONTENT_TYPE, stream([WHOLE]))]

        assert asyncio.run(names()) == ["files", "files", "message"]

    def test_a_part_that_was_read_ends_once(self) -> None:
        """Reading on must not take the next part's bytes."""

        async def read() -> list[list[bytes]]:
            parts = Multipart(CONTENT_TYPE, stream([WHOLE]))
            return [[bytes(chunk) for _ in range(2) async for chunk in one.chunks()] async for one in parts]

        assert [b"".join(found) for found in asyncio.run(read())] == [one[3] for one in PARTS]

    def test_nothing_is_read_before_it_is_asked_for(self) -> None:
        asked = 0

        async def counting() -> AsyncIterator[bytes]:
            nonlocal asked
            for at in range(0, len(WHOLE), 10):
                asked += 1
                yield WHOLE[at : at + 10]

        async def first() -> None:
            async for one in Multipart(CONTENT_TYPE, counting()):
                await anext(one.chunks())
                return

        asyncio.run(first())
        assert asked * 10 < len(part(b"", "een.pdf")) + 120


class TestNotWhole:
    @pytest.mark.parametrize("at", range(len(WHOLE) - 2))
    def test_cut_off_at_every_byte(self, at: int) -> None:
        assert refused(WHOLE[:at]).code == "incomplete"

    def test_without_the_last_line_break_it_is_whole(self) -> None:
        assert parse(WHOLE[:-2]) == PARTS

    def test_what_follows_the_final_boundary_is_read_to_its_end(self) -> None:
        """FI-03: a body with fewer bytes than announced must be noticed, so the stream is asked until it ends."""

        async def gone() -> AsyncIterator[bytes]:
            yield WHOLE
            raise ConnectionError

        async def read() -> None:
            async for _ in Multipart(CONTENT_TYPE, gone()):
                pass

        with pytest.raises(ConnectionError):
            asyncio.run(read())

    def test_an_epilogue_is_left_out_but_not_without_end(self) -> None:
        assert parse(WHOLE, b"epilogue", b"\r\n") == PARTS
        assert refused(WHOLE, *[b"x" * 65536] * 4).status == 400


DISPOSITION = 'Content-Disposition: form-data; name="files"; filename="a"'


class TestOddBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"no boundary at all",
            b"--other\r\n\r\n" + END,
            f"--{BOUNDARY}".encode() + b"X" * 20,
            f"--{BOUNDARY}\r\nno colon\r\n\r\nx\r\n".encode() + END,
            f"--{BOUNDARY}\r\n: empty\r\n\r\nx\r\n".encode() + END,
            f"--{BOUNDARY}\r\n\r\nno headers\r\n".encode() + END,
            f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nno name\r\n".encode() + END,
            f'--{BOUNDARY}\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n'.encode() + END,
            f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END,
            f"--{BOUNDARY}\r\n--{BOUNDARY}--\r\n".encode(),
            f"--{BOUNDARY}\r\n{DISPOSITION}\r\n{DISPOSITION}\r\n\r\nx\r\n".encode() + END,
            f"--{BOUNDARY}\r\n{DISPOSITION}\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n".encode() + END,
            b"",
        ],
    )
    def test_refused(self, body: bytes) -> None:
        assert isinstance(refused(body), BadRequest)

    def test_no_parts_at_all(self) -> None:
        assert parse(END) == []

    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "application/json",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/mixed; boundary=x",
        ],
    )
    def test_other_content_types(self, content_type: str) -> None:
        assert isinstance(refused(WHOLE, content_type=content_type), UnsupportedMedia)

    def test_a_boundary_that_is_too_long(self) -> None:
        assert isinstance(refused(WHOLE, content_type="multipart/form-data; boundary=" + "x" * 300), BadRequest)

    def test_a_quoted_boundary(self) -> None:
        assert parse(WHOLE, content_type=f'multipart/form-data; boundary="{BOUNDARY}"') == PARTS

    def test_too_many_headers_of_a_part(self) -> None:
        extra = "".join(f"\r\nX-{number}: y" for number in range(MAX_PART_HEADERS))
        assert isinstance(refused(form(part(b"x", extra=extra))), BadRequest)

    def test_a_huge_header_is_refused_while_it_comes(self) -> None:
        start = f"--{BOUNDARY}\r\nContent-Disposition: ".encode()
        assert refused(start, *[b"x" * 4096] * 100).code == "multipart_malformed"

    def test_backslashes_take_no_time(self) -> None:
        """CVE-2024-24762."""
        before = time.monotonic()
        parse(form(part(b"x", extra='; x="' + "\\" * 5000)))
        assert time.monotonic() - before < 1

    def test_read_has_a_limit(self) -> None:
        async def read(limit: int) -> bytes:
            async for one in Multipart(CONTENT_TYPE, stream([form(part(b"12345", None, "message"))])):
                return await one.read(limit)
            raise AssertionError

        assert asyncio.run(read(5)) == b"12345"
        with pytest.raises(TooLarge):
            asyncio.run(read(4))


class TestNames:
    @pytest.mark.parametrize(
        ("sent", "found"),
        [
            ("stuk.pdf", "stuk.pdf"),
            ("Überblick – café.pdf", "Überblick – café.pdf"),
            ("een %22naam%22.pdf", 'een "naam".pdf'),
            ("100%25 zeker.pdf", "100%25 zeker.pdf"),  # browsers escape three characters only
            ("a%2Fb%0D%0Ac%00.pdf", "a%2Fb\r\nc%00.pdf"),
            ('een \\"naam\\".pdf', 'een "naam".pdf'),
            ("a; b.pdf", "a; b.pdf"),
            ("", ""),
        ],
    )
    def test_as_browsers_send_them(self, sent: str, found: str) -> None:
        assert name_of(sent) == found

    def test_an_extended_name_never_counts(self) -> None:
        """FI-06, RFC 7578 4.2."""
        assert name_of("echt.pdf", "; filename*=UTF-8''vals.exe") == "echt.pdf"
        assert name_of("echt.pdf", "; filename*0=vals; filename*1=.exe") == "echt.pdf"
        assert parse(form(part(b"x", None, extra="; filename*=UTF-8''vals.exe")))[0][1] is None
        assert parse(form(part(b"x", name="files", extra="; name*=UTF-8''message")))[0][0] == "files"

    def test_a_name_in_an_old_code_page(self) -> None:
        body = form(part(b"x", "caf?.pdf")).replace(b"caf?", b"caf\xe9")
        assert parse(body)[0][1] == "café.pdf"

    def test_header_names_without_regard_to_case(self) -> None:
        body: Any = form(part(b"x")).replace(b"Content-Disposition: form-data", b"CONTENT-disposition:FORM-DATA")
        assert parse(body)[0][:2] == ("files", "stuk.pdf")
