from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema

from app.access import KEY_SCOPES, Permission
from app.listing import ListQuery
from app.schemas.base import GivenMoment, Id, Input, Line, Moment, Output
from app.schemas.examples import API_KEY, MADE, TEAM_MEMBER, example


def _for_keys(scope: Permission) -> Permission:
    if scope not in KEY_SCOPES:
        raise ValueError("A key can not have this scope.")
    return scope


Scope = Annotated[
    Permission,
    AfterValidator(_for_keys),
    WithJsonSchema({"type": "string", "enum": sorted(KEY_SCOPES)}),
]


class ApiKeyCreate(Input):
    """A key for an integrator or a script (API-sleutel)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "migration", "scopes": ["relations:read", "dossier_items:upload"]}]}
    )

    name: Line
    scopes: Annotated[
        list[Scope], Field(min_length=1, max_length=100, description="permissions, and nothing beyond them")
    ]
    expires_at: Annotated[GivenMoment | None, Field(description="none: until it is revoked")] = None


class ApiKeyRead(Output):
    model_config = example(
        id=API_KEY,
        name="Migratie",
        hint="x7Qf",
        scopes=["relations:read", "dossier_items:upload"],
        created_by_id=TEAM_MEMBER,
        created_at=MADE,
        expires_at="2027-01-01T00:00:00.000Z",
        revoked_at=None,
    )

    id: Id
    name: str
    hint: Annotated[str, Field(description="its last characters, to recognise it by")]
    scopes: list[str]
    created_by_id: Id
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None


class ApiKeyCreated(ApiKeyRead):
    model_config = example(ApiKeyRead, key="ordk_(71 letters and digits)")

    key: Annotated[str | None, Field(description="shown once; null in a replayed answer")]


class ApiKeyQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "created_at"
