"""Outside ``/v1``: is the process alive, is it ready, what is its contract. No sign-in, no data."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.docs import ASSETS, page
from app.errors import NotFound

router = APIRouter(include_in_schema=False)

CHECK_SECONDS = 3


@router.get("/livez")
async def livez() -> dict[str, str]:
    """The process answers; says nothing of what it stands on (OP-02)."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Ready to serve: the database and the store both answer."""
    state = request.app.state
    results = dict(
        zip(
            ("database", "storage"),
            await asyncio.gather(_ok(state.db.ping()), _ok(state.storage.ping())),
            strict=True,
        )
    )
    ready = all(results.values())
    body = {
        "status": "ok" if ready else "unavailable",
        **{name: "ok" if ok else "unavailable" for name, ok in results.items()},
    }
    return JSONResponse(body, 200 if ready else 503)


async def _ok(check: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except Exception:  # whatever it is, the answer is no
        return False
    return True


@router.get("/openapi.json")
async def openapi_document(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The contract as a page; its assets come from this package, so it works without internet."""
    if not request.app.state.settings.docs:
        raise NotFound
    return page()


@router.get("/docs/{asset}")
async def docs_asset(asset: str, request: Request) -> Response:
    if asset not in ASSETS or not request.app.state.settings.docs:
        raise NotFound
    return ASSETS[asset]()
