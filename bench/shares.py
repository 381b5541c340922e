"""Which part of the program the time of a request goes to: the API in this process, called without a server, under
``cProfile``. An order as JSON on standard input, the shares in percent as JSON on the last line of the output.

A profiler makes small Python functions dearer than they are, so the shares say where to look, not how much to win.
"""

import asyncio
import cProfile
import json
import pstats
import sys
from typing import Any

import uvloop

from app.main import create_app

# The first of these that a file's path holds says whose it is.
PARTS = {
    "/sqlalchemy/": "SQLAlchemy",
    "/asyncpg/": "asyncpg",
    "/pydantic": "pydantic",
    "/fastapi/": "FastAPI, Starlette",
    "/starlette/": "FastAPI, Starlette",
    "/anyio/": "FastAPI, Starlette",
    "/structlog/": "structlog, logging",
    "/logging/": "structlog, logging",
    "/app/": "Ordner's own code",
    "/cryptography/": "Ordner's own code",
}
OTHER, WAITING = "the standard library and the rest", "waiting for PostgreSQL, and the loop itself"
LOOP = ("run_until_complete", "run_forever")
BY_NAME = {"pydantic_core": "pydantic", "asyncpg": "asyncpg", "sqlalchemy": "SQLAlchemy", "greenlet": "SQLAlchemy",
           "cryptography": "Ordner's own code"}  # fmt: skip
Function = tuple[str, int, str]


async def _ask(app: Any, path: str, token: str) -> None:
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"bench"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message.get("status", 200) != 200:
            raise SystemExit(f"{path} answered {message['status']}")

    await app(scope, receive, send)


def profile(paths: list[str], token: str, times: int) -> dict[str, float]:
    app = create_app()

    async def ask(count: int) -> None:
        for number in range(count):
            await _ask(app, paths[number % len(paths)], token)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        runner.run(ask(max(len(paths), 30)))
        profiler = cProfile.Profile()
        profiler.enable()
        runner.run(ask(times))
        profiler.disable()
        runner.run(lifespan.__aexit__(None, None, None))
    return _shares(pstats.Stats(profiler).stats)  # type: ignore[attr-defined]


def _shares(stats: dict[Function, Any]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for function, (_, _, own, _, callers) in stats.items():
        whose = _whose(function)
        if whose is not None or not callers:
            spent[whose or OTHER] = spent.get(whose or OTHER, 0) + own
            continue
        for caller, (_, _, of_caller, _) in callers.items():  # built in: it is the caller's time
            part = _whose(caller) or OTHER
            spent[part] = spent.get(part, 0) + of_caller
    spent.pop(WAITING, None)
    total = sum(spent.values())
    return {part: 100 * seconds / total for part, seconds in sorted(spent.items(), key=lambda item: -item[1])}


def _whose(function: Function) -> str | None:
    """None: built in."""
    file, _, name = function
    if any(loop in name for loop in LOOP):
        return WAITING
    if file == "~":
        return next((part for word, part in BY_NAME.items() if word in name), None)
    return next((part for word, part in PARTS.items() if word in file), OTHER)


if __name__ == "__main__":
    print(json.dumps(profile(**json.load(sys.stdin))))
