from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require
from app.listing import Page, paginate
from app.models import Deputy
from app.schemas.deputies import DeputyCreate, DeputyQuery, DeputyRead, DeputyUpdate
from app.services import deputies

router = APIRouter(prefix="/deputies", tags=["deputies"], route_class=Route)


async def deputy_in_path(deputy_id: UUID, session: Transaction, actor: CurrentActor) -> Deputy:
    return await find(session, actor, Deputy, deputy_id, *deputies.WITH_NAMES)


DeputyInPath = Annotated[Deputy, Depends(deputy_in_path)]


@router.get("", dependencies=[require(P.DEPUTIES_READ)], response_model=Page[DeputyRead])
async def list_deputies(query: Annotated[DeputyQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Who stands in for whom (waarnemers), over and to come too."""
    return await paginate(session, deputies.find_all(actor, query), query, deputies.SORTS, Deputy.id)


@router.post("", status_code=201, dependencies=[require(P.DEPUTIES_WRITE)], response_model=DeputyRead)
async def create_deputy(data: DeputyCreate, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Let a team member stand in for an absent one (waarnemer): that one's relations are open to him meanwhile.

    What he may do there is still his own authorisation role's to say.
    """
    deputy = await deputies.create(session, actor, data)
    answer.created(f"/deputies/{deputy.id}", deputy)
    return deputy


@router.get("/{deputy_id}", dependencies=[require(P.DEPUTIES_READ)], response_model=DeputyRead)
async def get_deputy(deputy: DeputyInPath, answer: Answer) -> Any:
    """One deputyship (waarneming)."""
    answer.show(deputy)
    return deputy


@router.patch("/{deputy_id}", dependencies=[require(P.DEPUTIES_WRITE)], response_model=DeputyRead)
async def update_deputy(
    deputy: DeputyInPath, data: DeputyUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Change the period of a deputyship (waarneming); what is no longer in it ends at once."""
    answer.check(deputy)
    await deputies.change(session, actor, deputy, data)
    await session.flush()
    answer.show(deputy)
    return deputy


@router.delete("/{deputy_id}", status_code=204, dependencies=[require(P.DEPUTIES_WRITE)])
async def delete_deputy(deputy: DeputyInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """End a deputyship (waarneming), at once."""
    answer.check(deputy)
    await deputies.remove(session, actor, deputy)
