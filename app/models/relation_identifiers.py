from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, true
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, one_of, references, unique

# Those that are, or may hold, a citizen number lie sealed; the others are open.
SECRET = ("bsn", "ob_number", "vat_id", "lh_number")
OPEN = ("rsin", "kvk_number", "branch_number", "iban")
KINDS = SECRET + OPEN


class RelationIdentifier(OfficeOwned, Base):
    """A number by which others know a relation: what an authority gave it (identificatienummer), a bank account.

    ``is_personal``: a natural person's when it was entered, and so it stays, whatever the relation becomes later.
    ``lookup`` is what it is found by: the number itself, or of a secret one its keyed hash. The number of a secret
    one is in ``secret``, sealed under the key ``key_id``.
    """

    __tablename__ = "relation_identifiers"
    is_part = True
    __table_args__ = (
        references("relation_id", "relations", ondelete="CASCADE"),
        unique("relation_id", "kind", "lookup"),
        index("kind", "lookup"),
        index("key_id"),
        one_of("kind", *KINDS),
        CheckConstraint(
            f"(kind IN ({', '.join(repr(kind) for kind in SECRET)})) = (secret IS NOT NULL) "
            "AND (secret IS NULL) = (key_id IS NULL)",
            name="sealed",
        ),
    )

    relation_id: Mapped[UUID]
    kind: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    lookup: Mapped[bytes]
    secret: Mapped[bytes | None]
    is_personal: Mapped[bool] = mapped_column(default=False, server_default="false")
    key_id: Mapped[str | None]

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        return true()  # read below a visible relation only
