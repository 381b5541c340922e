"""The five operations of a list that the office keeps itself: written once, for labels, products, kinds, groups."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.access import Permission
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require
from app.listing import Page, paginate
from app.models.named import Named
from app.schemas.named import NamedCreate, NamedQuery, NamedRead, NamedUpdate
from app.services import named


@dataclass(frozen=True)
class Words:
    """What the operations of one list are called: ``relation kind``, ``relatiesoort``."""

    one: str
    many: str
    dutch: str

    def name(self, verb: str) -> str:
        return f"{verb}_{self.many if verb == 'list' else self.one}".replace(" ", "_")


def routes(
    model: type[Named],
    words: Words,
    create: type[NamedCreate],
    update: type[NamedUpdate],
    read: type[NamedRead],
) -> APIRouter:
    """The router of ``model``, in the words of its own schemas, under its own permissions."""
    router = APIRouter(prefix=f"/{words.many.replace(' ', '-')}", tags=[words.many], route_class=Route)
    resource = words.many.replace(" ", "_")
    may_read = [require(Permission(f"{resource}:read"))]
    may_write = [require(Permission(f"{resource}:write"))]
    path_id = words.one.replace(" ", "_") + "_id"
    one = f"/{{{path_id}}}"

    async def in_path(
        entry_id: Annotated[UUID, Path(alias=path_id)], session: Transaction, actor: CurrentActor
    ) -> Named:
        return await find(session, actor, model, entry_id)

    async def list_all(query: Annotated[NamedQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
        return await paginate(session, named.find_all(actor, model, query), query, named.sorts(model), model.id)

    async def make(data: create, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:  # type: ignore[valid-type]
        entry = await named.create(session, actor, model, data)
        answer.created(f"{router.prefix}/{entry.id}", entry)
        return entry

    async def get(entry: Annotated[Named, Depends(in_path)], answer: Answer) -> Any:
        answer.show(entry)
        return entry

    async def change(
        entry: Annotated[Named, Depends(in_path)],
        data: update,  # type: ignore[valid-type]
        session: Transaction,
        actor: CurrentActor,
        answer: Answer,
    ) -> Any:
        answer.check(entry)
        await named.change(session, actor, entry, data)
        await session.flush()
        answer.show(entry)
        return entry

    async def remove(
        entry: Annotated[Named, Depends(in_path)], session: Transaction, actor: CurrentActor, answer: Answer
    ) -> None:
        answer.check(entry)
        await named.remove(session, actor, entry)

    page: Any = Page.__class_getitem__(read)

    def add(method: str, path: str, endpoint: Any, verb: str, description: str, **options: Any) -> None:
        options |= {"name": words.name(verb), "description": f"{description} ({words.dutch})."}
        options["dependencies"] = may_read if method == "GET" else may_write
        router.add_api_route(path, endpoint, methods=[method], **options)

    add("GET", "", list_all, "list", f"The office's own list of {words.many}", response_model=page)
    add("POST", "", make, "create", f"Add a {words.one}", response_model=read, status_code=201)
    add("GET", one, get, "get", f"One {words.one}", response_model=read)
    add("PATCH", one, change, "update", f"Rename or archive a {words.one}", response_model=read)
    add("DELETE", one, remove, "delete", f"Delete a {words.one} that is not in use", status_code=204)
    return router
