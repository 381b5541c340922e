"""How far an import is, for who follows it."""

from uuid import UUID

from app.access import visible
from app.db import Database
from app.errors import NotFound
from app.models import Import
from app.services import auth
from app.services.auth import Credentials


async def look(db: Database, credentials: Credentials, import_id: UUID) -> Import:
    """As it is now, for who may see it now; in a transaction of its own."""
    async with db.transaction(credentials.token.office_id) as session:
        actor = await auth.authenticate(session, credentials)
        of = await session.scalar(visible(actor, Import).where(Import.id == import_id))
    if of is None:
        raise NotFound
    return of


def moment(of: Import) -> str:
    """Another one whenever it changed: its version rises with what people do, its beat with what a worker does."""
    beat = int(of.beat_at.timestamp() * 1000) if of.beat_at else 0
    return f"{of.version}-{beat}"
