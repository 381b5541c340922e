"""The API as ``ordner api`` serves it, with one address more, ``/_bench``, for what only the process itself knows."""

import asyncio
import base64
import json
import pickle
import sys
import threading
import time
from typing import Any

import uvicorn
from sqlalchemy import event

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


class Ledger:
    """Of each request between start and stop: its milliseconds, those of its CPU, and its SQL (not BEGIN and COMMIT).

    For requests that come one at a time.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.is_on = False
        self.requests: list[tuple[float, float, list[tuple[str, Any]]]] = []

    def start(self) -> None:
        self.requests = []
        self.is_on = True
        event.listen(self._engine, "before_cursor_execute", self._executes)

    def stop(self) -> dict[str, Any]:
        """The statements go as a pickle: their parameters are UUIDs, dates and bytes."""
        self.is_on = False
        event.remove(self._engine, "before_cursor_execute", self._executes)
        sql = base64.b64encode(pickle.dumps([statements for _, _, statements in self.requests])).decode()
        return {"ms": [ms for ms, _, _ in self.requests], "cpu": [cpu for _, cpu, _ in self.requests], "sql": sql}

    @property
    def _engine(self) -> Any:
        return self.app.state.db.engine.sync_engine

    def _executes(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.requests[-1][2].append((statement, parameters))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        statements: list[tuple[str, Any]] = []
        self.requests.append((0, 0, statements))
        before, cpu = time.perf_counter(), time.process_time()
        await self.app(scope, receive, send)
        ms, cpu = 1000 * (time.perf_counter() - before), 1000 * (time.process_time() - cpu)
        self.requests[-1] = (ms, cpu, statements)


class Watched:
    """ASGI around the API; everything but ``/_bench`` goes through untouched, unless the ledger is on."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.lag = Lag()
        self.ledger = Ledger(app)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != "/_bench":
            await (self.ledger if self.ledger.is_on else self.app)(scope, receive, send)
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
        if what == "ledger":
            return self.ledger.start()
        if what == "ledger-end":
            return self.ledger.stop()
        return {
            "checked_out": self.app.state.db.engine.pool.checkedout(),
            "store_threads": sum(thread.name.startswith("s3") for thread in threading.enumerate()),
            "tasks": len(asyncio.all_tasks()),
        }


if __name__ == "__main__":
    settings = get_settings()
    watched = Watched(create_app(settings))
    uvicorn.Server(server_config(watched, "127.0.0.1", int(sys.argv[1]), settings.header_timeout_seconds)).run()
