from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import Bool, Id, Input
from app.schemas.examples import RELATION


class PersonRelationCreate(Input):
    """How the relation for a contact's own income tax is made from him."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parent_id": RELATION, "portal_access": True}]})

    parent_id: Annotated[
        Id | None,
        Field(
            description="hoofdrelatie: the business whose partner he is; he gets its next number below. None: the next"
        ),
    ] = None
    portal_access: Annotated[Bool, Field(description="may he open the dossier of his own relation")] = False
