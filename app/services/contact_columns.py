"""What follows from what people fill in about a contact: pure, so that it can be asked before anything is written."""

from typing import Any

from app import search
from app.names import person_key, person_name
from app.services.auth import email_key
from app.text import number_keys


def derived(contact: Any) -> dict[str, Any]:
    """His name, and what he is compared, sorted and found by."""
    names = (contact.first_names, contact.initials, contact.prefix, contact.surname)
    name = person_name(*names)
    return {
        "name": name,
        "name_key": person_key(*names),
        **number_keys(contact.number),
        "email_key": email_key(contact.email),
        "search": search.text_of(contact.number, name, contact.initials, contact.first_names, contact.email),
    }
