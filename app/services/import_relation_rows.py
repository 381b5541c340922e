"""One row of relations: what it makes of the relation that it names, or of a new one. Pure but for the sealing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import identifiers, phones
from app.errors import FieldError, Invalid, all_invalid, invalid
from app.identifiers import Finding
from app.merge_patch import merged
from app.models import Relation
from app.schemas.import_cells import Masked
from app.schemas.import_relations import RELATIONS
from app.services import citizen_numbers, relation_addresses, relation_columns, relation_identifiers, relation_parts
from app.services.import_lists import Lists
from app.services.relation_identifiers import FIELDS
from app.services.relation_parts import Term

Given = dict[str, Any]
# Set by whoever commits, or by the database.
NOT_PLANNED = {"office_id", "id", "created_at", "updated_at", "version", "created_by", "updated_by", "archived_at"}
COLUMNS = tuple(column.key for column in Relation.__table__.columns if column.key not in NOT_PLANNED)
IN_LISTS = {"kind": "kind_id", "group": "group_id"}


@dataclass
class Existing:
    """A relation as the office has it, with what hangs on it: the row of its table, or something like it, which is
    changed here and never written. (A mapped object that is watched for changes costs as much as all the rules do.)
    """

    relation: Any
    numbers: list[Any] = field(default_factory=list)
    labels: list[UUID] = field(default_factory=list)
    products: list[Term] = field(default_factory=list)
    external_ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """``becomes``: by table, what is different; ``fields``: in the API's words."""

    becomes: dict[str, Any]
    fields: list[str]
    identifiers: list[Any]
    warnings: list[Finding]


