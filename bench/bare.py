"""The least that could answer: Starlette and asyncpg, and the very SQL that the API ran for the same address.

``python -m bench.bare PORT FILE``: the file says, for each address, which statements with which values. One
transaction for one office, as the application role, on prepared statements; the rows as JSON by the standard library.
No models, no rules, no checks, no log.
"""

import json
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.db import server_settings
from app.server import server_config
from app.settings import get_settings

settings = get_settings()
told: dict[str, Any] = {}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    size = settings.database_pool_size
    url = settings.database_url.get_secret_value()
    options = {"server_settings": server_settings(settings), "reset": _leave}
    async with asyncpg.create_pool(url, min_size=size, max_size=size, **options) as pool:
        app.state.pool = pool
        yield


async def _leave(_: asyncpg.Connection) -> None:
    """Nothing to tidy: the API's pool asks the server nothing either when a connection comes back."""


async def answer(request: Request) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    async with request.app.state.pool.acquire() as connection:
        await connection.execute(f"BEGIN; SELECT set_config('app.office_id', '{told['office']}', true)")
        rows = [await connection.fetch(sql, *values) for sql, values in told["statements"][path]]
        await connection.execute("COMMIT")
    body = [[dict(row) for row in some] for some in rows[1:]]
    return Response(json.dumps(body, default=_plain), media_type="application/json")


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    told = pickle.loads(Path(sys.argv[2]).read_bytes())
    app = Starlette(routes=[Route("/{path:path}", answer)], lifespan=lifespan)
    uvicorn.Server(server_config(app, "127.0.0.1", int(sys.argv[1]), settings.header_timeout_seconds)).run()
