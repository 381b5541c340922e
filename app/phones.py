"""Phone numbers as people type them, and in the one form that programs call and compare (E.164)."""

from functools import lru_cache

import phonenumbers

from app.identifiers import Finding

REGION = "NL"  # of numbers without a country code
MAX_LENGTH = 50  # longer is a story; reading it would only cost time


@lru_cache(maxsize=64)  # one number is read for its column, its check and its warning
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


def warnings(**typed: str | None) -> list[Finding]:
    """Which of these fields hold something that is no phone number; what stands there is kept as it was typed."""
    detail = "No phone number can be read from this. Write it such as 020 123 4567, or +32 2 512 00 00."
    return [Finding(field, "phone_unreadable", detail) for field, text in typed.items() if text and e164(text) is None]
