"""What becomes of a file's rows of contacts: decided row by row, by the rules that the API itself goes by.

An e-mail address is a login: one that another contact has when the plan is made is refused, also where another row of
the file gives it up. That one is committed first, and then the file planned anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, Invalid, all_invalid
from app.models import Contact, ContactLink, Import, Relation
from app.models.base import among
from app.schemas.import_columns import Given
from app.schemas.import_contacts import CONTACTS
from app.schemas.import_masks import without_bsn
from app.services import import_findings
from app.services.auth import email_key
from app.services.import_contact_rows import RELATION, ContactRow, Existing, Linkable, given_up
from app.services.import_lists import Lists
from app.services.import_reading import RowRead
from app.services.import_rows import NumberedRows, Planned, id_in, rewrite
from app.text import number_key

MOST_LINKS = 500_000  # of a file
LINK_COLUMNS = (
    ContactLink.id, ContactLink.version, ContactLink.contact_id, ContactLink.relation_id, ContactLink.function,
    ContactLink.portal_access, ContactLink.is_preferred, ContactLink.is_ubo,
)  # fmt: skip


@dataclass(frozen=True)
class There:
    """What the office has of what some rows name: by the keys of numbers, and whose the e-mail addresses are."""

    contacts: dict[str, Existing]
    relations: dict[str, Linkable]
    owners: dict[str, UUID]


class ContactPlanner:
    catalogue = CONTACTS
    lists = None

    def __init__(self, of: Import, lists: Lists) -> None:
        self.of = of
        self.rows = NumberedRows(CONTACTS, "contact")
        self.links = 0
        self.emails: dict[str, int] = {}  # the row that gives it to somebody
        self.preferred: dict[UUID, int] = {}  # by relation, the row that names its preferred contact
        self.taken: dict[UUID, int] = {}  # by link that makes somebody preferred, the row that takes it from him
        self.touched: dict[UUID, int] = {}  # by link that is there, the row that names it
        self.given_up: dict[UUID, Planned] = {}  # the same, where he is the preferred one no more

    async def plan(self, session: AsyncSession, rows: Sequence[RowRead]) -> list[Planned]:
        self.links += sum(len(row.given.get("links") or ()) for row in rows)
        if self.links > MOST_LINKS:
            detail = f"The rows name more than {MOST_LINKS:,} relations together. Split the file and upload the parts."
            raise Invalid(detail, code="too_many_links")
        there = await self._there(session, rows)
        planned = [self.rows.plan(row, partial(self._decide, there)) for row in rows]
        for each in planned:
            links = each.becomes.get("links", [])
            self.taken |= {entry["taken_id"]: each.number for entry in links if entry["taken_id"]}
            old = [*(entry for entry in links if entry["was"]), *each.becomes.get("same_links", [])]
            self.touched |= {entry["id"]: each.number for entry in old}
            self.given_up |= {entry["id"]: each for entry in given_up(links)}
        return planned

    async def _there(self, session: AsyncSession, rows: Sequence[RowRead]) -> There:
        office_id = self.of.office_id
        keys = {number_key(row.given["number"]) for row in rows if row.given.get("number")}
        found: Any = select(*Contact.__table__.c).where(Contact.office_id == office_id, among(Contact.number_key, keys))
        contacts = [SimpleNamespace(**row) for row in (await session.execute(found)).mappings()]
        emails = {email_key(row.given["email"]) for row in rows if row.given.get("email")}
        found = select(Contact.email_key, Contact.id).where(
            Contact.office_id == office_id, among(Contact.email_key, emails)
        )
        owners = {row.email_key: row.id for row in await session.execute(found)}
        named = {number_key(link["relation_number"]) for row in rows for link in row.given.get("links") or ()}
        found = select(Relation.number_key, Relation.id, Relation.archived_at).where(
            Relation.office_id == office_id, among(Relation.number_key, named)
        )
        relations = {
            row.number_key: Linkable(row.id, row.archived_at is not None) for row in await session.execute(found)
        }
        there = There({each.number_key: Existing(each) for each in contacts}, relations, owners)
        await self._add_links(session, there)
        return there

    async def _add_links(self, session: AsyncSession, there: There) -> None:
        contacts = {each.contact.id: each for each in there.contacts.values()}
        relations = {each.id: each for each in there.relations.values()}
        found = select(*LINK_COLUMNS).where(
            ContactLink.office_id == self.of.office_id,
            among(ContactLink.relation_id, list(relations)),
            ContactLink.is_preferred | among(ContactLink.contact_id, list(contacts)),
        )
        for link in await session.execute(found):
            if link.is_preferred:
                relations[link.relation_id].preferred = link
            if link.contact_id in contacts:
                contacts[link.contact_id].links[link.relation_id] = link

    def _decide(self, there: There, planned: Planned, given: Given) -> None:
        key = planned.key or ""
        existing = there.contacts.get(key)
        planned.subject_id = existing.contact.id if existing else id_in(self.of.id, key)
        planned.subject_version = existing.contact.version if existing else None
        mail = email_key(given["email"]) if given.get("email") else None
        preferred = _preferred(there, given)
        errors = [*self._email(there, planned, mail), *self._one_preferred(preferred)]
        row = ContactRow(self.of.id, planned.subject_id, existing, given, there.relations)
        decision = row.decide()
        planned.title = f"{row.contact.number} {without_bsn(row.contact.name or '')}".rstrip()
        errors += [each for each in decision.errors if not planned.is_wrong(each.pointer.strip("/"))]
        if errors:
            raise all_invalid(errors)
        if planned.is_refused:
            return
        self.emails |= {mail: planned.number} if mail else {}
        self.preferred |= dict.fromkeys(preferred, planned.number)
        planned.becomes, planned.fields = decision.becomes, decision.fields
        planned.action = "create" if existing is None else "update" if decision.becomes else "unchanged"
        if decision.same:
            planned.becomes["same_links"] = decision.same
        if planned.action != "unchanged":
            planned.findings += [import_findings.of_warning(CONTACTS, each) for each in decision.warnings]

    def _email(self, there: There, planned: Planned, key: str | None) -> Iterator[FieldError]:
        """Who else has it is not said: he may be nobody's business."""
        if key is None:
            return
        if there.owners.get(key, planned.subject_id) != planned.subject_id:
            detail = (
                "Another contact of the office has this e-mail address. Where this file gives him another, commit "
                "that row first."
            )
            yield FieldError("/email", "taken", detail)
        elif first := self.emails.get(key):
            yield FieldError("/email", "email_twice", f"Row {first} gives another contact this e-mail address.")

    def _one_preferred(self, preferred: Mapping[UUID, str]) -> Iterator[FieldError]:
        for relation_id, number in preferred.items():
            if first := self.preferred.get(relation_id):
                detail = f"A relation has one preferred contact; row {first} names that of {number}."
                yield FieldError("/links/is_preferred", "preferred_twice", detail)

    async def settle(self, session: AsyncSession) -> None:
        """What one row takes and another gives up is done once, by the one that takes it; and both at once."""
        both = {planned.number: planned for link_id, planned in self.given_up.items() if link_id in self.taken}
        for planned in both.values():
            links = planned.becomes["links"]
            for entry in [entry for entry in given_up(links) if entry["id"] in self.taken]:
                del entry["becomes"]["is_preferred"], entry["was"]["is_preferred"]
            planned.becomes["links"] = [entry for entry in links if entry["becomes"]]
        changed = [{"number": number, "becomes": planned.becomes} for number, planned in both.items()]
        await rewrite(session, self.of, "becomes = made.becomes", "number integer, becomes jsonb", changed)
        pairs = ((number, self.touched[link_id]) for link_id, number in self.taken.items() if link_id in self.touched)
        tied = [{"number": number, "together": first} for number, first in together(pairs).items()]
        await rewrite(session, self.of, "together = made.together", "number integer, together integer", tied)


def _preferred(there: There, given: Given) -> dict[UUID, str]:
    """Relations of which the row says that he is their preferred contact, and what it calls them."""
    named = [(there.relations.get(number_key(link["relation_number"])), link) for link in given.get("links", ())]
    return {
        relation.id: RELATION.shown(link["relation_number"])
        for relation, link in named
        if relation and link.get("is_preferred")
    }


def together(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """By number of each of these rows, the first of all that it is paired with, directly or by way of others."""
    above: dict[int, int] = {}

    def first(number: int) -> int:
        while (up := above.setdefault(number, number)) != number:
            above[number] = above[up]  # half the way for who comes next
            number = above[number]
        return number

    for pair in pairs:
        low, high = sorted(map(first, pair))
        above[high] = low
    return {number: first(number) for number in above}
