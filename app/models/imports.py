from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, false, func, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, Signed, index, link, one_of, references, unique
from app.models.relation_identifiers import KINDS as IDENTIFIER_KINDS
from app.models.relations import restricted

KINDS = ("relations", "contacts")
# waiting: for a worker to plan it. What ends in -ing a worker is at.
STATES = (
    "waiting", "planning", "planned", "committing", "committed", "undoing", "undone", "failed", "cancelled",
)  # fmt: skip
# What waits for somebody to want something, not for a worker.
AT_REST = ("planned", "committed", "undone", "failed", "cancelled")
ACTIONS = ("create", "update", "unchanged", "duplicate", "error")
EMPTY_CELLS = ("keep", "clear")


class Import(Signed, Base):
    """A file of relations or contacts on its way into the CRM (import): planned, committed as planned, undone.

    ``order_id``: what was ordered last, and not cancelled; jobs of other orders do nothing. ``run``: which run of which
    worker is at it now; one that was taken for dead sees another's, and stops.
    """

    __tablename__ = "imports"
    __table_args__ = (
        references("blob_id", "blobs"),
        one_of("kind", *KINDS),
        one_of("state", *STATES),
        one_of("empty_cells", *EMPTY_CELLS),
        CheckConstraint("done <= total", name="done"),
        index("created_at", "id"),
        index("blob_id"),
    )

    kind: Mapped[str]
    file_name: Mapped[str]
    blob_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(default="waiting")
    encoding: Mapped[str | None]
    delimiter: Mapped[str | None]
    empty_cells: Mapped[str] = mapped_column(default="keep")
    in_batches: Mapped[bool] = mapped_column(default=False)
    about: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    order_id: Mapped[UUID | None]
    run: Mapped[UUID | None]
    run_since: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]

    blob = link("Import", "blob_id", "Blob")

    @property
    def progress(self) -> dict[str, Any]:
        """Rows done, of how many, and how many a second since the run began."""
        seconds = (self.beat_at - self.run_since).total_seconds() if self.run and self.beat_at and self.run_since else 0
        rate = round(self.done / seconds, 1) if seconds else None
        return {"done": self.done, "total": self.total, "rate": rate}

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A file may hold any client of the office: only for who sees them all."""
        return false() if restricted(actor) else true()


class ImportRow(OfficeOwned, Base):
    """What becomes of one row of the file, ready to be done; and, when it was, what was there before.

    ``becomes``: by table, the columns or rows as they will be; the numbers of relations stand in ``ImportIdentifier``.
    ``subject_version``: of what is changed, when it was planned, and then as the commit left it. ``wave``: rows that
    others of the file hang below come first. ``together``: the number of the first of the rows that are done at once
    or not at all; null: it needs no other. ``outcome``: done, undone, or why a batch left it out; ``stays``: why it is
    done still after an undo.
    """

    __tablename__ = "import_rows"
    is_part = True
    __table_args__ = (
        references("import_id", "imports", ondelete="CASCADE"),
        unique("import_id", "number"),
        one_of("action", *ACTIONS),
        index("import_id", "action", "number"),
        index("subject_id", "import_id"),
    )

    import_id: Mapped[UUID]
    number: Mapped[int]
    action: Mapped[str]
    key: Mapped[str | None]
    title: Mapped[str]
    subject_id: Mapped[UUID | None]
    subject_version: Mapped[int | None]
    wave: Mapped[int] = mapped_column(default=0)
    together: Mapped[int | None]
    becomes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    fields: Mapped[list[Any]] = mapped_column(JSONB)
    findings: Mapped[list[Any]] = mapped_column(JSONB)
    outcome: Mapped[str | None]
    stays: Mapped[str | None]

    @classmethod
    def left_out(cls) -> ColumnElement[bool]:
        """By a batch."""
        return func.coalesce(cls.outcome, "done").not_in(("done", "undone"))

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return false() if restricted(actor) else true()


class ImportIdentifier(OfficeOwned, Base):
    """A number that a relation gets by the row ``number``, or had before it; sealed as it will lie there."""

    __tablename__ = "import_identifiers"
    is_part = True
    __table_args__ = (
        references("import_id", "imports", ondelete="CASCADE"),
        index("import_id", "number"),
        index("key_id"),
        one_of("kind", *IDENTIFIER_KINDS),
    )

    import_id: Mapped[UUID]
    number: Mapped[int]
    relation_id: Mapped[UUID]
    is_before: Mapped[bool] = mapped_column(default=False)
    kind: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    lookup: Mapped[bytes]
    secret: Mapped[bytes | None]
    is_personal: Mapped[bool] = mapped_column(default=False)
    key_id: Mapped[str | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return false()  # written and read by the import alone
