"""What was there before a migration is as the program would have made it, in every office; and back, and again.

The owner is a plain one: he meets row-level security, as whoever names no office in a migration finds out.
"""

from itertools import product
from typing import Any
from uuid import UUID

from alembic import command

from app.migrate import alembic_config
from app.models.contacts import ERASED
from app.search import text_of
from app.services.team_members import PERSONAL
from tests.factories.plain_owner import ask, owned_database

BEFORE = "5713ecf6e95b"
OFFICES = [UUID(int=office << 64) for office in (1, 2)]
HENK, JAN, MEMBER, BUSINESS, PERSON = range(1, 6)
NAMES = {"first_names": "Zoë", "initials": "Ž.", "prefix": "van", "surname": "Čapek", "name": "Zoë van Čapek"}
WRITTEN, SORTED = "zoe van capek", "capek zoe van"
CONTACTS = {HENK: ("06 12345678", "rené@x.nl"), JAN: ("vraag Henk", "jan@x.nl")}
RELATIONS = {
    BUSINESS: {"type": "organisation", "name": "Café Ünlü", "name_key": "cafe unlu", "phone": "020 555 01 00"},
    PERSON: {"type": "person", **NAMES, "name_key": WRITTEN},
}
IDENTIFIER = "INSERT INTO relation_identifiers (office_id, id, relation_id, kind, position, lookup, secret, key_id)"


