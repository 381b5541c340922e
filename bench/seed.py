"""An office as large as the issue wants it, written with COPY by the owner of the tables.

The same seed gives the same people, numbers and links; ids and sealed secrets differ. Keys, seals and lookups are
made by the program's own functions. A column that is not named here gets its model's default, and the tables of
labels and products are filled where they are there.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from app import search
from app.access import Role
from app.crypto import Vault
from app.models import Base
from app.models.contacts import NOTIFICATIONS
from app.models.relation_identifiers import SECRET
from app.services import citizen_numbers, relation_identifiers, team_roles
from app.services.auth import email_key
from app.text import fold, name_key, number_keys
from bench.made_up import MadeUp, Person

RELATIONS, CONTACTS, LINKS = 200_000, 250_000, 400_000
BATCH = 4_000  # relations; with them 5,000 contacts and 8,000 links, as the whole has
MEMBERS = [Role.ADMINISTRATOR, *[Role.MANAGER] * 3, *[Role.READER] * 6, *[Role.MUTATOR] * 30]
LABELS = ("Vip", "Agrarisch", "Horeca", "Zorg", "Incasso", "Nieuw", "Controle", "Bezwaar", "Emigratie", "Starter")
ROLES = [key for key, _ in team_roles.DEFAULTS]
KINDS = ("Cliënt", "Cliënt (IB)", "Cliënt (salaris)")
FUNCTIONS = ("gevolmachtigde", "directeur", "administrateur", "partner", "boekhouder")
STATUSES, SHARES = ("active", "prospect", "inactive", "left"), (88, 4, 5, 3)
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


@dataclass(frozen=True)
class Office:
    id: UUID
    members: list[UUID]

    def first(self, role: Role) -> UUID:
        return self.members[MEMBERS.index(role)]


class Seed:
    """One office's rows. Memory holds one batch."""

    def __init__(self, connection: asyncpg.Connection, office_id: UUID, vault: Vault, seed: int) -> None:
        self.connection = connection
        self.office = Office(office_id, [uuid7() for _ in MEMBERS])
        self.made_up = MadeUp(seed)
        self.random = self.made_up.random
        self.session: Any = SimpleNamespace(info={"vault": vault})
        self.vault = vault
        self.families = self._families()
        self.labels = [uuid7() for _ in LABELS]
        self.products: list[UUID] = []
        self.kinds = [uuid7() for _ in KINDS]

    async def write(self, relations: int) -> Office:
        await self._copy("team_members", [self._member(place) for place in range(len(MEMBERS))])
        await self._copy("labels", self._named(self.labels, LABELS))
        await self._copy("relation_kinds", self._named(self.kinds, KINDS))
        # Products and team roles are there: every office begins with some.
        own = "SELECT id FROM products WHERE office_id = $1 ORDER BY name_key"
        self.products = [row["id"] for row in await self.connection.fetch(own, self.office.id)]
        for start in range(0, relations, BATCH):
            await self._batch(start, min(BATCH, relations - start))
        return self.office

    async def _batch(self, start: int, count: int) -> None:
        made = [next(self.families) for _ in range(count)]
        rows = [relation for relation, _ in made]
        await self._copy("relations", rows)
        ids = [row["id"] for row in rows]
        await self._copy("dossiers", [self._dossier(row) for row in rows])
        await self._copy("relation_identifiers", [each for row, base in made for each in self._identifiers(row, base)])
        await self._copy("relation_roles", [each for relation in ids for each in self._roles(relation)])
        label, product = self._some("label_id", self.labels, 0.3), self._some("product_id", self.products, 1.5)
        await self._copy("relation_labels", [each for relation in ids for each in label(relation)])
        await self._copy("relation_products", [each for relation in ids for each in product(relation)])
        codes = [{"relation_id": row["id"], "system": "afas", "external_id": f"A{row['number']}"} for row in rows[::2]]
        await self._copy("relation_external_ids", codes)
        first = start * CONTACTS // RELATIONS
        contacts = [self._contact(first + place) for place in range(count * CONTACTS // RELATIONS)]
        await self._copy("contacts", contacts)
        await self._copy("contact_links", self._links(ids, [row["id"] for row in contacts]))

    async def _copy(self, table: str, rows: list[Row]) -> None:
        """Columns that a row does not name: the model's default; else the database's, or NULL."""
        found = Base.metadata.tables.get(table)
        if found is None or not rows:
            return
        constant: Row = {"office_id": self.office.id}
        made: dict[str, Any] = {}
        for column in found.columns:
            if column.name not in rows[0] and (default := column.default) is not None:
                if default.is_callable:
                    made[column.name] = default.arg
                else:
                    constant[column.name] = default.arg
        columns = [*constant, *made, *rows[0]]
        fixed = tuple(constant.values())
        records = ((*fixed, *(make(None) for make in made.values()), *row.values()) for row in rows)
        await self.connection.copy_records_to_table(table, records=records, columns=columns)

    def _member(self, place: int) -> Row:
        person = self.made_up.person()
        email = f"medewerker{place}@kantoor.example"
        names = {"name": person.name, "email": email, "email_key": email_key(email)}
        return {"id": self.office.members[place], **names, "role": str(MEMBERS[place]), "status": "active"}

    def _named(self, ids: list[UUID], names: Sequence[str]) -> list[Row]:
        return [{"id": made, "name": name, "name_key": fold(name)} for made, name in zip(ids, names, strict=True)]

    def _families(self) -> Iterator[tuple[Row, str]]:
        """Relations without end, each with its BSN or RSIN: 1, 2, 3, 3.1, 3.2, 4, … A child is its owner, a person."""
        number = 0
        while True:
            number += 1
            owner = self.made_up.person()
            form = "natural_person" if self.random.random() < 0.3 else self.made_up.legal_form()
            base = self.made_up.nine()
            parent = self._relation(str(number), form, owner, None)
            yield parent, base
            if form != "natural_person" and self.random.random() < 0.35:
                for child in range(1, self.random.randint(2, 4)):
                    own = base if form == "sole_trader" and child == 1 else self.made_up.nine()
                    person = owner if child == 1 else self.made_up.person()
                    yield self._relation(f"{number}.{child}", "natural_person", person, parent["id"]), own

    def _relation(self, number: str, form: str, owner: Person, parent: UUID | None) -> Row:
        is_person = form == "natural_person"
        name = owner.name if is_person else self.made_up.business(form, owner)
        created = self._moment(BEGAN)
        archived = self.random.random() < 0.03
        email = self.made_up.maybe(0.7, lambda: self._email(owner, f"r{number}"))
        own = (owner.initials, owner.first_names) if is_person else ()
        address = json.dumps({"visiting": self.made_up.address()} if self.random.random() < 0.95 else {})
        return {
            "id": uuid7(),
            "search": search.text_of(number, name, *own, email),
            "number": number,
            **number_keys(number),
            "name_key": owner.key if is_person else name_key(name),
            "type": "person" if is_person else "organisation",
            "status": self.random.choices(STATUSES, SHARES)[0],
            "name": name,
            "initials": owner.initials if is_person else None,
            "first_names": owner.first_names if is_person else None,
            "prefix": owner.prefix if is_person else None,
            "surname": owner.surname if is_person else None,
            "legal_form": None if is_person else form,
            "email": email,
            "addresses": address,
            "extension_schemes": "[]",
            "fiscal_year_end": None if is_person else "12-31",
            "btw_filing_period": self.random.choice((None, "month", "quarter", "quarter", "none")),
            "kind_id": self.random.choice(self.kinds),
            "phone": self.made_up.maybe(0.7, self.made_up.phone),
            "memo": self.made_up.maybe(0.1, lambda: "Belt liever dan dat er gemaild wordt."),
            "parent_id": parent,
            "created_at": created,
            "updated_at": self._moment(created),
            "archived_at": created + timedelta(days=900) if archived else None,
        }

    def _dossier(self, relation: Row) -> Row:
        return {name: relation[name] for name in ("created_at", "archived_at")} | {"relation_id": relation["id"]}

    def _identifiers(self, relation: Row, base: str) -> Iterator[Row]:
        for kind, numbers in self.made_up.numbers(relation["legal_form"] or "natural_person", base).items():
            at: Any = SimpleNamespace(office_id=self.office.id, relation_id=relation["id"], kind=kind)
            for position, number in enumerate(numbers):
                sealed = self.vault.seal(citizen_numbers.place(at), number) if kind in SECRET else None
                yield {
                    "relation_id": relation["id"],
                    "kind": kind,
                    "position": position,
                    "lookup": relation_identifiers.lookup(self.session, self.office.id, kind, number),
                    "secret": sealed and sealed.secret,
                    "key_id": sealed and sealed.key_id,
                }

    def _roles(self, relation: UUID) -> Iterator[Row]:
        for member, role in zip(self.random.sample(self.office.members, 2), ("relation_manager", ""), strict=True):
            yield {
                "relation_id": relation,
                "team_member_id": member,
                "role": role or self.random.choice(ROLES[1:]),
            }

    def _some(self, column: str, ids: list[UUID], average: float) -> Any:
        """What gives a relation some of these, each at most once."""

        def rows(relation: UUID) -> list[Row]:
            count = int(average + self.random.random())
            return [{"relation_id": relation, column: each} for each in self.random.sample(ids, count)]

        return rows

    def _contact(self, place: int) -> Row:
        person = self.made_up.person()
        number = f"C{place + 1}"
        email = self._email(person, number)
        created = self._moment(BEGAN)
        own = (person.initials, person.first_names)
        return {
            "id": uuid7(),
            "number": number,
            **number_keys(number),
            "name_key": person.key,
            "search": search.text_of(number, person.name, *own, email),
            "notifications": json.dumps(NOTIFICATIONS),
            "email": email,
            "email_key": email_key(email),
            "name": person.name,
            "initials": person.initials,
            "first_names": person.first_names,
            "prefix": person.prefix,
            "surname": person.surname,
            "phone": self.made_up.maybe(0.8, self.made_up.phone),
            "login_status": self.random.choice(("none", "active", "active", "invited")),
            "created_at": created,
            "updated_at": self._moment(created),
        }

    def _links(self, relations: list[UUID], contacts: list[UUID]) -> list[Row]:
        """Two for each relation: one contact of its own, and one of the others: a spare one, or a neighbour's."""
        count, spare = len(relations), len(contacts) - len(relations)
        pairs = []
        for place, relation in enumerate(relations):
            other = count + place if place < spare else (place + 1 + self.random.randrange(count - 1)) % count
            pairs += [(relation, contacts[place]), (relation, contacts[other])]
        return [self._link(*pair) for pair in dict.fromkeys(pairs)]

    def _link(self, relation: UUID, contact: UUID) -> Row:
        return {
            "relation_id": relation,
            "contact_id": contact,
            "function": self.random.choice(FUNCTIONS),
            "preferred_for": [],
            "may_approve": [],
            "portal_access": self.random.random() < 0.6,
            "valid_until": date(2030, 12, 31) if self.random.random() < 0.05 else None,
        }

    def _moment(self, after: datetime) -> datetime:
        return after + timedelta(seconds=self.random.randrange(86_400 * 900), microseconds=self.random.randrange(10**6))

    def _email(self, person: Person, number: str) -> str:
        letters = fold(f"{person.first_names.split()[0]}.{person.surname}").encode("ascii", "ignore").decode()
        return f"{letters.replace(' ', '')}.{number.lower()}@{self.random.choice(('post', 'bedrijf', 'thuis'))}.example"
