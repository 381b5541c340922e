from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from app.dependencies import PUBLIC, CurrentSettings, Route, own_transactions
from app.file_types import EXTENSIONS
from app.schemas.base import Output
from app.schemas.examples import example, shown_of

router = APIRouter(tags=["meta"], route_class=Route)


class UploadLimits(Output):
    model_config = example(
        file_max_bytes=104_857_600, batch_max_files=None, message_max_files=100, checked_extensions=["docx", "pdf"]
    )

    file_max_bytes: Annotated[int, Field(description="largest single file")]
    batch_max_files: Annotated[int | None, Field(description="null: any number")]
    message_max_files: int
    checked_extensions: Annotated[
        list[str], Field(description="a file named so must hold that; others are kept as they are")
    ]


class Limits(Output):
    model_config = example(json_max_bytes=1_048_576, list_max_rows=200)

    json_max_bytes: int
    list_max_rows: int


class MetaRead(Output):
    """What this server takes."""

    model_config = example(product="Ordner", version="0.1.0", uploads=shown_of(UploadLimits), limits=shown_of(Limits))

    product: str
    version: str
    uploads: UploadLimits
    limits: Limits


@router.get("/meta", dependencies=[PUBLIC])
@own_transactions
async def get_meta(settings: CurrentSettings) -> MetaRead:
    """Version and limits of this server (grenzen): ask before an upload."""
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
