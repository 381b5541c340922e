"""One row of contacts: what it makes of the contact that it names, or of a new one, and of his links. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from app import phones
from app.errors import FieldError
from app.identifiers import Finding
from app.models import Contact
from app.models.contacts import NOTIFICATIONS
from app.schemas.contact_links import ContactLinkPut
from app.schemas.import_contacts import CONTACTS, OF_LINKS
from app.services import contact_columns
from app.services.import_findings import MOST
from app.services.import_rows import id_in
from app.text import number_key

Given = dict[str, Any]
Entry = dict[str, Any]
# What a row never says: set by whoever commits or by the database, or part of his login.
NOT_PLANNED = {
    "office_id", "id", "created_at", "updated_at", "version", "created_by", "updated_by", "deleted_at",
    "login_status", "password_hash", "two_step_since",
}  # fmt: skip
COLUMNS = tuple(column.key for column in Contact.__table__.columns if column.key not in NOT_PLANNED)
NEEDED = {"email": "an e-mail address", "surname": "a surname"}
FIRST_LINK = {name: ContactLinkPut.model_fields[name].default for name in OF_LINKS}
RELATION = CONTACTS.by_field["links.relation_number"]


@dataclass
class Existing:
    """A contact as the office has him, or something like it, which is changed here and never written; and his links
    to the relations that rows name, by relation."""

    contact: Any
    links: dict[UUID, Any] = field(default_factory=dict)


@dataclass
class Linkable:
    """A relation that rows name. ``preferred``: the link that makes somebody its preferred contact."""

    id: UUID
    is_archived: bool
    preferred: Any = None


@dataclass(frozen=True)
class Decision:
    """``becomes``: by table, what is different; ``fields``: in the API's words; ``same``: links that are so already."""

    becomes: dict[str, Any]
    fields: list[str]
    same: list[Entry]
    warnings: list[Finding]
    errors: list[FieldError]


class ContactRow:
    """``given``: what the row says, its links by the numbers of relations, which are found in ``relations``."""

    def __init__(
        self,
        import_id: UUID,
        contact_id: UUID,
        existing: Existing | None,
        given: Given,
        relations: Mapping[str, Linkable],
    ) -> None:
        self.import_id = import_id
        self.contact_id = contact_id
        self.is_new = existing is None
        self.contact, self.links = (existing.contact, existing.links) if existing else (_new_contact(), {})
        self.given = given
        self.relations = relations
        self.errors: list[FieldError] = []

    def decide(self) -> Decision:
        """What it comes to, or all that is wrong with it."""
        said = self.given.pop("links", ())
        changed = self._take()
        becomes: dict[str, Any] = {"contacts": changed} if changed else {}
        found = [entry for link in said if (entry := self._link(link))]
        entries, same = [each for each in found if each["becomes"]], [each for each in found if not each["becomes"]]
        if entries:
            becomes["links"] = entries
        fields = {each for each in changed.keys() & self.given.keys() if not each.endswith("_e164")}
        fields |= becomes.keys() & {"links"}
        warnings = [*phones.warnings(self.contact, *phones.FIELDS), *self._of_login(changed, entries)]
        return Decision(becomes, sorted(fields), same, warnings, self.errors)

    def _of_login(self, changed: Given, entries: list[Entry]) -> Iterator[Finding]:
        """What whoever can sign in, or soon can, meets as soon as it is committed."""
        if self.is_new or self.contact.login_status not in ("invited", "active"):
            return
        if "email_key" in changed:
            detail = "He has a login: sessions and invitations of the old address end."
            yield Finding("email", "login_changes", detail)
        if opened := sum(entry["becomes"].get("portal_access", False) for entry in entries):
            yield Finding("links.portal_access", "access_opens", f"He has a login, and sees {opened} dossiers more.")

    def _take(self) -> dict[str, Any]:
        """Columns that differ; of a new one all of them."""
        if not self.is_new:
            self.given.pop("number")  # the same but for its case: what is there stays
        before = {} if self.is_new else dict(self.contact.__dict__)
        if "notifications" in self.given:
            self.given["notifications"] = self.contact.notifications | self.given["notifications"]
        self.contact.__dict__.update(self.given)
        missing = [name for name in NEEDED if not getattr(self.contact, name)]
        self.errors += [FieldError(f"/{each}", "missing", f"A new contact needs {NEEDED[each]}.") for each in missing]
        if missing or before == self.contact.__dict__:
            return {}
        self.contact.__dict__.update(contact_columns.derived(self.contact))
        after = self.contact.__dict__
        return {name: after[name] for name in COLUMNS if self.is_new or after[name] != before[name]}

    def _link(self, said: Given) -> Entry | None:
        """Made, or what it says changed: nothing of one that is so already, which may be to an archived relation."""
        key = number_key(said["relation_number"])
        relation = self.relations.get(key)
        if relation is None:
            self._refuse("relation_unknown", said, "The office has no relation with number {}.")
            return None
        there = self.links.get(relation.id)
        given = {name: said[name] for name in OF_LINKS if name in said}
        if there is None:
            becomes, was = FIRST_LINK | given, None
        else:
            becomes = {name: value for name, value in given.items() if getattr(there, name) != value}
            was = {name: getattr(there, name) for name in becomes}
        if becomes and relation.is_archived:
            self._refuse("archived", said, "The relation with number {} is archived; choose one that is in use.")
        return {
            "id": there.id if there else id_in(self.import_id, f"{self.contact_id} {relation.id}"),
            "relation_id": relation.id,
            "relation_key": key,
            "version": there and there.version,
            "becomes": becomes,
            "was": was,
            **_taken(relation.preferred if becomes.get("is_preferred") else None),
        }

    def _refuse(self, code: str, said: Given, detail: str) -> None:
        if len(self.errors) <= MOST:
            shown = detail.format(RELATION.shown(said["relation_number"]))
            self.errors.append(FieldError("/links/relation_number", code, shown))


def _taken(link: Any) -> Entry:
    """A relation has one preferred contact: who becomes it takes it from who has it by this link, if anybody."""
    return {"taken_id": link and link.id, "taken_version": link and link.version}


_NOTHING = dict.fromkeys(COLUMNS) | {"language": "nl", "notifications": NOTIFICATIONS}


def _new_contact() -> Any:
    return SimpleNamespace(**_NOTHING)


def given_up(entries: list[Entry]) -> Iterator[Entry]:
    """Links by which the contact is the preferred one no more."""
    return (entry for entry in entries if entry["was"] and entry["becomes"].get("is_preferred") is False)
