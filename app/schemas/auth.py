from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from app.schemas.base import Id, Input, Line, Moment, Output, Password
from app.schemas.examples import LATER, OFFICE, TEAM_MEMBER, example, shown_of
from app.schemas.two_step import Otp
from app.text import clean_line


class TokenCreate(Input):
    """Sign in as a team member or a contact."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"office": "demo", "email": "anna@demo.example", "password": "accountant-demo"}]
        }
    )

    office: Annotated[Line, Field(description="the office's short name (slug)")]
    email: Annotated[str, Field(max_length=254), AfterValidator(clean_line)]
    password: Annotated[str, Field(max_length=200)]
    otp: Annotated[Otp | None, Field(description="six digits, where the two-step check is on (eenmalige code)")] = None


class OfficeSummary(Output):
    model_config = example(id=OFFICE, slug="demo", name="Demo Accountants")

    id: Id
    slug: str
    name: str


class MeRead(Output):
    """Who I am and what I may do."""

    model_config = example(
        kind="team_member",
        id=TEAM_MEMBER,
        name="Anna Jansen",
        office=shown_of(OfficeSummary),
        role="mutator",
        permissions=["dossiers:read", "relations:read", "relations:write"],
        sees_all_relations=False,
        two_step_since=None,
    )

    kind: Literal["team_member", "contact", "api_key"]
    id: Id
    name: str
    office: OfficeSummary
    role: Annotated[str | None, Field(description="authorisation role (autorisatierol), of team members")]
    permissions: list[str]
    sees_all_relations: bool
    two_step_since: Moment | None


class TokenRead(Output):
    """Send `token` as `Authorization: Bearer ...`. It is shown once."""

    model_config = example(token="ords_(71 letters and digits)", expires_at=LATER, kind="team_member")  # noqa: S106

    token: str
    expires_at: Moment
    kind: Literal["team_member", "contact"]


class InvitationAccept(Input):
    """The first password, or a new one after a new invitation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "correct horse battery"}]})

    password: Annotated[Password, Field(description="10 to 200 characters")]


class InvitationAccepted(Output):
    """Whose login is active now; sign in with it."""

    model_config = example(office="demo", email="henk@devriesfietsen.example")

    office: str
    email: str
