"""What all tables share: the office in every key, versions, and relationships that never load by surprise."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    any_,
    cast,
    func,
    literal,
    or_,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship
from uuid_utils.compat import uuid7

from app.clock import OFFICE_CLOCK
from app.errors import Problem

# Keys that are compared and sorted byte by byte whatever the database's own language is.
Key = Text(collation="C")


def _last_column(constraint: Any, _table: Any) -> str:
    return str(constraint.column_keys[-1])


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(last_column)s",
            "last_column": _last_column,
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text}

    def take(self, given: Mapping[str, Any]) -> list[str]:
        """Set what differs; the names of these fields, sorted. None: nothing happened that is worth a line."""
        changed = sorted(name for name, value in given.items() if getattr(self, name) != value)
        for name in changed:
            setattr(self, name, given[name])
        return changed


class OfficeOwned:
    """A row of one office. The office leads the primary key, so every foreign key carries it.

    ``is_part``: of a row that can not be without another one of the office. That one vouches for the office, which
    PostgreSQL would else look up once more for each row that is written.
    """

    is_part: ClassVar[bool] = False

    @declared_attr
    def office_id(cls) -> Mapped[UUID]:
        keys = () if cls.is_part else (ForeignKey("offices.id"),)
        return mapped_column(*keys, primary_key=True, sort_order=-2)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __mapper_args__: dict[str, Any] = {"eager_defaults": True}


class Versioned(OfficeOwned):
    """A row that people change: ``version`` is the ETag and guards against lost updates."""

    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"eager_defaults": True, "version_id_col": cls.version}


class Signed(Versioned):
    """A row that says who made it and who last changed it, under the names of those moments."""

    created_by: Mapped[str | None]
    updated_by: Mapped[str | None]


def references(column: str, target: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key to an office-owned table: the row pointed at is in the same office, by construction."""
    return ForeignKeyConstraint(["office_id", column], [f"{target}.office_id", f"{target}.id"], **options)


def unique(*columns: str, problem: Callable[[], Problem] | None = None, **options: Any) -> UniqueConstraint:
    """Unique within the office; the constraint names the problem that its violation is answered with."""
    return UniqueConstraint("office_id", *columns, info={"problem": problem} if problem else {}, **options)


def index(*columns: Any, name: str | None = None, **options: Any) -> Index:
    return Index(name, "office_id", *columns, **options)


def among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """IN, as one parameter whatever their number: one statement to prepare, and cheap to send."""
    condition: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(column.type)))
    return condition


def searched(column: str) -> Index:
    """For LIKE and similarity in the functions of app.search (pg_trgm; btree_gin takes the office along)."""
    return index(column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list as text: native enums are not leakproof, so row-level security would keep indexes unused."""
    choices = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({choices})", name=column)


def today() -> ColumnElement[date]:
    """The date at the office's own clock: what ends on the 31st ends at midnight in Amsterdam."""
    return cast(func.timezone(OFFICE_CLOCK.key, func.now()), Date)


def holds(starts_on: Any, ends_on: Any) -> ColumnElement[bool]:
    """From the first day to the last, today is one of them; None or NULL: no such end."""
    begun = true() if starts_on is None else or_(starts_on.is_(None), starts_on <= today())
    return begun & or_(ends_on.is_(None), ends_on >= today())


def link(owner: str, column: str, target: str) -> Any:
    """Many-to-one to an office-owned row: writes the id column only, and loads only when a query says so."""
    return relationship(
        target,
        primaryjoin=f"and_({owner}.office_id == {target}.office_id, foreign({owner}.{column}) == {target}.id)",
        lazy="raise",
    )
