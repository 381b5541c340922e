from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, true
from sqlalchemy.orm import Mapped

from app.access import Actor
from app.filings import FILING_TYPES
from app.models.base import Base, OfficeOwned, index, one_of, references
from app.models.named import Named, in_use, unique_name


class Product(Named):
    """A service that relations take (product); it drives recurring work (domain rule 37).

    ``filing_type``: the return (aangifte) that it leads to, when it leads to one.
    """

    __tablename__ = "products"
    __table_args__ = (unique_name(), one_of("filing_type", *FILING_TYPES))

    filing_type: Mapped[str | None]


class RelationProduct(OfficeOwned, Base):
    """A product that a relation takes, from the first day to the last."""

    __tablename__ = "relation_products"
    is_part = True
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        references("product_id", "products", info={"problem": in_use}),
        CheckConstraint("ends_on >= starts_on", name="in_order"),
        index("relation_id", "product_id"),
        index("product_id", "relation_id"),
    )

    relation_id: Mapped[UUID]
    product_id: Mapped[UUID]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only
