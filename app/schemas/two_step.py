from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.base import Input, Output
from app.schemas.examples import example

Otp = Annotated[
    str, Field(pattern="^[0-9]{6}$", description="six digits of the app (eenmalige code); each code works once")
]


class TwoStepBegun(Output):
    """Put one of the two into an authenticator app, then confirm with its first code."""

    model_config = example(
        secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",  # noqa: S106
        uri="otpauth://totp/Demo%20Accountants:anna%40demo.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        "&issuer=Demo%20Accountants",
    )

    secret: Annotated[str | None, Field(description="base32, to type in; shown once, null in a replayed answer")]
    uri: Annotated[str | None, Field(description="to show as a QR code; shown once, null in a replayed answer")]


class TwoStepCode(Input):
    """A code of the caller's authenticator app."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"otp": "492039"}]})

    otp: Otp