class RelationRow:
    """``given``: what the row says, still by names; its parent is an id already."""

    def __init__(self, session: AsyncSession, lists: Lists, existing: Existing, given: Given) -> None:
        self.session = session
        self.lists = lists
        self.existing = existing
        self.relation = existing.relation
        self.is_new = not existing.relation.number
        self.given = given

    def decide(self) -> Decision:
        """What it comes to; Invalid where the rules of the API refuse it."""
        self._check_type()
        self._resolve_names()
        self._compare_masks()
        before = {} if self.is_new else _columns(self.relation)
        self.relation.__dict__.update(relation_columns.of(self.relation, self.given))
        numbers, warnings = self._numbers()
        becomes: dict[str, Any] = self._parts()
        after = _columns(self.relation)
        if changed := {name: value for name, value in after.items() if value != before.get(name)}:
            becomes["relations"] = changed
        fields = {each for each in changed if each not in relation_columns.DERIVED and not each.endswith("_e164")}
        fields |= set(numbers.fields) | {_PART_FIELDS[table] for table in becomes if table in _PART_FIELDS}
        kinds = [FIELDS[each] for each in numbers.fields]
        if numbers.became_personal and not self.is_new:
            kinds = list(FIELDS.values())  # all of them are a natural person's from now on
        if kinds:
            becomes["kinds"] = kinds
        if becomes:
            self._check_change()
        rows = [row for kind in kinds for row in self._rows(kind, numbers)]
        return Decision(becomes, sorted(fields), rows, warnings)

    def _check_type(self) -> None:
        if self.is_new:
            if not self.given.get("type"):
                raise invalid("/type", "type_missing", "A new relation needs a type: organisation or person.")
            self.relation.type = self.given["type"]
            self.given.setdefault("status", "active")
            return
        if self.given.pop("type", self.relation.type) != self.relation.type:
            detail = (
                f"The relation is of type {self.relation.type}; only an explicit change in the office changes that."
            )
            raise invalid("/type", "other_type", detail)
        self.given.pop("number", None)  # the same but for its case: what is there stays

    def _resolve_names(self) -> None:
        """Names of the office's own lists become ids; every one that is not there is named."""
        errors: list[FieldError] = []
        for name, target in IN_LISTS.items():
            if name in self.given:
                value = self.given.pop(name)
                self.given[target] = value and self._id(name, name, value, {getattr(self.relation, target)}, errors)
        if "labels" in self.given:
            labels, has = self.given.pop("labels") or [], set(self.existing.labels)
            self.given["label_ids"] = [self._id("labels", "labels", each, has, errors) for each in labels]
        for taken in self.given.get("products") or []:
            has = {product_id for product_id, _, _ in self.existing.products}
            taken["product_id"] = self._id("products", "products", taken.pop("name"), has, errors)
        if errors:
            raise all_invalid(errors)

    def _id(self, name: str, pointer: str, value: str, has: set[UUID], errors: list[FieldError]) -> UUID | None:
        entry = self.lists.find(name, value)
        shown = RELATIONS.by_field[name].shown(value)  # what stands in a wrong column may be a BSN
        if entry is None:
            detail = f"The office's list has no “{shown}”: add it there first, or correct it."
            errors.append(FieldError(f"/{pointer}", "unknown_in_list", detail))
        elif entry.is_archived and entry.id not in has:
            errors.append(FieldError(f"/{pointer}", "archived_in_list", f"“{shown}” is archived in the office's list."))
        return entry and entry.id

    def _compare_masks(self) -> None:
        """What an export shows with stars stays as it is, if it is the mask of what is there."""
        for name, kind in citizen_numbers.FIELDS.items():
            value = self.given.get(name)
            values = value if isinstance(value, list) else [value]
            if not any(isinstance(each, Masked) for each in values):
                continue
            numbers = [
                citizen_numbers.SEALING.open(self.session, row) for row in self.existing.numbers if row.kind == kind
            ]
            if len(values) != len(numbers) or not all(map(_is_mask_of, values, numbers)):
                detail = "This is the mask of another number than the relation has; give the number itself, or nothing."
                raise invalid(f"/{name}", "other_mask", detail)
            del self.given[name]

    def _numbers(self) -> tuple[relation_identifiers.Change, list[Finding]]:
        change = relation_identifiers.change_of(self.session, self.relation, self.existing.numbers, self.given)
        if not self.lists.keeps_citizen_numbers and citizen_numbers.hold_citizen_number(self.relation, change.kinds):
            raise Invalid(
                "This office keeps no citizen numbers, nor numbers made from them.", code="citizen_numbers_off"
            )
        citizen_numbers.set_purpose(self.relation, self.given, has_bsn=bool(change.wanted["bsn"]))
        found = relation_identifiers.odd(self.relation, change.wanted)
        found += relation_addresses.warnings(self.relation.addresses)
        return change, found + phones.warnings(self.relation, "phone")

    def _rows(self, kind: str, change: relation_identifiers.Change) -> Iterator[Any]:
        return relation_identifiers.new_rows(self.session, self.relation, kind, change, SimpleNamespace)

    def _parts(self) -> dict[str, Any]:
        becomes: dict[str, Any] = {}
        if "label_ids" in self.given and set(self.given["label_ids"]) != set(self.existing.labels):
            becomes["relation_labels"] = [{"label_id": each} for each in dict.fromkeys(self.given["label_ids"])]
        terms = self._terms()
        if set(terms) != set(self.existing.products):
            names = ("product_id", "starts_on", "ends_on")
            becomes["relation_products"] = [dict(zip(names, term, strict=True)) for term in terms]
        if "external_ids" in self.given:
            wanted = merged(self.existing.external_ids, self.given["external_ids"])
            relation_parts.check_packages(wanted)
            if wanted != self.existing.external_ids:
                pairs = sorted(wanted.items())
                becomes["relation_external_ids"] = [{"system": key, "external_id": value} for key, value in pairs]
        return becomes

    def _terms(self) -> list[Term]:
        if "products" not in self.given:
            return self.existing.products
        return [
            (each["product_id"], each.get("starts_on"), each.get("ends_on")) for each in self.given["products"] or []
        ]

    def _check_change(self) -> None:
        """What a row asks for that changes something; a file may well say once more what is there already."""
        if self.relation.archived_at is not None:
            raise invalid("/number", "archived", "This relation is archived; nothing is changed about it.")
        relation_parts.check_products(self.relation, self._terms(), self.lists.filing_types, self.given)


_PART_FIELDS = {
    "relation_labels": "label_ids",
    "relation_products": "products",
    "relation_external_ids": "external_ids",
}


_NOTHING = dict.fromkeys(COLUMNS) | {"addresses": {}, "extension_schemes": []}


def new_relation(office_id: UUID, relation_id: UUID) -> Existing:
    """What a row that makes a relation begins with."""
    return Existing(SimpleNamespace(**_NOTHING, office_id=office_id, id=relation_id, archived_at=None))


def _columns(relation: Any) -> Mapping[str, Any]:
    return {name: relation.__dict__[name] for name in COLUMNS}


def _is_mask_of(shown: Any, number: str) -> bool:
    return shown == number or (
        isinstance(shown, Masked)
        and shown.text
        in {relation_identifiers.HIDDEN, *(identifiers.mask(number, n) for n in (0, relation_identifiers.SHOWN_DIGITS))}
    )
