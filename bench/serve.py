"""The API as ``ordner api`` serves it, with one address more, ``/_bench``, for what only the process itself knows."""

import asyncio
import json
import sys
import threading
import time
from typing import Any

import uvicorn

from app.main import create_app
from app.server import server_config
from app.settings import get_settings

EVERY = 0.010


class Lag:
    """How much later than asked a sleep of 10 ms ends: what any other request would wait for the loop."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.late = []
        self._task = asyncio.create_task(self._probe())

    def stop(self) -> list[float]:
        if self._task:
            self._task.cancel()
        return [round(value * 1000, 2) for value in self.late]

    async def _probe(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(EVERY)
            self.late.append(time.monotonic() - before - EVERY)


class Watched:
    """ASGI around the API; everything but ``/_bench`` goes through untouched."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.lag = Lag()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != "/_bench":
            await self.app(scope, receive, send)
            return
        body = json.dumps(self._answer(scope["query_string"].decode())).encode()
        headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, what: str) -> Any:
        if what == "start":
            return self.lag.start()
        if what == "stop":
            return self.lag.stop()
        return {
            "checked_out": self.app.state.db.engine.pool.checkedout(),
            "store_threads": sum(thread.name.startswith("s3") for thread in threading.enumerate()),
            "tasks": len(asyncio.all_tasks()),
        }


if __name__ == "__main__":
    settings = get_settings()
    watched = Watched(create_app(settings))
    uvicorn.Server(server_config(watched, "127.0.0.1", int(sys.argv[1]), settings.header_timeout_seconds)).run()
