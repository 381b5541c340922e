from typing import Literal

from app.listing import ListQuery
from app.schemas.base import Id, Moment, Output
from app.schemas.examples import DOSSIER, RELATION, example


class DossierRead(Output):
    """The file cabinet of one relation (dossier)."""

    model_config = example(
        id=DOSSIER, relation_id=RELATION, relation_number="100", relation_name="De Vries Fietsen VOF"
    )

    id: Id
    relation_id: Id
    relation_number: str
    relation_name: str


class DossierStaffRead(DossierRead):
    model_config = example(DossierRead, archived_at=None, version=1)

    archived_at: Moment | None
    version: int


class DossierQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
