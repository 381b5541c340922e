"""Addresses of relations: changed field by field, a Dutch postcode in its one form; a wrong one is only warned of."""

from typing import Any

from app import identifiers
from app.identifiers import Finding, IdentifierError
from app.merge_patch import merged

Addresses = dict[str, Any]


def change(stored: Addresses, patch: Addresses | None) -> Addresses:
    changed = merged(stored, patch)
    return {kind: _tidied(address) for kind, address in changed.items()}


def _is_dutch(address: Addresses) -> bool:
    return bool(address.get("postcode")) and address.get("country", "NL") == "NL"


def _tidied(address: Addresses) -> Addresses:
    if _is_dutch(address):
        try:
            return address | {"postcode": identifiers.postcode(address["postcode"])}
        except IdentifierError:
            return address  # kept as it is, with a warning
    return address


def warnings(addresses: Addresses) -> list[Finding]:
    found = []
    for kind, address in addresses.items():
        if _is_dutch(address):
            try:
                identifiers.postcode(address["postcode"])
            except IdentifierError as error:
                found.append(Finding(f"addresses/{kind}/postcode", error.code, error.detail))
    return found
