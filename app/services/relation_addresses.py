"""Addresses of relations: changed field by field, a Dutch postcode in its one form; a wrong one is only warned of."""

from typing import Any

from app import identifiers
from app.identifiers import Finding, IdentifierError
from app.merge_patch import merged

Address = dict[str, Any]
NETHERLANDS = "NL"


def change(stored: dict[str, Address], patch: dict[str, Any] | None) -> dict[str, Address]:
    """``stored`` with the patch on it; an address in which nothing stands is none."""
    changed = {kind: _tidied(address) for kind, address in merged(stored, patch).items()}
    return {kind: address for kind, address in changed.items() if address.keys() - {"country"}}


def _tidied(address: Address) -> Address:
    kept = {"country": NETHERLANDS} | {field: value for field, value in address.items() if value is not None}
    if number := _postcode(kept):
        kept["postcode"] = number
    return kept


def _postcode(address: Address) -> str | None:
    """The postcode in its form; None where there is none, or none that is Dutch."""
    try:
        return identifiers.postcode(address["postcode"]) if _is_dutch(address) else None
    except IdentifierError:
        return None  # kept as it was typed, with a warning


def _is_dutch(address: Address) -> bool:
    return "postcode" in address and address.get("country", NETHERLANDS) == NETHERLANDS


def warnings(addresses: dict[str, Address]) -> list[Finding]:
    detail = "A Dutch postcode is four digits, not beginning with 0, and two letters: 1012 AB."
    return [
        Finding(f"addresses/{kind}/postcode", "postcode_format", detail)
        for kind, address in addresses.items()
        if _is_dutch(address) and _postcode(address) is None
    ]
