from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Id, Input, Int, Line, Moment, Output, absent
from app.schemas.examples import DOSSIER, FOLDER, MADE_AND_CHANGED, example

Visibility = Annotated[
    Literal["inherit", "open", "closed"],
    Field(description="towards clients; `inherit` follows the folder above, and is closed at the top"),
]
Position = Annotated[Int, Field(ge=0, le=10_000, description="order among its neighbours")]
Purpose = Literal["general", "inbox"]


class FolderCreate(Input):
    """A folder in a dossier (dossiermap)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Jaarstukken", "visibility": "open"}]})

    name: Line
    parent_id: Id | None = None
    position: Position = 0
    visibility: Visibility = "inherit"


class FolderUpdate(Input):
    """Merge patch. Closing a folder holds at once, for everything that inherits from it too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"visibility": "closed"}]})

    name: Line = absent()
    position: Position = absent()
    visibility: Visibility = absent()


class FolderRead(Output):
    """A folder as a client sees it; those above that are closed do not show."""

    model_config = example(id=FOLDER, dossier_id=DOSSIER, parent_id=None, name="Permanent dossier", position=10)

    id: Id
    dossier_id: Id
    parent_id: Id | None
    name: str
    position: int


class FolderStaffRead(FolderRead):
    model_config = example(FolderRead, purpose="general", visibility="open", is_open=True, **MADE_AND_CHANGED)

    purpose: Purpose
    visibility: Visibility
    is_open: Annotated[bool, Field(description="what follows from `visibility` for clients")]
    created_at: Moment
    updated_at: Moment
    version: int


class FolderQuery(ListQuery):
    sort: Literal["position", "-position", "name", "-name"] = "position"
