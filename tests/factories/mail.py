"""A mail server that keeps what it gets, and the worker that sends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP
from sqlalchemy import text

from app.db import Database
from app.settings import Settings
from app.worker import work


@dataclass
class Mailbox:
    """What came in; ``answer`` is what the server says to a mail, None: it takes it."""

    port: int = 0
    answer: str | None = None
    refused: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer:
            self.refused += 1
            return self.answer
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((envelope.rcpt_tos, mail))
        return "250 OK"

    async def has(self, count: int) -> bool:
        return len(self.mails) >= count


@asynccontextmanager
async def mail_server(*, utf8: bool = False) -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, enable_SMTPUTF8=utf8, loop=loop), "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def workers(settings: Settings, count: int = 1) -> AsyncIterator[None]:
    """So many of the real thing."""
    stop = asyncio.Event()
    running = [asyncio.create_task(work(settings, stop)) for _ in range(count)]
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await asyncio.gather(*running)


async def jobs(db: Database) -> list[tuple[str, int, bool]]:
    """What waits in the queue: its state, how often it was tried, and whether it is due."""
    waiting = text("SELECT status::text, attempts, execute_after <= now() FROM pgqueuer ORDER BY id")
    async with db.transaction(None) as session:
        return [(row[0], row[1], row[2]) for row in await session.execute(waiting)]


async def is_done(db: Database) -> bool:
    return await jobs(db) == []


async def make_due(db: Database) -> None:
    """As if the time until the next try were over."""
    async with db.transaction(None) as session:
        await session.execute(text("UPDATE pgqueuer SET execute_after = now()"))


async def forget_jobs(db: Database) -> None:
    """The queue is one for all offices: what a test left in it is not for the next one."""
    async with db.transaction(None) as session:
        await session.execute(text("DELETE FROM pgqueuer"))
