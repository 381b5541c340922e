"""Server-sent events (WHATWG HTML, "Server-sent events"): a state is told whenever it changes, until it stays as it is.

The database is asked now and then, by whoever made the stream, with nothing held in between. A stream ends by itself;
its client comes back with ``Last-Event-ID`` and hears only what is new.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.access import Actor
from app.errors import Problem, TooMany, Unavailable
from app.settings import Settings

log = structlog.get_logger()

LOOK_SECONDS = 0.5
QUIET_SECONDS = 15  # a proxy takes a connection without a byte for dead, many after 30 seconds
LONGEST_SECONDS = 600
RETRY_SECONDS = 2  # what a client waits before he comes again
AGAIN_SECONDS = 5


@dataclass(frozen=True)
class Event:
    """A state as it is told; ``data`` is one line, ``is_last``: it changes no more until somebody wants it to."""

    id: str
    name: str
    data: str
    is_last: bool

    def encode(self) -> bytes:
        return f"id: {self.id}\nevent: {self.name}\ndata: {self.data}\n\n".encode()


Look = Callable[[], Awaitable[Event]]


class Streams:
    """The streams of one process. Who comes too early is refused at once: he can poll."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.senders: Counter[UUID] = Counter()

    @contextmanager
    def place(self, actor: Actor) -> Iterator[None]:
        allowed = self.settings.streams_at_once_per_sender
        if self.senders[actor.id] >= allowed:
            detail = f"At most {allowed} streams of events at once; end one, or poll."
            raise TooMany(detail, "streams_at_once", allowed, AGAIN_SECONDS)
        if self.senders.total() >= self.settings.streams_at_once:
            detail = "Many are following something; poll, or try again in a moment."
            raise Unavailable(detail, code="streams_busy", retry_after=AGAIN_SECONDS)
        self.senders[actor.id] += 1
        try:
            yield
        finally:
            self.senders[actor.id] -= 1
            if not self.senders[actor.id]:
                del self.senders[actor.id]


class EventStream(StreamingResponse):
    """The answer: ``first``, and what ``look`` finds from then on."""

    media_type = "text/event-stream"

    def __init__(self, request: Request, place: AbstractContextManager[None], first: Event, look: Look) -> None:
        super().__init__(_told(request, first, look), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Not cut off when the client leaves, as the framework would do, perhaps in the middle of a transaction:
        the stream itself hears of it."""
        with self._place:
            await self.stream_response(send)


async def _told(request: Request, first: Event, look: Look) -> AsyncIterator[bytes]:
    if request.state.is_head:
        return
    until = time.monotonic() + LONGEST_SECONDS
    yield f"retry: {RETRY_SECONDS * 1000}\n\n".encode()
    if first.id != request.headers.get("last-event-id"):
        yield first.encode()
    known, said, pause = first, time.monotonic(), LOOK_SECONDS
    while not known.is_last and time.monotonic() < until:
        if await _is_over(request, pause):
            return
        try:
            now = await look()
        except (Problem, SQLAlchemyError, OSError) as error:  # he comes again, and is told properly
            log.info("events_ended", error=type(error).__name__)
            return
        if now != known:
            yield now.encode()
            known, said, pause = now, time.monotonic(), LOOK_SECONDS
            continue
        pause = 2 * LOOK_SECONDS
        if time.monotonic() - said >= QUIET_SECONDS:
            yield b": nothing new\n\n"
            said = time.monotonic()


async def _is_over(request: Request, seconds: float) -> bool:
    """Has the client gone, or does the server stop (app/server.py)? Waits so long for it."""
    ending = getattr(request.state, "ending", None) or asyncio.Event()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ending.wait()
    return bool(ending.is_set())
