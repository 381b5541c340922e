from typing import Annotated, Any

from fastapi import APIRouter, Depends

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, require
from app.models import Office
from app.schemas.offices import OfficeRead, OfficeUpdate
from app.services import offices

router = APIRouter(prefix="/office", tags=["office"], route_class=Route)


async def own_office(session: Transaction, actor: CurrentActor) -> Office:
    return await offices.own(session, actor)


OwnOffice = Annotated[Office, Depends(own_office)]


@router.get("", dependencies=[require(P.OFFICE_READ)], response_model=OfficeRead)
async def get_office(office: OwnOffice, answer: Answer) -> Any:
    """The office (kantoor) that the caller belongs to."""
    answer.show(office)
    return office


@router.patch("", dependencies=[require(P.OFFICE_WRITE)], response_model=OfficeRead)
async def update_office(
    office: OwnOffice, data: OfficeUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Change the office (kantoor)."""
    answer.check(office)
    await offices.change(session, actor, office, data)
    await session.flush()
    answer.show(office)
    return office
