"""What the CRM benchmark runs on: two large offices, the API and its bare rival as processes, and who asks."""

import asyncio
import base64
import http.client
import json
import pickle
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from app.access import KEY_SCOPES, Role
from app.crypto import Token
from app.db import Database
from app.local import servers
from app.migrate import migrate, owner_url
from app.models import AuthToken, TeamMember
from app.schemas.api_keys import ApiKeyCreate
from app.schemas.offices import OfficeCreate
from app.services import api_keys, auth, offices, relation_gaps
from app.settings import Settings, child_environment, get_settings, own_environment, set_environment
from bench import seed
from bench.remote import Remote
from bench.stage import HOST, Server

Statements = list[tuple[str, Any]]
OFFICES = ("een", "twee")
SEED = 4


@dataclass(frozen=True)
class Seen:
    """What the server itself saw of some requests."""

    ms: list[float]
    cpu: list[float]
    sql: list[Statements]


class Client:
    """One kept connection; asks one thing at a time."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        self.token = token
        self.connection = http.client.HTTPConnection(HOST, server.port, timeout=60)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = json.dumps(body) if body else None
        self.connection.request("POST" if body else "GET", path, content, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def get(self, path: str) -> Any:
        status, content = self.ask(path)
        if status != 200:
            raise SystemExit(f"{path} answered {status}: {content[:300]!r}")
        return json.loads(content)

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """What is asked inside, as the server saw it: read when it is over."""
        self.connection.close()  # it opens itself again; the server closes what was idle for half a minute
        seen = Seen([], [], [])
        self.server.ask("/_bench?ledger")
        try:
            yield seen
        finally:
            told = self.server.ask("/_bench?ledger-end")
            seen.ms.extend(told["ms"])
            seen.cpu.extend(told["cpu"])
            seen.sql.extend(pickle.loads(base64.b64decode(told["sql"])))


@dataclass(frozen=True)
class Stage:
    settings: Settings
    scale: float
    office: seed.Office
    tokens: dict[str, str]  # by who asks
    api: Server
    load: Remote
    environment: dict[str, str]
    seeded_seconds: float

    def client(self, who: str) -> Client:
        return Client(self.api, self.tokens[who])

    def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """As the owner, who sees everything."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(owner_url(self.settings))
            try:
                found: list[asyncpg.Record] = await connection.fetch(query, *values)
                return found
            finally:
                await connection.close()

        return asyncio.run(run())


@contextmanager
def stage(scale: float) -> Iterator[Stage]:
    with ExitStack() as stack:
        local = stack.enter_context(servers(None))
        set_environment({"ORDNER_MODE": "production", **local.environment()})
        get_settings.cache_clear()
        settings = get_settings()
        started = time.monotonic()
        asyncio.run(migrate(settings))
        made, tokens = asyncio.run(_offices(settings, scale))
        seconds = time.monotonic() - started
        environment = {**child_environment(), **own_environment()}
        api, load = Server("bench.serve", environment), Remote("bench.load", environment)
        stack.callback(api.close)
        stack.callback(load.close)
        yield Stage(settings, scale, made, tokens, api, load, environment, seconds)


async def _offices(settings: Settings, scale: float) -> tuple[seed.Office, dict[str, str]]:
    """Both with the same people and numbers; the first is the one that is asked."""
    db = Database(settings)
    connection = await asyncpg.connect(owner_url(settings))
    made = []
    try:
        assert settings.vault is not None
        for slug in OFFICES:
            first = OfficeCreate(
                slug=slug,
                name=f"Kantoor {slug}",
                administrator="Bea",
                email="bea@kantoor.example",
                password="correct horse battery",
            )
            office_id, _ = await offices.create(db, settings, first)
            rows = seed.Seed(connection, office_id, settings.vault, SEED)
            made.append(await rows.write(int(seed.RELATIONS * scale)))
        for each in made:
            await relation_gaps.check_all(db, each.id)  # what the worker would have done within the minute
        await connection.execute("VACUUM (ANALYZE)")  # what autovacuum would have done by the next morning
        return made[0], await _tokens(db, made[0])
    finally:
        await connection.close()
        await db.close()


async def _tokens(db: Database, office: seed.Office) -> dict[str, str]:
    """A key, which sees everything, and a session of a mutator, who sees the twentieth part."""
    session_of_mutator = Token.make("ords", office.id)
    async with db.transaction(office.id) as session:
        admin = auth.team_actor(await session.get_one(TeamMember, (office.id, office.first(Role.ADMINISTRATOR))))
        _, key = await api_keys.create(session, admin, ApiKeyCreate(name="bench", scopes=sorted(KEY_SCOPES)))
        session.add(
            AuthToken(
                office_id=office.id,
                token_hash=session_of_mutator.hash,
                team_member_id=office.first(Role.MUTATOR),
                expires_at=datetime.now(UTC) + timedelta(hours=8),
            )
        )
    return {"key": str(key), "mutator": str(session_of_mutator)}
