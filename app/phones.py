"""Phone numbers as people type them, and in the one form that programs call and compare (E.164)."""

from collections.abc import Mapping
from typing import Any

import phonenumbers

from app.identifiers import Finding

FIELDS = ("phone", "mobile")
REGION = "NL"  # of numbers without a country code
MAX_LENGTH = 50  # longer is a story; reading it would only cost time


def e164(text: str | None) -> str | None:
    """The number in ``text``, such as +31201234567; None when none can be read from it."""
    if not text or len(text) > MAX_LENGTH:
        return None
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def called(given: Mapping[str, Any]) -> dict[str, str | None]:
    """The columns that go with the phone numbers in ``given``."""
    return {f"{field}_e164": e164(given[field]) for field in FIELDS if field in given}


def warnings(of: Any, *fields: str) -> list[Finding]:
    """Which of these fields hold something that is no phone number; what stands there is kept as it was typed."""
    detail = "No phone number can be read from this. Write it such as 020 123 4567, or +32 2 512 00 00."
    unread = (field for field in fields if getattr(of, field) and getattr(of, f"{field}_e164") is None)
    return [Finding(field, "phone_unreadable", detail) for field in unread]
