"""A copy that is kept by the feed of changes, and what writes while it reads."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from tests.factories.clients import Client
from tests.factories.conventions import made, walk
from tests.factories.tenants import Tenant
from tests.factories.waiting import eventually

PATH = "/v1/changes"
Item = dict[str, Any]


class Copy:
    """What another package keeps: the newest of everything it was told, and where it was."""

    def __init__(self, client: Client, limit: int = 200, **params: str) -> None:
        self.client, self.params = client, {"limit": str(limit), **params}
        self.cursor: str | None = None
        self.kept: dict[str, Item] = {}

    async def ask(self) -> dict[str, Any]:
        given = {"cursor": self.cursor} if self.cursor else {}
        answer = await self.client.get(PATH, params=self.params | given)
        page = made(answer, 200)
        assert page.keys() == {"items", "next_cursor", "has_more"}
        assert len(page["items"]) <= int(self.params["limit"])
        assert ("link" in answer.headers) <= page["has_more"]
        self.cursor = page["next_cursor"]
        assert self.cursor
        self.kept |= {item["id"]: item for item in page["items"]}
        return page

    async def catch_up(self) -> list[Item]:
        """Everything there is to say now, in its order."""
        items: list[Item] = []
        has_more = True
        while has_more:
            page = await self.ask()
            items, has_more = items + page["items"], page["has_more"]
        return items

    async def news(self, db: Database) -> list[Item]:
        """The same, once all that is written now has its place: other tests write on this server too."""
        await settled(db)
        return await self.catch_up()

    def living(self) -> list[Item]:
        return [item for item in self.kept.values() if not item["is_deleted"]]


async def settled(db: Database) -> None:
    async def number(which: str) -> int:
        async with db.transaction(None) as session:
            return int(await session.scalar(text(f"SELECT {which}(pg_current_snapshot())::text::bigint")) or 0)

    begun = await number("pg_snapshot_xmax")

    async def ended() -> bool:
        return await number("pg_snapshot_xmin") >= begun

    await eventually(ended, "every transaction that had begun has ended")


@asynccontextmanager
async def writing(db: Database, office: Tenant, *statements: str) -> AsyncIterator[AsyncSession]:
    """A transaction that has written these, and is still open."""
    async with db.transaction(office.id) as session:
        for statement in statements:
            await session.execute(text(statement))
        yield session


def about(items: list[Item]) -> list[tuple[str, bool]]:
    return [(item["type"], item["is_deleted"]) for item in items]


async def lists(client: Client) -> list[Any]:
    """All there is, as the lists say it."""
    relations = await walk(client, "/v1/relations", 200) + await walk(client, "/v1/relations", 200, archived="true")
    links = [link for relation in relations for link in await walk(client, f"/v1/relations/{relation['id']}/contacts")]
    return [*relations, *await walk(client, "/v1/contacts", 200), *links]


def by_content(rows: list[Any]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


async def make_contact(office: Tenant, number: str) -> Item:
    body = {"number": number, "email": f"c{number}@example.nl", "surname": "Vries"}
    return made(await office.admin.post("/v1/contacts", json=body))
