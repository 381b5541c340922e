from fastapi import APIRouter, Request

from app.access import P
from app.dependencies import (
    PUBLIC,
    Answer,
    CurrentActor,
    CurrentSettings,
    Db,
    Route,
    Transaction,
    own_transactions,
    require,
)
from app.limits import spend
from app.schemas.auth import (
    InvitationAccept,
    InvitationAccepted,
    MeRead,
    OfficeSummary,
    TokenCreate,
    TokenRead,
)
from app.services import auth, invitations, offices, two_step

router = APIRouter(tags=["auth"], route_class=Route)


def address_of(request: Request) -> str:
    """The peer's address; behind trusted proxies the one that they name (AU-05)."""
    peer = request.client.host if request.client else "?"
    trusted = request.app.state.settings.trusted_proxies
    if peer not in trusted:
        return peer
    hops = ",".join(request.headers.getlist("x-forwarded-for"))  # a proxy may add a line of its own
    for hop in reversed(hops.split(",")):
        if hop.strip() and hop.strip() not in trusted:
            return hop.strip()
    return peer


@router.post("/auth/tokens", status_code=201, dependencies=[PUBLIC])
@own_transactions
async def create_token(
    data: TokenCreate, request: Request, db: Db, settings: CurrentSettings, answer: Answer
) -> TokenRead:
    """Sign in (aanmelden) as a team member or a contact."""
    signed_in = await auth.sign_in(db, settings, data.office, data.email, data.password, data.otp, address_of(request))
    answer.created("/auth/tokens/current")
    return TokenRead.model_validate(
        {"token": str(signed_in.token), "expires_at": signed_in.expires_at, "kind": signed_in.actor.kind}
    )


@router.delete("/auth/tokens/current", status_code=204, dependencies=[require(P.ME_READ)])
async def delete_current_token(session: Transaction, actor: CurrentActor) -> None:
    """Sign out (afmelden): this token is refused from now on."""
    await auth.sign_out(session, actor)


@router.get("/me", dependencies=[require(P.ME_READ)])
async def get_me(session: Transaction, actor: CurrentActor) -> MeRead:
    """Who am I, and what may I do (rechten)?"""
    office = await offices.own(session, actor)
    return MeRead(
        kind=actor.kind.value,
        id=actor.id,
        name=actor.name,
        office=OfficeSummary.model_validate(office),
        role=actor.role,
        permissions=sorted(actor.permissions),
        sees_all_relations=actor.sees_all_relations,
        two_step_since=await two_step.since(session, actor),
    )


@router.post("/invitations/{token}/accept", dependencies=[PUBLIC])
@own_transactions
async def accept_invitation(
    token: str, data: InvitationAccept, request: Request, db: Db, settings: CurrentSettings
) -> InvitationAccepted:
    """Set a password with the token of an invitation (uitnodiging); it works once."""
    await spend(db, "invitation_address", address_of(request), settings.sign_in_attempts_per_address, auth.WINDOW)
    return await invitations.accept(db, token, data.password)
