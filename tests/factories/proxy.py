"""A proxy before the object store that fails on demand: refuses, is silent, is busy, cuts, loses answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from urllib.parse import urlsplit


class Do(Enum):
    PASS = auto()
    BUSY = auto()  # 503 instead of the store's answer; the store sees nothing
    PAGE = auto()  # a page of somebody in between, who wants a login, say; the store sees nothing
    HANG = auto()  # silent; the store sees nothing
    CUT = auto()  # the connection breaks in the middle of the body
    LOSE = auto()  # the store does it, its answer never comes


INSTEAD = {
    Do.BUSY: b"503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    Do.PAGE: b"200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>",
}
Rule = Callable[[str, str], Do]


def always(what: Do, method: str = "", target: str = "") -> Rule:
    """For every request with this method whose path or query holds ``target``."""

    def rule(found: str, path: str) -> Do:
        return what if method in ("", found) and target in path else Do.PASS

    return rule


def once(what: Do, method: str = "", target: str = "") -> Rule:
    """For the first such request only."""
    matches = always(what, method, target)
    left = [1]

    def rule(found: str, path: str) -> Do:
        if matches(found, path) is what and left[0]:
            left[0] -= 1
            return what
        return Do.PASS

    return rule


class FaultProxy:
    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0
        self.rule: Rule = always(Do.PASS)
        self.seen: list[tuple[str, str]] = []
        self.hanging = asyncio.Event()
        self.released = asyncio.Event()  # ends what hangs

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Nobody listens any more, and whoever was connected is cut off."""
        assert self._server
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        assert self._server
        self._connections.add(task)
        try:
            if self._server.is_serving():  # else accepted in the very moment of refuse(), which did not see it
                await self._forward(client, to_client)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            to_client.transport.abort()

    async def _forward(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        store, to_store = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        back = asyncio.create_task(_pump(store, to_client))
        try:
            while await self._one(client, to_client, store, to_store, back):
                pass
        finally:
            back.cancel()
            to_store.transport.abort()

    async def _one(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        store: asyncio.StreamReader,
        to_store: asyncio.StreamWriter,
        back: asyncio.Task[None],
    ) -> bool:
        """One request; False when the connection ends with it."""
        head = await client.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        what = self.rule(method, target)
        self.seen.append((method, target))
        if what is Do.HANG:
            self.hanging.set()
            await self.released.wait()
            return False
        if what in INSTEAD:
            await client.readexactly(length)
            to_client.write(b"HTTP/1.1 " + INSTEAD[what])
            return True
        if what is Do.LOSE:
            back.cancel()
            with suppress(asyncio.CancelledError):
                await back
        to_store.write(head)
        if what is Do.CUT:
            to_store.write(await client.readexactly(length // 2))
            await to_store.drain()
            return False
        while length:
            piece = await client.read(min(length, 65536))
            if not piece:
                return False
            length -= len(piece)
            to_store.write(piece)
            await to_store.drain()
        if what is Do.LOSE:
            await store.readuntil(b"\r\n\r\n")
        return what is Do.PASS


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(65536):
            target.write(piece)
            await target.drain()


@asynccontextmanager
async def fault_proxy(upstream: str) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(upstream)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.refuse()
