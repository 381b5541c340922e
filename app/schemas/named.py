"""The words of the lists that an office keeps itself; each list has its own names in a file of its own."""

from typing import Annotated, Literal

from pydantic import Field

from app.listing import ListQuery
from app.schemas.base import Bool, Id, Input, Line, Moment, Output, QueryBool, absent

Name = Annotated[Line, Field(description="naam; unique in this list, without regard to case and accents")]
Archived = Annotated[Bool, Field(description="gearchiveerd: no longer offered, and stays where it is in use")]


class NamedCreate(Input):
    name: Name


class NamedUpdate(Input):
    name: Name = absent()
    is_archived: Archived = absent()


class NamedRead(Output):
    id: Id
    name: str
    is_archived: Archived
    created_at: Moment
    updated_at: Moment
    version: int


class NamedQuery(ListQuery):
    sort: Literal["name", "-name"] = "name"
    is_archived: Annotated[QueryBool | None, Field(description="only those that are archived, or only the others")] = (
        None
    )
