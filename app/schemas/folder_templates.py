from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Bool, Id, Input, Line, Moment, Output, absent
from app.schemas.examples import FOLDER_TEMPLATE, MADE_AND_CHANGED, example
from app.schemas.folders import Position, Purpose

Name = Annotated[Line, Field(description="`{year}` becomes the year in which the dossier is made")]
IsOpen = Annotated[Bool, Field(description="open to clients")]


class FolderTemplateCreate(Input):
    """A folder that every new dossier begins with (mapsjabloon)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Jaarstukken {year}", "position": 50, "is_open": True}]}
    )

    name: Name
    position: Position
    is_open: IsOpen = False


class FolderTemplateUpdate(Input):
    """Merge patch; dossiers that are there keep what they have."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_open": False}]})

    name: Name = absent()
    position: Position = absent()
    is_open: IsOpen = absent()


class FolderTemplateRead(Output):
    model_config = example(
        id=FOLDER_TEMPLATE, name="Jaarstukken {year}", position=50, purpose="general", is_open=True, **MADE_AND_CHANGED
    )

    id: Id
    name: str
    position: int
    purpose: Purpose
    is_open: bool
    created_at: Moment
    updated_at: Moment
    version: int


class FolderTemplateQuery(ListQuery):
    sort: Literal["position", "-position"] = "position"
