"""The application: what it stands on, its layers, its routers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException  # noqa: TID251 - to give the framework's own refusals our form
from starlette.middleware import Middleware

from app import openapi
from app.db import Database, place
from app.event_streams import Streams
from app.logs import configure_logs
from app.middleware import Boundary, Cors, problem_handler
from app.routers import (
    api_keys,
    auth,
    changes,
    citizen_numbers,
    contact_links,
    contacts,
    conversations,
    deputies,
    document_requests,
    dossier_items,
    dossiers,
    exports,
    folder_templates,
    folders,
    health,
    import_events,
    import_templates,
    imports,
    inbox,
    labels,
    meta,
    offices,
    person_relations,
    products,
    relation_groups,
    relation_kinds,
    relation_matching,
    relation_team,
    relations,
    standard_team,
    team_members,
    team_roles,
    timeline,
    two_step,
)
from app.services.export_places import Exports
from app.services.upload_places import Uploads
from app.settings import Settings, get_settings
from app.storage import Storage

log = structlog.get_logger()

# What a browser may send and read beyond the simple ones.
REQUEST_HEADERS = [
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "If-Range",
    "Last-Event-ID", "Range", "X-Request-Id",
]  # fmt: skip
ANSWER_HEADERS = [
    "Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Idempotency-Replayed", "Link", "Location",
    "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id",
]  # fmt: skip

FEATURES = (
    meta,
    auth,
    two_step,
    offices,
    team_members,
    team_roles,
    standard_team,
    deputies,
    api_keys,
    folder_templates,
    labels,
    products,
    relation_kinds,
    relation_groups,
    relation_matching,
    relations,
    citizen_numbers,
    relation_team,
    contacts,
    contact_links,
    person_relations,
    dossiers,
    folders,
    dossier_items,
    conversations,
    document_requests,
    inbox,
    timeline,
    changes,
    import_templates,
    imports,
    exports,
    import_events,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or get_settings()
    configure_logs(settings)
    app = FastAPI(
        title="Ordner",
        version=version("ordner"),
        description=openapi.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=_lifespan,
        middleware=[
            Middleware(
                Cors,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=REQUEST_HEADERS,
                expose_headers=ANSWER_HEADERS,
                max_age=3600,
            ),
            Middleware(Boundary, settings=settings),
        ],
    )
    app.openapi_version = "3.1.0"
    app.state.settings = settings
    for kind in (RequestValidationError, HTTPException):
        app.add_exception_handler(kind, problem_handler)
    version_one = APIRouter(prefix=openapi.PREFIX)
    for feature in FEATURES:
        version_one.include_router(feature.router)
    app.include_router(version_one)
    app.include_router(health.router)
    operations = [route for feature in FEATURES for route in feature.router.routes if isinstance(route, APIRoute)]
    app.state.operations = operations
    app.openapi = lambda: _document(app, operations)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI, operations: list[APIRoute]) -> dict[str, Any]:
    if not app.openapi_schema:
        app.openapi_schema = openapi.build(app, operations)
    return app.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connections are made here and nowhere at import; what can not be reached is said plainly."""
    settings: Settings = app.state.settings
    if settings.smtp_url and "invitation_link" not in settings.model_fields_set:
        log.warning("invitations_point_at_the_api", advice="set ORDNER_INVITATION_LINK to a page of your app")
    app.state.db = Database(settings)
    app.state.storage = Storage(settings)
    app.state.uploads = Uploads(app.state.db, app.state.storage, settings)
    app.state.exports = Exports(settings)
    app.state.streams = Streams(settings)
    await asyncio.gather(
        _check("database", place(settings.database_url.get_secret_value()), app.state.db.ping()),
        _check("storage", settings.s3_endpoint, app.state.storage.ensure_bucket()),
    )
    try:
        yield
    finally:
        await app.state.uploads.close()
        app.state.storage.close()
        await app.state.db.close()


async def _check(what: str, where: str, attempt: Any) -> None:
    """Say what does not answer, and go on: /readyz stays red and every call is 503 until it does."""
    try:
        await attempt
    except Exception as error:
        log.error("not_reachable", what=what, where=where, error=type(error).__name__, detail=str(error)[:200])
