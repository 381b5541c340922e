"""uvicorn with the deadlines that it does not have: a connection must send its headers in time (F31)."""

import asyncio
import json

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import BadRequest
from app.middleware import MAX_HEADER_BYTES

MAX_HEAD_BYTES = 4 * MAX_HEADER_BYTES


class DeadlineProtocol(HttpToolsProtocol):
    """One connection. ``header_timeout`` (seconds) runs from its beginning, and anew from each next request's."""

    header_timeout: float
    waiting: asyncio.TimerHandle | None = None
    head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.waiting is not None:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.waiting is not None and self.head_bytes > MAX_HEAD_BYTES:
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._head_done()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets our form too (IN-08)."""
        content = json.dumps(BadRequest("This is not well-formed HTTP/1.1.", code="http_malformed").as_dict()).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        self.transport.close()

    def _expect_head(self) -> None:
        if self.waiting is None:
            self.head_bytes = 0
            self.waiting = self.loop.call_later(self.header_timeout, self.transport.close)

    def _head_done(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None


def server_config(app: object, host: str, port: int, header_timeout: float, workers: int = 1) -> Config:
    """How the API is served everywhere: in production, in local mode and in the tests."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=type("Protocol", (DeadlineProtocol,), {"header_timeout": header_timeout}),
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=30,
    )
