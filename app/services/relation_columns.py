"""What a relation's own row becomes by what is given: pure, so that it can be asked before anything is written."""

from collections.abc import Mapping
from typing import Any

from app import search
from app.models import Relation
from app.names import person_key, person_name
from app.schemas.relations import NAME_PARTS, ORGANISATION_FIELDS, PERSON_FIELDS, check_type_fields
from app.services import relation_addresses, relation_identifiers, relation_parts
from app.text import name_key, number_keys

LAST_OF_YEAR = "12-31"
WWFT_FIELDS = ("identified_on", "risk", "review_on")
# Fields that are no columns: in tables of their own, or an object that columns are made of.
ELSEWHERE = {*relation_identifiers.FIELDS, *relation_parts.FIELDS, "wwft", "addresses", "extension_schemes"}
DERIVED = {"name_key", "number_key", "number_sort", "search"}


def of(relation: Relation, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are given, and those that follow from them; Invalid where they do not fit the type."""
    values = {field: value for field, value in given.items() if field not in ELSEWHERE} | _objects(relation, given)

    if values.get("bsn_purpose", "") is None:
        del values["bsn_purpose"]  # a BSN keeps its purpose, and takes it along when it goes

    def now(field: str) -> Any:
        return values.get(field, getattr(relation, field))

    is_person = now("type") == "person"
    own = {field: now(field) for field in (*PERSON_FIELDS, *ORGANISATION_FIELDS)}
    if is_person:
        own["name"] = given.get("name")  # the row's own is made of its parts
    elif not own["fiscal_year_end"]:
        values["fiscal_year_end"] = LAST_OF_YEAR
    check_type_fields(now("type"), own)
    parts = {field: now(field) for field in NAME_PARTS}
    name = values["name"] = person_name(**parts) if is_person else own["name"]
    found = (name, parts["initials"], parts["first_names"], now("email"))
    return values | {
        "name_key": person_key(**parts) if is_person else name_key(name),
        "search": search.text_of(now("number"), *found),
        **number_keys(now("number")),
    }


def _objects(relation: Relation, given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "addresses" in given:
        values["addresses"] = relation_addresses.change(relation.addresses, given["addresses"])
    if "wwft" in given:
        values |= {f"wwft_{name}": value for name, value in (given["wwft"] or dict.fromkeys(WWFT_FIELDS)).items()}
    if "extension_schemes" in given:
        values["extension_schemes"] = [
            scheme | {"granted_on": str(scheme["granted_on"]) if scheme.get("granted_on") else None}
            for scheme in given["extension_schemes"] or []
        ]
    return values
