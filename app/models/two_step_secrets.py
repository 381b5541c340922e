from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement
from sqlalchemy.orm import Mapped, mapped_column

from app.access import Actor
from app.models.base import Base, OfficeOwned, index, references, unique


class TwoStepSecret(OfficeOwned, Base):
    """What the codes of a person's two-step check (tweestapsverificatie) are made from, sealed under ``key_id``.

    Whether the check is on stands with the person, as ``two_step_since``; until then he has only begun.
    ``last_step`` is the half minute whose code was used last: none works twice, nor one from before it.
    """

    __tablename__ = "two_step_secrets"
    __table_args__ = (
        references("contact_id", "contacts", ondelete="CASCADE"),
        references("team_member_id", "team_members", ondelete="CASCADE"),
        unique("contact_id"),
        unique("team_member_id"),
        CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name="one_person"),
        index("key_id"),
    )

    contact_id: Mapped[UUID | None]
    team_member_id: Mapped[UUID | None]
    secret: Mapped[bytes]
    key_id: Mapped[str]
    last_step: Mapped[int] = mapped_column(default=0)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        person = cls.contact_id if actor.is_contact else cls.team_member_id
        return person == actor.id
