from pydantic import ConfigDict

from app.schemas.examples import LABEL, MADE_AND_CHANGED, example
from app.schemas.named import NamedCreate, NamedRead, NamedUpdate


class LabelCreate(NamedCreate):
    """A word by which relations are found together (label)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Exact Online"}]})


class LabelUpdate(NamedUpdate):
    """Merge patch."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_archived": True}]})


class LabelRead(NamedRead):
    model_config = example(id=LABEL, name="Exact Online", is_archived=False, **MADE_AND_CHANGED)
