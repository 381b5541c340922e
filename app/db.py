"""The only begin and commit in the program.

Every transaction runs as the application role, which owns nothing, and for one office: row-level security
compares every row with ``app.office_id``, so a query that forgets the office finds nothing.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.exc import StaleDataError

from app.settings import Settings


def asyncpg_url(url: str) -> str:
    """``postgresql://`` would mean psycopg to SQLAlchemy, and libpq's ``sslmode`` is ``ssl`` to asyncpg."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    if mode := parsed.query.get("sslmode"):
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return parsed.render_as_string(hide_password=False)


def place(url: str) -> str:
    """Host, port and database of an address, for messages: never its user or password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"


def server_settings(settings: Settings) -> dict[str, str]:
    """What every connection of the application starts with; ``role`` holds from the first statement on."""
    return {
        "role": settings.database_role,
        "application_name": "ordner",
        "timezone": "UTC",
        "max_parallel_workers_per_gather": "0",  # to start helpers costs more than a page of a list takes
        "statement_timeout": str(int(settings.database_command_timeout_seconds * 1000)),
        "lock_timeout": "5000",
        "client_connection_check_interval": "5000",  # what a killed process was at ends, and its locks with it
        "idle_in_transaction_session_timeout": "30000",
    }


T = TypeVar("T")

TRIES = 8
BACKOFF_SECONDS = 0.05
# PostgreSQL's words for "this transaction lost, the same one may well win": serialization, deadlock, lock timeout.
RETRYABLE = {"40001", "40P01", "55P03"}


def sqlstate(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


class OfficeConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """Says for which office a transaction is in the very words that begin it: a round trip fewer for each."""

    office_id: UUID | None = None

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        is_begin = query.startswith("BEGIN")
        if is_begin:
            query = f"{query} SELECT set_config('app.office_id', '{self.office_id or ''}', true);"
            self.office_id = None
        try:
            done: str = await super().execute(query, *args, **options)
        except BaseException:
            if is_begin:  # nobody knows how far it came: no one else may get this connection
                self.terminate()
            raise
        return done


class OfficeSession(Session):
    """Tells its connection for which office it begins."""


@event.listens_for(OfficeSession, "after_begin")
def _say_office(session: Session, _: SessionTransaction, connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.office_id = session.info["office_id"]


def _forget_office(connection: Any, _: Any) -> None:
    """Back in the pool: what was to begin and did not must not begin for the next one."""
    if connection is not None:
        connection.driver_connection.office_id = None


def _lost(context: ExceptionContext) -> None:
    """A connection that the server ended while it was idle: asyncpg may trip over that before it knows it is closed."""
    if isinstance(getattr(context.original_exception, "__cause__", None), asyncpg.InternalClientError):
        context.is_disconnect = True


class Database:
    """The engine of one process. Routes that move bytes must not be inside ``transaction()`` meanwhile."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.vault = settings.vault
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(settings.database_url.get_secret_value()),
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_timeout=settings.database_pool_timeout_seconds,
            pool_pre_ping=False,  # a dead connection is found by its use, becomes 503, and empties the pool
            pool_use_lifo=True,
            hide_parameters=True,  # what a failed statement was given is for nobody's log (LO-02)
            connect_args={
                "server_settings": server_settings(settings),
                "command_timeout": settings.database_command_timeout_seconds,
                "timeout": 5,
                "connection_class": OfficeConnection,
            },
        )
        event.listen(self.engine.sync_engine, "handle_error", _lost)
        event.listen(self.engine.sync_engine.pool, "checkin", _forget_office)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, sync_session_class=OfficeSession)

    @asynccontextmanager
    async def transaction(self, office_id: UUID | None) -> AsyncIterator[AsyncSession]:
        """One transaction for one office (None: for none, which sees no office-owned row at all)."""
        async with self._sessions(info={"office_id": office_id, "vault": self.vault}) as session, session.begin():
            yield session

    async def retrying(self, office_id: UUID, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """``work`` in one transaction; the whole of it again when it lost a race for a lock, a snapshot or a version.

        Who sent ``If-Match`` gets his 412 from the next try, which finds the newer version.
        """
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                async with self.transaction(office_id) as session:
                    return await work(session)
            except (DBAPIError, StaleDataError) as error:
                if last or (isinstance(error, DBAPIError) and sqlstate(error) not in RETRYABLE):
                    raise
                await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS))  # noqa: S311 - spreads them, keeps no secret
        raise AssertionError("unreachable")  # pragma: no cover

    async def ping(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def connect(self) -> asyncpg.Connection:
        """A plain connection of the application role, for the worker's LISTEN."""
        return await asyncpg.connect(
            self.settings.database_url.get_secret_value(),
            server_settings=server_settings(self.settings) | {"statement_timeout": "0"},
        )

    async def close(self) -> None:
        await self.engine.dispose()
