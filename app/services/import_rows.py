"""What becomes of the rows of a file, whatever they are about: recognised by their numbers, decided or refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Problem
from app.models import Import
from app.schemas.import_columns import Catalogue, Given
from app.schemas.import_masks import without_bsn
from app.services import import_findings
from app.services.import_findings import Found, of_row
from app.services.import_reading import RowRead
from app.text import number_key

AT_ONCE = 2_000  # rows of a statement: a file may be wrong in each of its 200,000


@dataclass
class Planned:
    """What becomes of a row."""

    number: int
    action: str
    key: str | None = None
    wave: int = 0  # how many new or moved ones it hangs below
    title: str = ""
    subject_id: UUID | None = None
    subject_version: int | None = None
    becomes: dict[str, Any] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    identifiers: list[Any] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(each["is_error"] for each in self.findings)

    def is_wrong(self, name: str) -> bool:
        """Is something told already that is wrong with this field?"""
        return any(each["is_error"] and each["field"] == name for each in self.findings)


class NumberedRows:
    """Each row is about the one that has its number, and no two are about the same one (``what``: in a word)."""

    def __init__(self, catalogue: Catalogue, what: str) -> None:
        self.catalogue = catalogue
        self.what = what
        self.first: dict[str, int] = {}  # by key of the number

    def plan(self, row: RowRead, decide: Callable[[Planned, Given], None]) -> Planned:
        """``decide`` says what becomes of the one that the row names, or refuses it."""
        planned = Planned(row.number, "error", findings=list(row.findings))
        number = row.given.get("number")
        if not number:
            if not planned.is_wrong("number"):
                reason, advice = (
                    f"A {self.what} is recognised by its number.",
                    f"Give each row its {self.what} number.",
                )
                self._tell(planned, "number_missing", reason, advice)
            return planned
        key = planned.key = number_key(number)
        planned.title = number
        if first := self.first.get(key):
            planned.action, planned.title = "duplicate", without_bsn(number)
            reason = f"Row {first} has this {self.what} number too."
            self._tell(planned, "number_twice", reason, "Keep one of the rows.")
            return planned
        self.first[key] = row.number
        try:
            decide(planned, dict(row.given))
        except Problem as problem:
            planned.findings += import_findings.of_problem(self.catalogue, problem)
        planned.findings = import_findings.first(planned.findings)
        if planned.is_refused:
            planned.action, planned.becomes, planned.identifiers, planned.fields = "error", {}, [], []
            planned.key, planned.title, planned.subject_id = None, without_bsn(planned.title), None
        return planned

    def _tell(self, planned: Planned, code: str, reason: str, advice: str) -> None:
        planned.findings.append(of_row(code, reason, advice, self.catalogue.by_field["number"]))


def id_in(import_id: UUID, key: str) -> UUID:
    """The id of what a row makes: known before any row is, so that others can point at it; in order of time like all
    ids (RFC 9562, version 7, its random part from the row's key)."""
    tail = int.from_bytes(sha256(import_id.bytes + key.encode()).digest()[:10], "big")
    value = (import_id.int >> 80 << 80) | (0x7 << 76) | ((tail >> 66) & 0xFFF) << 64 | 0x2 << 62 | tail & (1 << 62) - 1
    return UUID(int=value)


async def rewrite(
    session: AsyncSession, of: Import, sets: str, made: str, rows: Sequence[Mapping[str, Any]], *, by: str = "number"
) -> list[int]:
    """Change these rows of the plan, but for those that are left out; the numbers of those it met.

    ``sets``: in SQL, from what each is ``made`` of (columns and types of ``rows``), which names it ``by`` one of them.
    """
    statement = text(
        f"UPDATE import_rows r SET {sets} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS made ({made}) "
        f"WHERE r.office_id = :office_id AND r.import_id = :import_id AND r.{by} = made.{by} "
        "AND r.action IN ('create', 'update', 'unchanged') RETURNING r.number"
    )
    changed: list[int] = []
    for start in range(0, len(rows), AT_ONCE):
        these = to_json(rows[start : start + AT_ONCE]).decode()
        changed += await session.scalars(statement, {"rows": these, "office_id": of.office_id, "import_id": of.id})
    return changed
