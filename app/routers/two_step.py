from fastapi import APIRouter

from app.access import P
from app.dependencies import (
    Answer,
    CurrentActor,
    CurrentSettings,
    Db,
    Route,
    Transaction,
    own_transactions,
    require,
    shows_once,
)
from app.limits import spend
from app.routers.contacts import ContactInPath
from app.routers.team_members import MemberInPath
from app.schemas.two_step import TwoStepBegun, TwoStepCode
from app.services import auth, two_step

router = APIRouter(tags=["two-step check"], route_class=Route)


@router.post("/me/two-step", status_code=201, dependencies=[require(P.ME_WRITE)])
@shows_once("secret", "uri")
async def begin_two_step(session: Transaction, actor: CurrentActor, answer: Answer) -> TwoStepBegun:
    """Begin with the two-step check (tweestapsverificatie); it is off until it is confirmed. Again: a new secret."""
    answer.created("/me")
    return await two_step.begin(session, actor)


@router.post("/me/two-step/confirm", status_code=204, dependencies=[require(P.ME_WRITE)])
async def confirm_two_step(data: TwoStepCode, session: Transaction, actor: CurrentActor) -> None:
    """Turn the two-step check on (tweestapsverificatie aanzetten); the caller's other sessions end."""
    await two_step.confirm(session, actor, data.otp)


@router.post("/me/two-step/remove", status_code=204, dependencies=[require(P.ME_WRITE)])
@own_transactions
async def remove_two_step(data: TwoStepCode, actor: CurrentActor, db: Db, settings: CurrentSettings) -> None:
    """Turn the two-step check off (tweestapsverificatie uitzetten), with one more code."""
    await spend(db, "two_step", str(actor.id), settings.sign_in_attempts, auth.WINDOW, actor.office_id)
    async with db.transaction(actor.office_id) as session:
        await two_step.remove(session, actor, data.otp)


@router.post(
    "/contacts/{contact_id}/two-step/reset", status_code=204, dependencies=[require(P.CONTACTS_RESET_TWO_STEP)]
)
async def reset_two_step_of_contact(contact: ContactInPath, session: Transaction, actor: CurrentActor) -> None:
    """Turn the check of a contact off (tweestapsverificatie resetten) who lost his phone; his sessions end."""
    await two_step.reset_contact(session, actor, contact)


@router.post(
    "/team-members/{team_member_id}/two-step/reset", status_code=204, dependencies=[require(P.TEAM_MEMBERS_WRITE)]
)
async def reset_two_step_of_team_member(member: MemberInPath, session: Transaction, actor: CurrentActor) -> None:
    """Turn the check of another team member off (tweestapsverificatie resetten); his sessions end."""
    await two_step.reset_team_member(session, actor, member)
