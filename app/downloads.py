"""Bytes on their way out: attachment, ranges, validators, and no database connection meanwhile."""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.access import Actor
from app.errors import Gone, RangeNotSatisfiable
from app.etags import matches
from app.file_types import safe_type
from app.models import Blob
from app.s3 import ObjectMissing
from app.services import auth
from app.services.export_places import Spooled
from app.storage import Storage

log = structlog.get_logger()

SANDBOX = "sandbox; default-src 'none'"
_RANGE = re.compile(r"bytes=(\d{0,100})-(\d{0,100})", re.ASCII)


@dataclass(frozen=True)
class Span:
    start: int
    end: int  # of the last byte

    @property
    def length(self) -> int:
        return self.end - self.start + 1


def disposition(name: str) -> str:
    """RFC 6266: an ASCII name for the old, the real one in ``filename*``; always an attachment."""
    plain = re.sub(r"[^A-Za-z0-9 ._()\-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _tag(blob: Blob) -> str:
    assert blob.sha256 is not None
    return f'"{blob.sha256.hex()}"'


def is_read(request: Request, blob: Blob) -> bool:
    """Will the answer hold bytes of it? Not to HEAD, and not to who has them (304)."""
    return not (request.state.is_head or matches(request.headers.get("if-none-match"), _tag(blob)))


def span_of(request: Request, size: int, tag: str) -> Span | None:
    """The one range that is asked for; None: all. Several ranges are answered with all (RFC 9110 14.2 allows it)."""
    header = request.headers.get("range")
    if_range = request.headers.get("if-range")
    if header is None or (if_range is not None and if_range != tag):
        return None
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last N bytes
        start, end = max(0, size - int(found[2])), size - 1
        satisfiable = int(found[2]) > 0
    else:
        start, end = int(found[1]), min(int(found[2] or size), size - 1)
        satisfiable = start <= end
        if found[2] and int(found[2]) < start:
            return None  # not a range at all
    if not satisfiable:
        raise RangeNotSatisfiable(f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return Span(start, end)


async def send(request: Request, storage: Storage, blob: Blob, name: str) -> Response:
    """The answer to GET or HEAD of a stored file, for an actor who was found to see it."""
    assert blob.size is not None
    tag = _tag(blob)
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, no-store",
    }
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    span = None if request.state.is_head else span_of(request, blob.size, tag)  # ranges are for GET (RFC 9110 14.2)
    status, length = (206, span.length) if span else (200, blob.size)
    if span:
        headers["Content-Range"] = f"bytes {span.start}-{span.end}/{blob.size}"
    headers["Content-Length"] = str(length)
    media_type = safe_type(blob.media_type or "")
    if request.state.is_head:
        return Response(status_code=status, headers=headers, media_type=media_type)
    if address := storage.link(blob.object_key, _signed_headers(headers["Content-Disposition"], media_type)):
        return RedirectResponse(address, 307, {"Cache-Control": "no-store"})
    try:
        pieces = await storage.open(blob.object_key, span.start if span else 0, span.length if span else 0)
    except ObjectMissing:
        log.error("object_missing", blob=str(blob.id))  # a stored row without its object: an alarm, never a delete
        raise Gone("The bytes of this file are missing; the office has been alarmed.", code="object_missing") from None
    return StreamingResponse(_exactly(pieces, length), status, headers, media_type)


class _Closing(StreamingResponse):
    """What it sends from is closed at its end, however that comes."""

    def __init__(self, pieces: AsyncIterator[bytes], close: Callable[[], Awaitable[None]], **rest: Any) -> None:
        super().__init__(pieces, **rest)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._close()


def _fresh(name: str) -> dict[str, str]:
    """Headers of what is made anew each time."""
    return {
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, no-store",
    }


def announce(name: str, media_type: str) -> Response:
    """The answer to HEAD of what is made for GET: nothing is made for it, so nobody knows how long it is."""
    response = Response(headers=_fresh(name), media_type=media_type)
    del response.headers["content-length"]
    return response


async def stream(pieces: AsyncGenerator[bytes, None], name: str, media_type: str) -> Response:
    """Bytes as they are made. The first two pieces are there before the answer begins: what goes wrong until then
    is a problem; later the connection is cut."""
    first = [piece for _ in range(2) if (piece := await anext(pieces, b""))]

    async def all_of_it() -> AsyncIterator[bytes]:
        for piece in first:
            yield piece
        async for piece in pieces:
            yield piece

    return _Closing(all_of_it(), pieces.aclose, headers=_fresh(name), media_type=media_type)


def send_spooled(file: Spooled, name: str, media_type: str) -> Response:
    headers = _fresh(name) | {"Content-Length": str(file.size)}
    return _Closing(_exactly(file.pieces(), file.size), file.close, headers=headers, media_type=media_type)


def asking(request: Request) -> Callable[[AsyncSession], Awaitable[Actor]]:
    """Who asks, as he is now, of each of many transactions; 401 and 403 as ever, and it ends when he has left."""

    async def ask(session: AsyncSession) -> Actor:
        if await request.is_disconnected():
            raise ClientDisconnect
        return await auth.authenticate(session, request.state.credentials)

    return ask


def attach(request: Request, content: bytes, name: str, media_type: str) -> Response:
    """The answer to GET or HEAD of a file that was made for it."""
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, no-store",
    }
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def _signed_headers(content_disposition: str, media_type: str) -> dict[str, str]:
    return {"response-content-disposition": content_disposition, "response-content-type": media_type}


async def _exactly(pieces: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """Cut the connection rather than end an answer early: a short file must never look like a whole one."""
    sent = 0
    async for piece in pieces:
        sent += len(piece)
        yield piece
    if sent != length:
        raise ConnectionError("the store sent fewer bytes than it holds")
