from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Id, Input, Line, Moment, Output, absent
from app.text import file_name

Origin = Annotated[
    Literal["message", "request", "upload", "migration", "integration"],
    Field(description="the filling route (vulroute): how it came into the dossier"),
]
FileName = Annotated[Line, Field(max_length=255), AfterValidator(file_name)]


class DossierItemUpdate(Input):
    """Merge patch: rename, or move to another folder of the same dossier. Bytes never move."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Vennootschapscontract 2026.pdf"}]})

    name: FileName = absent()
    folder_id: Id = absent()


class DossierItemRead(Output):
    """A filed document (dossieritem) as a client sees it."""

    id: Id
    dossier_id: Id
    folder_id: Id
    name: str
    size: Annotated[int, Field(description="bytes")]
    media_type: Annotated[str, Field(description="found in the content, not what the sender said")]
    sha256: Annotated[str, Field(description="of the content, hexadecimal; also the download's ETag")]
    created_at: Moment


class DossierItemStaffRead(DossierItemRead):
    origin: Origin
    message_id: Id | None
    request_line_id: Id | None
    binned_at: Moment | None
    updated_at: Moment
    version: int


class DossierItemQuery(ListQuery):
    sort: Literal["name", "-name", "created_at", "-created_at"] = "-created_at"
    q: Annotated[str | None, Field(max_length=100, description="part of the name")] = None
    binned: Annotated[bool, Field(description="true: the bin instead (office only)")] = False


class UploadOutcome(Output):
    """What became of one file of the batch."""

    index: Annotated[int, Field(description="its place among the files of the request, from 0")]
    name: str
    status: Literal["stored", "refused"]
    item: DossierItemStaffRead | None = None
    problem: Annotated[dict[str, Any] | None, Field(description="why it was refused (RFC 9457)")] = None


class UploadOutcomes(Output):
    items: list[UploadOutcome]
