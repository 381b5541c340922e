from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import absent
from app.schemas.examples import MADE_AND_CHANGED, PRODUCT, example
from app.schemas.named import NamedCreate, NamedRead, NamedUpdate
from app.schemas.relation_identifiers import FilingType

LeadsTo = Annotated[FilingType | None, Field(description="the return (aangifte) that it leads to; null: to none")]


class ProductCreate(NamedCreate):
    """A service that relations take (product)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Btw-aangifte", "filing_type": "vat"}]})

    filing_type: LeadsTo = None


class ProductUpdate(NamedUpdate):
    """Merge patch."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Aangifte omzetbelasting"}]})

    filing_type: LeadsTo = absent()


class ProductRead(NamedRead):
    model_config = example(id=PRODUCT, name="Btw-aangifte", filing_type="vat", is_archived=False, **MADE_AND_CHANGED)

    filing_type: LeadsTo
