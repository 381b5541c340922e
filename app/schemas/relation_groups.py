from pydantic import ConfigDict

from app.schemas.examples import MADE_AND_CHANGED, RELATION_GROUP, example
from app.schemas.named import NamedCreate, NamedRead, NamedUpdate


class RelationGroupCreate(NamedCreate):
    """Relations that belong together (relatiegroep), such as a concern; it gives no access."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Familie De Vries"}]})


class RelationGroupUpdate(NamedUpdate):
    """Merge patch."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_archived": True}]})


class RelationGroupRead(NamedRead):
    model_config = example(id=RELATION_GROUP, name="Familie De Vries", is_archived=False, **MADE_AND_CHANGED)
