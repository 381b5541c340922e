from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P, visible
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require
from app.listing import Page, paginate
from app.models import FolderTemplate
from app.schemas.folder_templates import (
    FolderTemplateCreate,
    FolderTemplateQuery,
    FolderTemplateRead,
    FolderTemplateUpdate,
)
from app.services import folder_templates

router = APIRouter(prefix="/folder-templates", tags=["folder templates"], route_class=Route)


async def template_in_path(folder_template_id: UUID, session: Transaction, actor: CurrentActor) -> FolderTemplate:
    return await find(session, actor, FolderTemplate, folder_template_id)


TemplateInPath = Annotated[FolderTemplate, Depends(template_in_path)]


@router.get("", dependencies=[require(P.FOLDER_TEMPLATES_READ)], response_model=Page[FolderTemplateRead])
async def list_folder_templates(
    query: Annotated[FolderTemplateQuery, Query()], session: Transaction, actor: CurrentActor
) -> Any:
    """The folders that every new dossier begins with (mapsjablonen)."""
    return await paginate(session, visible(actor, FolderTemplate), query, folder_templates.SORTS, FolderTemplate.id)


@router.post("", status_code=201, dependencies=[require(P.FOLDER_TEMPLATES_WRITE)], response_model=FolderTemplateRead)
async def create_folder_template(
    data: FolderTemplateCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Add a folder to the template (mapsjabloon)."""
    template = await folder_templates.create(session, actor, data)
    answer.created(f"/folder-templates/{template.id}", template)
    return template


@router.get(
    "/{folder_template_id}",
    dependencies=[require(P.FOLDER_TEMPLATES_READ)],
    response_model=FolderTemplateRead,
)
async def get_folder_template(template: TemplateInPath, answer: Answer) -> Any:
    """One folder of the template (mapsjabloon)."""
    answer.show(template)
    return template


@router.patch(
    "/{folder_template_id}",
    dependencies=[require(P.FOLDER_TEMPLATES_WRITE)],
    response_model=FolderTemplateRead,
)
async def update_folder_template(
    template: TemplateInPath,
    data: FolderTemplateUpdate,
    session: Transaction,
    actor: CurrentActor,
    answer: Answer,
) -> Any:
    """Change a folder of the template (mapsjabloon); dossiers that are there stay as they are."""
    answer.check(template)
    await folder_templates.change(session, actor, template, data)
    await session.flush()
    answer.show(template)
    return template


@router.delete("/{folder_template_id}", status_code=204, dependencies=[require(P.FOLDER_TEMPLATES_WRITE)])
async def delete_folder_template(
    template: TemplateInPath, session: Transaction, actor: CurrentActor, answer: Answer
) -> None:
    """Take a folder out of the template (mapsjabloon)."""
    answer.check(template)
    await folder_templates.remove(session, actor, template)
