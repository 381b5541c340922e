"""Requests byte by byte: what a well-behaved client never sends, and clients that leave."""

import asyncio
import json
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

import httpx

BOUNDARY = "b0undary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()


def part(content: bytes, filename: str | None = "stuk.pdf", name: str = "files", extra: str = "") -> bytes:
    """One part of a form; ``extra`` stands behind the disposition, or begins further header lines."""
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}{extra}\r\n\r\n".encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + END


def send_form(body: bytes) -> dict[str, Any]:
    """Keyword arguments of httpx for a form that was put together by hand."""
    return {"content": body, "headers": {"Content-Type": CONTENT_TYPE}}


class Wire:
    """One connection with one request on it."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def post(
        cls,
        client: httpx.AsyncClient,
        path: str,
        first: bytes = b"",
        length: int | None = None,
        content_type: str = CONTENT_TYPE,
        method: str = "POST",
        **headers: str,
    ) -> "Wire":
        """The head of a request by this client, and the first bytes of its body (``length`` None: chunked)."""
        address = urlsplit(str(client.base_url))
        connection = socket.socket()
        connection.setblocking(False)
        wire = cls(connection)
        await wire._loop.sock_connect(connection, (address.hostname, address.port))
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {address.netloc}",
            f"Authorization: {client.headers['authorization']}",
            f"Content-Type: {content_type}",
            size,
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        await wire.send("\r\n".join(lines).encode() + b"\r\n\r\n" + first)
        return wire

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    def leave(self, *, reset: bool) -> None:
        """Close the connection with FIN, or throw it away with RST."""
        if reset and self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    async def read(self, count: int = 65536) -> bytes:
        return await self._loop.sock_recv(self._socket, count)

    async def answer(self, seconds: float = 30) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of the answer; the connection is closed after it."""
        try:
            async with asyncio.timeout(seconds):
                return await self._answer()
        finally:
            self._socket.close()

    async def _answer(self) -> tuple[int, dict[str, str], Any]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += await self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += await self._more()
        return int(first.split()[1]), headers, json.loads(body) if body else None

    async def _more(self) -> bytes:
        more = await self.read()
        if not more:
            raise ConnectionError("closed without an answer")
        return more
