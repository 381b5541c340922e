"""The dossier of a relation: made with it, filled from the template, closed to changes when archived."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.access import Actor, visible
from app.clock import today
from app.errors import Conflict
from app.models import Dossier, Folder, FolderTemplate, Relation
from app.text import fold, name_key

WITH_RELATION = joinedload(Dossier.relation)
SORTS = {"created_at": (Dossier.created_at,)}


async def create(session: AsyncSession, actor: Actor, relation: Relation) -> Dossier:
    """A dossier with the office's folder template; part of making a relation (domain rule 24)."""
    dossier = Dossier(office_id=actor.office_id, relation_id=relation.id)
    session.add(dossier)
    await session.flush()
    for values in await first_folders(session, actor):
        session.add(Folder(office_id=actor.office_id, dossier_id=dossier.id, **values))
    await session.flush()
    return dossier


async def first_folders(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """What the office's folder template makes of a dossier that begins this year."""
    year = str(today().year)
    made: dict[str, dict[str, Any]] = {}
    # The Inbox first: of two templates that come out the same this year one folder is made, and never without it.
    order = (FolderTemplate.purpose != "inbox", FolderTemplate.position)
    for template in await session.scalars(visible(actor, FolderTemplate).order_by(*order)):
        name = template.name.replace("{year}", year)
        values = {
            "name": name,
            "name_key": name_key(name),
            "position": template.position,
            "purpose": template.purpose,
            "visibility": "open" if template.is_open else "closed",
            "is_open": template.is_open,
        }
        made.setdefault(fold(name), values)
    return list(made.values())


async def lock_open(session: AsyncSession, actor: Actor, dossier_id: UUID, *, alone: bool = False) -> Dossier:
    """The dossier, held against archiving until the end of the transaction; 409 when it is archived.

    ``alone``: nobody else holds it meanwhile.
    """
    dossier = await session.scalar(
        visible(actor, Dossier)
        .where(Dossier.id == dossier_id)
        .with_for_update(read=not alone, key_share=alone, of=Dossier)
    )
    return check_open(dossier)


def check_open(dossier: Dossier | None) -> Dossier:
    if dossier is None or dossier.archived_at is not None:
        raise Conflict("This dossier is archived; nothing is added to it or changed in it.", code="dossier_archived")
    return dossier
