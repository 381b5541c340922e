from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from app.access import Actor
from app.errors import taken
from app.models.base import Base, Key


class Office(Base):
    """The accountancy firm (kantoor): the tenant. The one table whose key is not led by an office."""

    __tablename__ = "offices"
    __table_args__ = (
        UniqueConstraint("slug", info={"problem": lambda: taken("/slug", "An office with this slug exists already.")}),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str] = mapped_column(Key)
    name: Mapped[str]
    keeps_citizen_numbers: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"eager_defaults": True, "version_id_col": version}

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return cls.id == actor.office_id
