from typing import Any

from sqlalchemy.orm import Mapped, validates

from app import phones


class HasPhone:
    """A row with phone numbers: kept as they were typed, and beside it as they are called (E.164), if they can be."""

    phone: Mapped[str | None]
    phone_e164: Mapped[str | None]

    @validates(*phones.FIELDS)
    def _read_phone(self, field: str, typed: str | None) -> Any:
        setattr(self, f"{field}_e164", phones.e164(typed))
        return typed
