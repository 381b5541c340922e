"""Around every request: its id, its deadlines, its headers, its log line, and the last resort.

Pure ASGI, so that a body is streamed through and a client that leaves is noticed.
"""

import asyncio
import re
import time
from contextlib import suppress
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.deadlines import BodyDeadlines
from app.error_handlers import to_problem
from app.errors import BadRequest, HeadersTooLarge, MethodNotAllowed, TimedOut, UnsupportedMedia
from app.models import Base
from app.settings import Settings

log = structlog.get_logger()

MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024
SEND_STALL_SECONDS = 60
LINGER_SECONDS = 5
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000",
}


class Cors(CORSMiddleware):
    """Refuses in our form too (IN-08)."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        kept = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
        request_id = uuid4().hex
        kept |= {"X-Request-Id": request_id, **SECURITY_HEADERS}
        problem = BadRequest("This origin, method or header is not allowed here.", code="cors_refused", headers=kept)
        return problem.response(request_id)


class Boundary:
    """The outermost layer but CORS."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        exchange = Exchange(scope, receive, send, self.settings)
        inner = {**scope, "state": {**scope["state"], "is_head": scope["method"] == "HEAD"}}
        if scope["method"] == "HEAD":
            inner["method"] = "GET"  # whatever can be read has a HEAD; the server leaves the body out
        exchange.scope = inner
        try:
            check_headers(scope)
            await self.app(inner, exchange.receive, exchange.send)
        except Exception as exc:
            if exchange.status:  # the answer was under way: all that is left is to cut it off, visibly
                log.warning("answer_cut_off", error=type(exc).__name__)
                raise
            problem = to_problem(exc, Base.metadata)
            await problem.response(request_id)(inner, exchange.receive, exchange.send)
        finally:
            exchange.deadlines.end()
            exchange.log()


def check_headers(scope: Scope) -> None:
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"At most {MAX_HEADERS} headers with {MAX_HEADER_BYTES} bytes together.")
    if Headers(scope=scope).get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the body as it is, without Content-Encoding.")


class Exchange:
    """One request and its answer: body deadlines on the way in, headers and stall limit on the way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: Settings) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.deadlines = BodyDeadlines(settings)
        self.started = time.monotonic()
        headers = Headers(scope=scope)
        self.body_read = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self.status = 0

    async def receive(self) -> Message:
        if self.body_read:
            return await self._receive()  # only to hear of a disconnect
        message = await self.deadlines.receive(self._receive)
        self.body_read = not message.get("more_body", False) and message["type"] == "http.request"
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.scope["state"]["request_id"]
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if not self.body_read:
                headers["connection"] = "close"  # or the server would go on swallowing the body
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        async with asyncio.timeout(SEND_STALL_SECONDS):
            if not (last and self._still_coming):
                await self._send(message)
                return
            await self._send({**message, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    @property
    def _still_coming(self) -> bool:
        """Has the client bytes under way that nobody read? Not one that went silent, or waits for `100 Continue`."""
        waits = Headers(scope=self.scope).get("expect", "").lower() == "100-continue"
        silent = self.status == TimedOut.status or (waits and self.deadlines.received == 0)
        return not self.body_read and not silent

    async def _linger(self) -> None:
        """Closing on unread bytes resets the connection, and the client loses the answer that told him why.

        So after the answer we throw away what still comes, for a short while (RFC 9112 9.6).
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.body_read:
                    message = await self._receive()
                    self.body_read = message["type"] == "http.disconnect" or not message.get("more_body", False)

    def log(self) -> None:
        route = self.scope.get("route")
        log.info(
            "request",
            method=self.scope["method"],
            route=getattr(route, "path", None),  # the pattern: a path may hold an invitation's token
            status=self.status,
            ms=round((time.monotonic() - self.started) * 1000, 1),
            bytes_in=self.deadlines.received,
        )


async def problem_handler(request: Request, exc: Exception) -> Response:
    problem = to_problem(exc, Base.metadata)
    if isinstance(problem, MethodNotAllowed):
        problem.headers |= {"Allow": ", ".join(sorted(_allowed(request)))}
    return problem.response(request.state.request_id)


def _allowed(request: Request) -> set[str]:
    """The framework names the methods of the first operation with this path; there may be others."""
    path = request.scope["path"]
    found = [route for route in request.app.state.operations if route.path_regex.match(path.removeprefix("/v1"))]
    methods = {method for route in found for method in route.methods} or {"GET"}  # outside /v1 all is read only
    return methods | {"HEAD"} if "GET" in methods else methods
