from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema

from app.listing import ListQuery
from app.schemas.base import Id, Input, Moment, Output, QueryBool, Search, absent
from app.schemas.examples import DOSSIER, DOSSIER_ITEM, FOLDER, MADE, MADE_AND_CHANGED, SHA256, example, shown_of
from app.text import clean_line, file_name

Origin = Annotated[
    Literal["message", "request", "upload", "migration", "integration"],
    Field(description="the filling route (vulroute): how it came into the dossier"),
]
ProblemOutput = Annotated[dict[str, Any], WithJsonSchema({"x-component": "Problem"})]


def _no_path(name: str) -> str:
    if "/" in name or "\\" in name:
        raise ValueError("A name has no slashes.")
    return name


FileName = Annotated[
    str, Field(max_length=255), AfterValidator(clean_line), AfterValidator(_no_path), AfterValidator(file_name)
]


class DossierItemUpdate(Input):
    """Merge patch: rename, or move to another folder of the same dossier. Bytes never move."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Vennootschapscontract 2026.pdf"}]})

    name: FileName = absent()
    folder_id: Id = absent()


class DossierItemRead(Output):
    """A filed document (dossieritem) as a client sees it."""

    model_config = example(
        id=DOSSIER_ITEM,
        dossier_id=DOSSIER,
        folder_id=FOLDER,
        name="Vennootschapscontract.pdf",
        size=48213,
        media_type="application/pdf",
        sha256=SHA256,
        created_at=MADE,
    )

    id: Id
    dossier_id: Id
    folder_id: Id
    name: str
    size: Annotated[int, Field(description="bytes")]
    media_type: Annotated[str, Field(description="found in the content, not what the sender said")]
    sha256: Annotated[str, Field(description="of the content, hexadecimal; also the download's ETag")]
    created_at: Moment


class DossierItemStaffRead(DossierItemRead):
    model_config = example(
        DossierItemRead, origin="upload", message_id=None, request_line_id=None, binned_at=None, **MADE_AND_CHANGED
    )

    origin: Origin
    message_id: Id | None
    request_line_id: Id | None
    binned_at: Moment | None
    updated_at: Moment
    version: int


class DossierItemQuery(ListQuery):
    sort: Literal["name", "-name", "created_at", "-created_at"] = "-created_at"
    q: Annotated[Search | None, Field(description="part of the name")] = None
    binned: Annotated[QueryBool, Field(description="true: the bin instead (office only)")] = False


class UploadOutcome(Output):
    """What became of one file of the batch."""

    model_config = example(
        index=0, name="Vennootschapscontract.pdf", status="stored", item=shown_of(DossierItemStaffRead), problem=None
    )

    index: Annotated[int, Field(description="its place among the files of the request, from 0")]
    name: str
    status: Literal["stored", "refused"]
    item: DossierItemStaffRead | None = None
    problem: Annotated[ProblemOutput | None, Field(description="why it was refused (RFC 9457)")] = None


class UploadOutcomes(Output):
    model_config = example(items=[shown_of(UploadOutcome)])

    items: list[UploadOutcome]
