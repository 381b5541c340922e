"""Values that lie sealed in a row, in ``secret`` and ``key_id``: sealed, opened, and sealed anew under another key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import Sealed, Vault
from app.db import Database
from app.errors import Conflict

AT_ONCE = 100  # held together while they are sealed anew; who writes them waits so long


@dataclass(frozen=True)
class Sealing:
    """Of one table: what a value is bound to, and what is said (code, detail) where the server lacks its keys."""

    model: Any
    place: Callable[[Any], str]
    no_keys: tuple[str, str]
    lost_key: tuple[str, str]

    def vault_of(self, session: AsyncSession) -> Vault:
        found: Vault | None = session.info["vault"]
        if found is None:
            raise _refusal(self.no_keys)
        return found

    def seal(self, session: AsyncSession, row: Any, value: str) -> None:
        sealed = self.vault_of(session).seal(self.place(row), value)
        row.secret, row.key_id = sealed.secret, sealed.key_id

    def open(self, session: AsyncSession, row: Any) -> str:
        try:
            return self.vault_of(session).open(self.place(row), Sealed(row.key_id, row.secret))
        except LookupError:
            raise _refusal(self.lost_key) from None

    async def rotate(self, db: Database, office_id: UUID) -> int:
        """Seal what an older key sealed with the current one; returns how many. Safe to stop and to run again.

        A row that somebody holds is waited for: the old key may go only when nothing lies under it any more.
        """

        async def some(session: AsyncSession) -> int:
            old = select(self.model).where(self.model.office_id == office_id, self._is_old(db))
            rows = list(await session.scalars(old.order_by(self.model.id).limit(AT_ONCE).with_for_update()))
            for row in rows:
                self.seal(session, row, self.open(session, row))
            return len(rows)

        count = 0
        while done := await db.retrying(office_id, some):
            count += done
        return count

    async def left(self, db: Database, office_id: UUID) -> int:
        """How many lie under an older key: a server that was not told of the new one goes on writing with it."""
        async with db.transaction(office_id) as session:
            old = select(func.count()).select_from(self.model).where(self.model.office_id == office_id)
            return await session.scalar(old.where(self._is_old(db))) or 0

    def _is_old(self, db: Database) -> ColumnElement[bool]:
        assert db.vault is not None
        old: ColumnElement[bool] = self.model.key_id.is_not(None) & (self.model.key_id != db.vault.key_id)
        return old


def _refusal(words: tuple[str, str]) -> Conflict:
    code, detail = words
    return Conflict(detail, code=code)
