from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Conflict
from app.models import FolderTemplate
from app.schemas.folder_templates import FolderTemplateCreate, FolderTemplateUpdate
from app.services import events

SORTS = {"position": (FolderTemplate.position,)}

# What a new office starts with: name, purpose, open to clients.
DEFAULTS = (
    ("Permanent dossier", "general", True),
    ("Jaar {year}", "general", True),
    ("Intern", "general", False),
    ("Inbox", "inbox", False),
)


def defaults(office_id: object) -> list[FolderTemplate]:
    return [
        FolderTemplate(office_id=office_id, name=name, purpose=purpose, is_open=is_open, position=10 * place)
        for place, (name, purpose, is_open) in enumerate(DEFAULTS, 1)
    ]


async def create(session: AsyncSession, actor: Actor, data: FolderTemplateCreate) -> FolderTemplate:
    template = FolderTemplate(office_id=actor.office_id, purpose="general", **data.model_dump())
    session.add(template)
    await session.flush()
    events.record(session, actor, "folder_template.created", template, name=template.name)
    return template


async def change(session: AsyncSession, actor: Actor, template: FolderTemplate, data: FolderTemplateUpdate) -> None:
    given = data.given()
    if template.purpose == "inbox" and given.get("is_open"):
        raise Conflict("The Inbox is never open to clients.", code="inbox")
    if changed := template.take(given):
        events.record(session, actor, "folder_template.changed", template, fields=changed)


async def remove(session: AsyncSession, actor: Actor, template: FolderTemplate) -> None:
    if template.purpose == "inbox":
        raise Conflict("Every dossier needs its Inbox.", code="inbox")
    events.record(session, actor, "folder_template.deleted", template, name=template.name)
    await session.delete(template)
