"""The codes of the two-step check: made by an app on the person's phone out of a secret that he and we share.

The secret lies sealed. A code is good for its half minute and the ones beside it, since clocks differ, and once.
"""

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Unauthenticated
from app.models import Contact, TeamMember, TwoStepSecret
from app.services.sealing import Sealing

STEPS_BESIDE = 1
NO_CODE = "This is not the code of now, or it was used already; each works once. Wait for the next one."

ASKED = "otp_required"

Person = Contact | TeamMember


def _place(row: TwoStepSecret) -> str:
    """What a secret is bound to."""
    return f"{row.office_id}/{row.contact_id or row.team_member_id}/two_step"


SEALING = Sealing(
    TwoStepSecret,
    _place,
    no_keys=(
        "two_step_unavailable",
        "This server has no two-step check: the keys that its secrets would be sealed with are not set.",
    ),
    lost_key=(
        "two_step_key_missing",
        "The key that your two-step check was sealed with is not given to the server any more; ask the office.",
    ),
)


def step_of(secret: str, otp: str, at: float | None = None) -> int | None:
    """The half minute whose code this is, of those that count at that time (now); None: of none of them."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(otp, for_time=at, valid_window=STEPS_BESIDE)
    except OTPVerificationError:
        return None


def keep(session: AsyncSession, person: Person, secret: str) -> None:
    is_contact = isinstance(person, Contact)
    row = TwoStepSecret(
        office_id=person.office_id,
        contact_id=person.id if is_contact else None,
        team_member_id=None if is_contact else person.id,
    )
    SEALING.seal(session, row, secret)
    session.add(row)


def _is_of(person: Person) -> ColumnElement[bool]:
    owner = TwoStepSecret.contact_id if isinstance(person, Contact) else TwoStepSecret.team_member_id
    return owner == person.id


async def forget(session: AsyncSession, person: Person) -> None:
    await session.execute(delete(TwoStepSecret).where(TwoStepSecret.office_id == person.office_id, _is_of(person)))


async def find(session: AsyncSession, person: Person) -> TwoStepSecret | None:
    """Held until the commit, so that of two with one code the second sees that it was used."""
    row: TwoStepSecret | None = await session.scalar(
        select(TwoStepSecret).where(TwoStepSecret.office_id == person.office_id, _is_of(person)).with_for_update()
    )
    return row


def spend(session: AsyncSession, row: TwoStepSecret, otp: str) -> bool:
    """Is this a code that counts now and was not used? From here on it was."""
    step = step_of(SEALING.open(session, row), otp)
    if step is None or step <= row.last_step:
        return False
    row.last_step = step
    return True


async def refusal(session: AsyncSession, person: Person, otp: str | None) -> Unauthenticated | None:
    """Why this person, who knows the password, is not let in yet; None: he is, and his code is spent."""
    if person.two_step_since is None:
        return None
    if otp is None:
        detail = "This login has the two-step check on: send the code of its app as `otp` too."
        return Unauthenticated(detail, code=ASKED)
    row = await find(session, person)
    if row is None or not spend(session, row, otp):
        return Unauthenticated(NO_CODE, code="otp_invalid")
    return None
