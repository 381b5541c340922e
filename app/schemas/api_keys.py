from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from app.access import KEY_SCOPES, Permission
from app.listing import ListQuery
from app.schemas.base import Id, Input, Line, Moment, Output


def _for_keys(scope: Permission) -> Permission:
    if scope not in KEY_SCOPES:
        raise ValueError("A key can not have this scope.")
    return scope


Scope = Annotated[Permission, AfterValidator(_for_keys)]


class ApiKeyCreate(Input):
    """A key for an integrator or a script (API-sleutel)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "migration", "scopes": ["relations:read", "dossier_items:upload"]}]}
    )

    name: Line
    scopes: Annotated[
        list[Scope], Field(min_length=1, max_length=100, description="permissions, and nothing beyond them")
    ]
    expires_at: Annotated[Moment | None, Field(description="none: until it is revoked")] = None


class ApiKeyRead(Output):
    id: Id
    name: str
    hint: Annotated[str, Field(description="its last characters, to recognise it by")]
    scopes: list[str]
    created_by_id: Id
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None


class ApiKeyCreated(ApiKeyRead):
    key: Annotated[str | None, Field(description="shown once; null in a replayed answer")]


class ApiKeyQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
