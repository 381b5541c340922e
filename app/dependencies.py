"""What a route may ask for. All of it is ``async``: FastAPI would send a plain function to a thread and back."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app.access import Actor, visible
from app.db import Database
from app.errors import NotFound, Stale
from app.etags import matches
from app.listing import Page
from app.routing import PUBLIC, Route, answers_anew, own_transactions, require, shows_once
from app.settings import Settings
from app.storage import Storage

__all__ = [
    "PUBLIC",
    "Answer",
    "CurrentActor",
    "CurrentSettings",
    "Db",
    "Route",
    "Store",
    "Transaction",
    "answers_anew",
    "find",
    "own_transactions",
    "require",
    "shape",
    "shape_page",
    "shows_once",
]

M = TypeVar("M")


async def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


async def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


async def _store(request: Request) -> Storage:
    store: Storage = request.app.state.storage
    return store


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


CurrentActor = Annotated[Actor, Depends(_actor)]
Transaction = Annotated[AsyncSession, Depends(_session)]
Db = Annotated[Database, Depends(_db)]
Store = Annotated[Storage, Depends(_store)]
CurrentSettings = Annotated[Settings, Depends(_settings)]


async def find(
    session: AsyncSession,
    actor: Actor,
    model: type[M],
    row_id: UUID,
    *options: Any,
    within: Any = None,
    lock: bool = False,
    change: bool = False,
) -> M:
    """The row with this id if it exists for the actor (and ``within`` holds), else NotFound.

    ``lock`` keeps it from everybody; ``change`` lets one change it at a time, and others point at it meanwhile.
    """
    owned: Any = model
    statement: Select[M] = visible(actor, model).where(owned.id == row_id).options(*options)
    if within is not None:
        statement = statement.where(within)
    if lock or change:
        statement = statement.with_for_update(of=owned, key_share=change)
    row = await session.scalar(statement)
    if row is None:
        raise NotFound
    return row


class _Answer:
    """The headers of an answer about one row: its version is checked before a change and shown after."""

    def __init__(self, request: Request, response: Response) -> None:
        self._if_match = request.headers.get("if-match")
        self._response = response

    def check(self, *rows: Any) -> None:
        """``If-Match`` against the rows as they are (none: there is nothing, so nothing matches); stale: 412."""
        if self._if_match is not None and not (rows and matches(self._if_match, _tag(rows), strong=True)):
            raise Stale("Read it again and repeat your change on what is there now.")

    def show(self, *rows: Any) -> None:
        """The tag of the row, or of all the rows that the answer is made of."""
        self._response.headers["ETag"] = _tag(rows)

    def created(self, path: str, *rows: Any) -> None:
        self._response.headers["Location"] = f"/v1{path}"
        if rows:
            self.show(*rows)


def _tag(rows: Sequence[Any]) -> str:
    return f'"{"-".join(str(row.version) for row in rows)}"'


async def _answer(request: Request, response: Response) -> _Answer:
    return _Answer(request, response)


Answer = Annotated[_Answer, Depends(_answer)]
C = TypeVar("C", bound=BaseModel)
S = TypeVar("S", bound=BaseModel)


def shape(actor: Actor, row: Any, client: type[C], staff: type[S]) -> C | S:
    """The row in the words that this actor may read (AZ-04)."""
    return client.model_validate(row) if actor.is_contact else staff.model_validate(row)


def shape_page(actor: Actor, page: Page[Any], client: type[C], staff: type[S]) -> Page[C] | Page[S]:
    values = {"next_cursor": page.next_cursor, "total": page.total}
    if actor.is_contact:
        return Page[client](items=[client.model_validate(row) for row in page.items], **values)  # type: ignore[valid-type]
    return Page[staff](items=[staff.model_validate(row) for row in page.items], **values)  # type: ignore[valid-type]
