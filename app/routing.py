"""What happens around every operation, in this order:

who (401), which kind of action (403), the query's words (422), the body (4xx), the idempotency key,
one transaction with the route in it, the stored answer, commit, send.

Nothing of a body is read before the actor is known, and no connection is held while one comes in.
"""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi.dependencies.models import Dependant
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app import idempotency
from app.access import Actor, Permission
from app.db import Database
from app.errors import FieldError, TooLarge, UnsupportedMedia, all_invalid
from app.etags import matches
from app.services import auth
from app.settings import Settings
from app.strict_json import parse_json, read_body

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
F = TypeVar("F", bound=Callable[..., Any])

JSON_TYPES = ("application/json", "application/merge-patch+json")


class Required:
    """Marks an operation with its permissions; the second look that keeps a route safe outside ``Route``."""

    def __init__(self, *permissions: Permission) -> None:
        self.permissions = permissions

    async def __call__(self, request: Request) -> None:
        request.state.actor.require(*self.permissions)


def require(permission: Permission, *more: Permission) -> Any:
    """The kind of action that it is; several, all of them, for what is several kinds in one."""
    return Depends(Required(permission, *more))


async def _public() -> None:
    """Marks an operation that needs no sign-in."""


PUBLIC: Any = Depends(_public)


def own_transactions(endpoint: F) -> F:
    """The route moves bytes or hashes passwords, so it opens its own short transactions around that."""
    endpoint.own_transactions = True  # type: ignore[attr-defined]
    return endpoint


def answers_anew(endpoint: F) -> F:
    """Asked again it answers again, and nothing of an answer is kept: an ``Idempotency-Key`` means nothing here."""
    endpoint.answers_anew = True  # type: ignore[attr-defined]
    return own_transactions(endpoint)


def shows_once(*fields: str) -> Callable[[F], F]:
    """These fields of the answer are secrets: a replayed answer has null there."""

    def mark(endpoint: F) -> F:
        endpoint.shows_once = fields  # type: ignore[attr-defined]
        return endpoint

    return mark


def permissions_of(route: APIRoute) -> tuple[Permission, ...]:
    """The permissions that an operation takes, none when it is public; an operation must say."""
    for dependency in route.dependencies:
        if isinstance(dependency.dependency, Required):
            return dependency.dependency.permissions
        if dependency.dependency is _public:
            return ()
    raise AssertionError(f"{route.name} states no permission and is not public")


class Json(Request):
    """The same request, its JSON read once, strictly, and within limits."""

    value: Any = None
    raw = b""

    async def json(self) -> Any:
        return self.value

    async def read(self, limit: int) -> None:
        declared = self.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise TooLarge(f"A JSON body may have at most {limit} bytes.")
        self._body = self.raw = await read_body(self, limit)
        if not self.raw:
            return
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() not in JSON_TYPES:
            raise UnsupportedMedia("Send `Content-Type: application/json`.")
        self.value = parse_json(self.raw)


class Route(APIRoute):
    """Every operation under ``/v1`` is one of these."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        permissions = permissions_of(self)
        parameters = self._query_parameters()
        own = getattr(self.endpoint, "own_transactions", False)
        secret_fields = getattr(self.endpoint, "shows_once", ())

        async def read(request: Request) -> Response:
            check_query(request, parameters)
            return await handler(request)

        async def handle(request: Request) -> Response:
            if permissions:
                credentials = auth.Credentials.of(request.headers.get("authorization"), permissions)
                request.state.credentials = credentials
                if request.method == "GET" and not own:
                    return conditional(request, await transact(read, request))
                async with request.app.state.db.transaction(credentials.token.office_id) as session:
                    request.state.actor = await auth.authenticate(session, credentials)
            check_query(request, parameters)
            settings: Settings = request.app.state.settings
            if own and not self.body_field:
                return await handler(request)
            body = Json(request.scope, request.receive)
            await body.read(settings.json_max_bytes)
            if own:
                return await handler(body)
            if request.method == "POST":
                return await once(handler, body, settings, secret_fields)
            return await transact(handler, body)

        return handle

    def _query_parameters(self) -> frozenset[str]:
        names: set[str] = set()
        waiting: list[Dependant] = [self.dependant]
        while waiting:
            dependant = waiting.pop()
            waiting.extend(dependant.dependencies)
            for field in dependant.query_params:
                model = field.field_info.annotation
                if isinstance(model, type) and issubclass(model, BaseModel):
                    names.update(info.alias or name for name, info in model.model_fields.items())
                else:
                    names.add(field.alias)
        return frozenset(names)


def check_query(request: Request, known: frozenset[str]) -> None:
    """A parameter that is not known, or given twice, is a mistake that must not pass for success."""
    seen: set[str] = set()
    errors = []
    for name, _ in request.query_params.multi_items():
        if name not in known:
            errors.append(FieldError(f"/{name[:50]}", "unknown_parameter", "There is no such parameter here.", "query"))
        elif name in seen:
            errors.append(FieldError(f"/{name}", "duplicate_parameter", "Give this parameter once.", "query"))
        seen.add(name)
    if errors:
        raise all_invalid(errors[:20])


async def transact(handler: Handler, request: Request, finish: Any = None) -> Response:
    """One transaction around the route, committed after its answer is built; again when it lost a race."""
    db: Database = request.app.state.db
    credentials: auth.Credentials = request.state.credentials

    async def work(session: AsyncSession) -> Response:
        request.state.actor = await auth.authenticate(session, credentials)
        request.state.session = session
        response = await handler(request)
        if cursor := session.info.get("next_cursor"):
            response.headers["Link"] = f'<{_next_page(request, cursor)}>; rel="next"'
        if finish:
            await finish(session, response)
        return response

    return await db.retrying(credentials.token.office_id, work)


def _next_page(request: Request, cursor: str) -> str:
    """A relative address: what this server is called from outside is not its to know."""
    query = [item for item in request.query_params.multi_items() if item[0] != "cursor"]
    return f"{request.scope['path']}?{urlencode([*query, ('cursor', cursor)])}"


async def once(handler: Handler, request: Json, settings: Settings, secret_fields: tuple[str, ...]) -> Response:
    """A POST under its idempotency key, when it has one."""
    db: Database = request.app.state.db
    actor: Actor = request.state.actor
    claim = await idempotency.claim(db, actor, request, settings.lease_seconds)
    if claim is None:
        return await transact(handler, request)
    mark = db.vault.mark(request.raw) if db.vault else hashlib.sha256(request.raw).digest()
    if claim.answer:
        return claim.replay(mark)

    async def finish(session: Any, response: Response) -> None:
        await idempotency.finish(session, actor, claim, mark, response, secret_fields)

    try:
        return await transact(handler, request, finish)
    except BaseException:
        await idempotency.release(db, actor, claim)
        raise


def conditional(request: Request, response: Response) -> Response:
    """``If-None-Match`` on GET (RFC 9110 13.1.2)."""
    tag = response.headers.get("etag")
    if request.method == "GET" and tag and matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return response
