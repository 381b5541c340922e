from pydantic import ConfigDict

from app.schemas.examples import MADE_AND_CHANGED, RELATION_KIND, example
from app.schemas.named import NamedCreate, NamedRead, NamedUpdate


class RelationKindCreate(NamedCreate):
    """What sort of client a relation is to the office (relatiesoort)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Cliënt (IB)"}]})


class RelationKindUpdate(NamedUpdate):
    """Merge patch."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_archived": True}]})


class RelationKindRead(NamedRead):
    model_config = example(id=RELATION_KIND, name="Cliënt (IB)", is_archived=False, **MADE_AND_CHANGED)
