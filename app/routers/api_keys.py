from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P, visible
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require, shows_once
from app.listing import Page, paginate
from app.models import ApiKey
from app.schemas.api_keys import ApiKeyCreate, ApiKeyCreated, ApiKeyQuery, ApiKeyRead
from app.services import api_keys

router = APIRouter(prefix="/api-keys", tags=["API keys"], route_class=Route)


async def key_in_path(api_key_id: UUID, session: Transaction, actor: CurrentActor) -> ApiKey:
    return await find(session, actor, ApiKey, api_key_id)


KeyInPath = Annotated[ApiKey, Depends(key_in_path)]


@router.get("", dependencies=[require(P.API_KEYS_READ)], response_model=Page[ApiKeyRead])
async def list_api_keys(query: Annotated[ApiKeyQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """API keys (API-sleutels), revoked ones too; never their secrets."""
    return await paginate(session, visible(actor, ApiKey), query, api_keys.SORTS, ApiKey.id)


@router.post("", status_code=201, dependencies=[require(P.API_KEYS_WRITE)])
@shows_once("key")
async def create_api_key(
    data: ApiKeyCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> ApiKeyCreated:
    """Make an API key (API-sleutel) for an integrator or a script. It sees all relations; its scopes limit it."""
    key, token = await api_keys.create(session, actor, data)
    answer.created(f"/api-keys/{key.id}")
    return ApiKeyCreated.model_validate(ApiKeyRead.model_validate(key).model_dump() | {"key": str(token)})


@router.get("/{api_key_id}", dependencies=[require(P.API_KEYS_READ)], response_model=ApiKeyRead)
async def get_api_key(key: KeyInPath) -> Any:
    """One API key (API-sleutel), without its secret."""
    return key


@router.delete("/{api_key_id}", status_code=204, dependencies=[require(P.API_KEYS_WRITE)])
async def revoke_api_key(key: KeyInPath, session: Transaction, actor: CurrentActor) -> None:
    """Revoke an API key (intrekken): refused from now on. What ends access is never held up by ``If-Match``."""
    await api_keys.revoke(session, actor, key)
