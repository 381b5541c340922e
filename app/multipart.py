"""A request body to parts, piece by piece. Nothing is spooled, nothing is read before it is asked for.

The parser is python-multipart's push parser. What it leaves open is closed here: the final boundary must
come (it accepts a body that was cut off), and a part's name counts only from the plain parameters.
"""

import re
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import BadRequest, TooLarge, UnsupportedMedia

Chunk = bytes | bytearray | memoryview

MAX_PART_HEADERS = 8
MAX_PART_HEADER_BYTES = 8 * 1024
MAX_EPILOGUE_BYTES = 64 * 1024
_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_PART_END = object()
_END = object()


class Part:
    """One part of the body. Read ``chunks()`` or ``read()`` before going on to the next; the rest is skipped."""

    def __init__(self, body: "Multipart", headers: dict[bytes, bytes]) -> None:
        disposition, options = parse_options_header(headers.get(b"content-disposition", b"").decode("latin-1"))
        if disposition != b"form-data" or b"name" not in options:
            raise BadRequest("Each part needs `Content-Disposition: form-data; name=...`.", code="multipart_malformed")
        encoding = headers.get(b"content-transfer-encoding", b"binary").strip().lower()
        if encoding not in (b"7bit", b"8bit", b"binary"):
            raise BadRequest("Send a part's bytes as they are, not encoded.", code="multipart_malformed")
        self._body = body
        self._ended = False
        self.name = _decode(options[b"name"])
        raw = options.get(b"filename")
        self.filename = None if raw is None else _unescape(_decode(raw))
        self.media_type = parse_options_header(headers.get(b"content-type", b"").decode("latin-1"))[0].decode("latin-1")

    async def chunks(self) -> AsyncIterator[Chunk]:
        """What was not read of it yet; nothing more once it was read to its end."""
        while not self._ended:
            event = await self._body.next_event()
            if event is _PART_END:
                self._ended = True
            else:
                yield event

    async def read(self, limit: int) -> bytes:
        """The whole part, for small ones."""
        out = bytearray()
        async for chunk in self.chunks():
            out += chunk
            if len(out) > limit:
                raise TooLarge(f"The part `{self.name}` may have at most {limit} bytes.")
        return bytes(out)


class Multipart:
    """``async for part in Multipart(content_type, stream)``."""

    def __init__(self, content_type: str, stream: AsyncIterator[bytes]) -> None:
        media_type, options = parse_options_header(content_type)
        if media_type != b"multipart/form-data" or not options.get(b"boundary"):
            raise UnsupportedMedia("Send `multipart/form-data` with a boundary.")
        self._stream = stream
        self._events: deque[Any] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._field = b""
        self._value = b""
        self._inside = False
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._part_begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_end,
                    "on_end": self._end,
                },
                max_header_count=MAX_PART_HEADERS,
                max_header_size=MAX_PART_HEADER_BYTES,
            )
        except FormParserError as error:
            raise BadRequest("The boundary is longer than a boundary may be.", code="multipart_malformed") from error

    async def __aiter__(self) -> AsyncIterator[Part]:
        while (event := await self.next_event()) is not _END:
            if isinstance(event, Part):
                yield event
        await self._skip_epilogue()

    async def _skip_epilogue(self) -> None:
        """On to the end of the stream: only there does it show that fewer bytes came than were announced,
        and only then can the connection serve again."""
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_EPILOGUE_BYTES:
                raise BadRequest("Nothing may follow the final boundary.", code="multipart_malformed")

    async def next_event(self) -> Any:
        while not self._events:
            await self._fill()
        return self._events.popleft()

    async def _fill(self) -> None:
        try:
            chunk = await anext(self._stream)
        except StopAsyncIteration:
            raise BadRequest(
                "The body ends before its final boundary; send it again, whole.", code="incomplete"
            ) from None
        if not chunk:
            return
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest("This is not well-formed multipart/form-data.", code="multipart_malformed") from error

    def _part_begin(self) -> None:
        self._headers = {}

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() in self._headers:
            raise BadRequest("A part has a header twice.", code="multipart_malformed")
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        self._inside = True
        self._events.append(Part(self, self._headers))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        whole = start == 0 and end == len(data)
        self._events.append(data if whole else memoryview(data)[start:end])

    def _part_end(self) -> None:
        if not self._inside:
            raise BadRequest("A part has no headers.", code="multipart_malformed")
        self._inside = False
        self._events.append(_PART_END)

    def _end(self) -> None:
        self._events.append(_END)


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _unescape(name: str) -> str:
    """Browsers escape just these three in a name (HTML standard); every other percent sign is itself."""
    return re.sub("%22|%0D|%0A", lambda found: _ESCAPES[found[0]], name)
