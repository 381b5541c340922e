from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from app.dependencies import PUBLIC, CurrentSettings, Route, own_transactions
from app.file_types import EXTENSIONS
from app.schemas.base import Output

router = APIRouter(tags=["meta"], route_class=Route)


class UploadLimits(Output):
    file_max_bytes: Annotated[int, Field(description="largest single file")]
    batch_max_files: Annotated[int | None, Field(description="null: any number")]
    message_max_files: int
    checked_extensions: Annotated[
        list[str], Field(description="a file named so must hold that; others are kept as they are")
    ]


class Limits(Output):
    json_max_bytes: int
    list_max_rows: int


class MetaRead(Output):
    """What this server takes."""

    product: str
    version: str
    uploads: UploadLimits
    limits: Limits


@router.get("/meta", dependencies=[PUBLIC])
@own_transactions
async def get_meta(settings: CurrentSettings) -> MetaRead:
    """Version and limits of this server."""
    return MetaRead(
        product="Ordner",
        version=version("ordner"),
        uploads=UploadLimits(
            file_max_bytes=settings.file_max_bytes,
            batch_max_files=None,
            message_max_files=settings.message_max_files,
            checked_extensions=sorted(EXTENSIONS),
        ),
        limits=Limits(json_max_bytes=settings.json_max_bytes, list_max_rows=200),
    )