class Data:
    """Rows that both offices have, with ids that end alike; each is asked of both."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, table: str, row: int, **values: Any) -> None:
        for office in OFFICES:
            ids = {name: UUID(int=office.int + value) for name, value in values.items() if name.endswith("_id")}
            every = values | ids | {"office_id": office, "id": UUID(int=office.int + row)}
            places = ", ".join(f"${place}" for place in range(1, len(every) + 1))
            ask(self.url, f"INSERT INTO {table} ({', '.join(every)}) VALUES ({places})", *every.values())

    def change(self, table: str, row: int, words: str) -> None:
        for office in OFFICES:
            ask(self.url, f"UPDATE {table} SET {words} WHERE id = $1", UUID(int=office.int + row))

    def read(self, table: str, columns: str, order: str = "id") -> list[Any]:
        query = f"SELECT {columns} FROM {table} WHERE office_id = $1 ORDER BY {order}"
        one, other = [[tuple(row) for row in ask(self.url, query, office)] for office in OFFICES]
        assert one == other, table
        return [row[0] if len(row) == 1 else row for row in one]


def test_up_down_and_up_with_data(worker_id: str) -> None:
    with owned_database(f"filled_{worker_id}") as (_, url):
        data = Data(url)
        command.upgrade(alembic_config(), BEFORE)
        fill(data)
        command.upgrade(alembic_config(), "head")
        is_as_the_program_makes_it(data)
        leave(data)
        command.downgrade(alembic_config(), BEFORE)
        is_as_it_was(data)
        command.upgrade(alembic_config(), "head")
        is_as_the_program_makes_it(data, returned=True)


def fill(data: Data) -> None:
    for place, office in enumerate(OFFICES):
        ask(data.url, "INSERT INTO offices (id, slug, name, version) VALUES ($1, $2, 'x', 1)", office, f"office{place}")
    person = {"email": "m@x.nl", "email_key": "m@x.nl", "role": "mutator", "status": "active"}
    data.put("team_members", MEMBER, name="M", **person, version=1)
    for row, (phone, email) in CONTACTS.items():
        number = {"number": f"C{row}", "number_key": f"c{row}", "number_sort": f"c01{row}"}
        more = {"phone": phone, "email": email, "email_key": email, "language": "nl", "login_status": "none"}
        data.put("contacts", row, **NAMES, **number, **more, name_key=WRITTEN, version=1)
    for row, values in RELATIONS.items():
        number = {"number": f"{row}", "number_key": f"{row}", "number_sort": f"01{row}"}
        data.put("relations", row, **values, **number, status="active", version=1)
    link = {"function": "x", "portal_access": True, "is_preferred": True, "version": 1}
    for row, (relation, contact) in enumerate(product(RELATIONS, CONTACTS), 1):
        data.put("contact_links", row, relation_id=relation, contact_id=contact, **link)
    data.put("relation_roles", 1, relation_id=BUSINESS, team_member_id=MEMBER, role="tax")
    for office in OFFICES:
        own = [office, UUID(int=office.int + 1), UUID(int=office.int + PERSON)]
        ask(data.url, f"{IDENTIFIER} VALUES ($1, $2, $3, 'bsn', 0, 'x', 'x', 'k')", *own)


def is_as_the_program_makes_it(data: Data, *, returned: bool = False) -> None:
    """``returned``: Jan was deleted and the member had left, and a step back made them somebody again."""
    henk, jan = data.read("contacts", "phone_e164, name_key, split_part(search, '0000', 1)")
    found = text_of("C1", NAMES["name"], NAMES["initials"], NAMES["first_names"], "rené@x.nl")
    assert henk == ("+31612345678", SORTED, found)
    assert jan[:2] == (None, SORTED if not returned else "capek")
    chosen = {"messages", "document_requests", "reminders", "digest"}
    assert all(all(word in each for word in chosen) for each in data.read("contacts", "notifications"))
    columns = "phone_e164, name_key, search, fiscal_year_end, bsn_purpose, addresses"
    business = ("+31205550100", "cafe unlu", " 4 cafe unlu", "12-31", None, "{}")
    person = (None, SORTED, text_of("5", NAMES["name"], NAMES["initials"], NAMES["first_names"]), None)
    assert data.read("relations", columns) == [business, (*person, "tax_returns", "{}")]
    preferred = data.read("contact_links", "is_preferred, portal_access, preferred_for, may_approve, is_ubo")
    rest: tuple[Any, ...] = (True, [], [], False)
    first = [(True, *rest), (False, *rest)]
    assert preferred == (first[:1] if returned else first) * 2
    roles = ["relation_manager", "accountant", "tax", "administration", "payroll", "secretariat"]
    assert data.read("team_roles", "key", "position") == roles
    assert data.read("relation_roles", "role") == (["secretariat"] if returned else ["tax"])
    links = 2 if returned else 4
    told = data.read("changes", "type", "type, relation_id, contact_id")
    assert told == ["contact"] * 2 + ["contact_link"] * links + ["relation"] * 2


def leave(data: Data) -> None:
    """What only the newer program does: a contact deleted, a role of the office's own, a member gone, an IBAN."""
    erased = ", ".join(f"{column} = NULL" for column in ERASED)
    for office in OFFICES:
        ask(data.url, "DELETE FROM contact_links WHERE contact_id = $1", UUID(int=office.int + JAN))
    data.change("contacts", JAN, f"{erased}, search = '', login_status = 'blocked', deleted_at = now()")
    data.put("team_roles", 1, key="wwft", name="Wwft", name_key="wwft", position=70, version=1)
    data.change("relation_roles", 1, "role = 'wwft'")
    gone = ", ".join(f"{column} = NULL" for column in PERSONAL)
    data.change("team_members", MEMBER, f"{gone}, status = 'blocked', deleted_at = now()")
    for office in OFFICES:
        own = [office, UUID(int=office.int + 2), UUID(int=office.int + BUSINESS)]
        ask(data.url, f"{IDENTIFIER} VALUES ($1, $2, $3, 'iban', 0, 'x', NULL, NULL)", *own)


def is_as_it_was(data: Data) -> None:
    assert data.read("contacts", "name_key") == [WRITTEN, WRITTEN]
    assert data.read("relations", "name_key") == ["cafe unlu", WRITTEN]
    assert data.read("relation_identifiers", "kind") == ["bsn"]
    assert data.read("relation_roles", "role") == ["secretariat"]
    for office in OFFICES:
        for table, row, end in (("contacts", JAN, "deleted"), ("team_members", MEMBER, "gone")):
            own = UUID(int=office.int + row)
            found = ask(data.url, f"SELECT email, email_key FROM {table} WHERE id = $1", own)[0]
            assert tuple(found) == (f"{own}@{end}.invalid",) * 2
    assert data.read("team_members", "status") == ["blocked"]
    assert data.read("contacts", "login_status") == ["none", "blocked"]
