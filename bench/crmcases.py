"""What the CRM benchmark asks: a table, and the values that its paths are filled in with.

A new filter is a line here. A case whose parameter the API does not know (422) is left out, and named in the report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from urllib.parse import quote

from app.access import Role
from app.models import Base
from app.services.auth import email_key
from bench.crmstage import Stage

LIST, FILTERED, SEARCH, GET, MATCH, NUMBER = "list", "filtered list", "search", "get", "match", "search by number"
BODIES = {
    MATCH: {"filing_type": "corporation_tax", "identifier": "{rsin}"},
    NUMBER: {"identifier": "{rsin}"},
}
R, C = "/v1/relations", "/v1/contacts"


@dataclass(frozen=True)
class Case:
    kind: str
    name: str
    path: str

    def request(self, values: dict[str, str]) -> tuple[str, dict[str, str] | None]:
        body = {key: text.format(**values) for key, text in BODIES.get(self.kind, {}).items()}
        return self.path.format(**{name: quote(value) for name, value in values.items()}), body or None


CASES = (
    Case(LIST, "relations by number", R),
    Case(LIST, "relations by name", f"{R}?sort=name"),
    Case(LIST, "relations, changed last first", f"{R}?sort=-updated_at"),
    Case(LIST, "contacts by number", C),
    Case(LIST, "contacts by name", f"{C}?sort=name"),
    Case(LIST, "contacts of a relation", R + "/{relation}/contacts"),
    Case(LIST, "relations of a contact", C + "/{contact}/relations"),
    Case(LIST, "dossiers", "/v1/dossiers"),
    Case(FILTERED, "relations: persons", f"{R}?type=person"),
    Case(FILTERED, "relations: persons, by name", f"{R}?type=person&sort=name"),
    Case(FILTERED, "relations: prospects", f"{R}?status=prospect"),
    Case(FILTERED, "relations: prospects, by name, backwards", f"{R}?status=prospect&sort=-name"),
    Case(FILTERED, "relations: suppliers (there are none)", f"{R}?type=supplier"),
    Case(FILTERED, "relations: archived", f"{R}?archived=true"),
    Case(FILTERED, "relations: a rare legal form", f"{R}?legal_form=cooperative&sort=name"),
    Case(FILTERED, "relations: with a label", R + "?label_id={label}"),
    Case(FILTERED, "relations: with a product, by name", R + "?product_id={product}&sort=name"),
    Case(FILTERED, "relations: of a team member", R + "?team_member_id={member}"),
    Case(FILTERED, "relations: of a team member, changed last", R + "?team_member_id={member}&sort=-updated_at"),
    Case(FILTERED, "relations: of a kind, by name", R + "?kind_id={kind}&sort=name"),
    Case(FILTERED, "relations: by the id of another package", R + "?external_id=afas:A{number}"),
    Case(FILTERED, "relations: without a BSN", f"{R}?missing=bsn"),
    Case(FILTERED, "relations: without an OB number", f"{R}?missing=ob_number"),
    Case(FILTERED, "relations: without a product", f"{R}?missing=products"),
    Case(FILTERED, "relations: without an address, by name", f"{R}?missing=addresses&sort=name"),
    Case(FILTERED, "relations: without a contact (there is none)", f"{R}?missing=contacts"),
    Case(FILTERED, "contacts: invited", f"{C}?login_status=invited"),
    Case(SEARCH, "a whole name", R + "?q={name}"),
    Case(SEARCH, "two words", R + "?q={first}%20{surname}"),
    Case(SEARCH, "a surname", R + "?q={surname}"),
    Case(SEARCH, "a surname, by name", R + "?q={surname}&sort=name"),
    Case(SEARCH, "a broad word", f"{R}?q=bedrijf"),
    Case(SEARCH, "one letter", R + "?q={letter}"),
    Case(SEARCH, "a word with two letters swapped", R + "?q={typo}"),
    Case(SEARCH, "nothing like it", f"{R}?q=xqzwvkj"),
    Case(SEARCH, "the first three digits of a number", R + "?q={prefix}"),
    Case(SEARCH, "a whole number", R + "?q={number}"),
    Case(SEARCH, "a relation's e-mail address", R + "?q={email}"),
    Case(SEARCH, "a contact's e-mail address", C + "?q={contact_email}"),
    Case(SEARCH, "a contact's name", C + "?q={contact_name}"),
    Case(SEARCH, "an RSIN", R + "?q={rsin}"),
    Case(SEARCH, "persons of a surname, changed last", R + "?type=person&q={surname}&sort=-updated_at"),
    Case(GET, "relation", R + "/{relation}"),
    Case(GET, "contact", C + "/{contact}"),
    Case(GET, "link", R + "/{relation}/contacts/{contact}"),
    Case(GET, "dossier", R + "/{relation}/dossier"),
    Case(GET, "team of a relation", R + "/{relation}/team"),
    Case(GET, "completeness of a relation", R + "/{relation}/completeness"),
    Case(GET, "changes, from the beginning", "/v1/changes?limit=50"),
    Case(NUMBER, "any number, by POST", f"{R}/search"),
    Case(MATCH, "corporation tax, by RSIN", f"{R}/match"),
)
# What is walked to the thousandth page, and what a page of 1 and of 200 is asked of.
DEEP = ("relations by number", "relations by name", "relations: persons", "contacts by name")

_ROWS = """
SELECT r.id, r.number, r.name, r.email, c.id contact, c.name contact_name, c.email contact_email,
       convert_from(i.lookup, 'UTF8') rsin
FROM relations r
JOIN contact_links l ON l.office_id = r.office_id AND l.relation_id = r.id
JOIN contacts c ON c.office_id = r.office_id AND c.id = l.contact_id
JOIN relation_identifiers i ON i.office_id = r.office_id AND i.relation_id = r.id AND i.kind = 'rsin'
WHERE r.office_id = $1 AND r.archived_at IS NULL AND r.email IS NOT NULL AND (
    $2::uuid IS NULL
    OR EXISTS (SELECT FROM relation_roles o WHERE o.office_id = $1 AND o.relation_id = r.id AND o.team_member_id = $2))
ORDER BY md5(r.number || l.function) LIMIT 200
"""
_PEOPLE = """
SELECT split_part(first_names, ' ', 1) first, split_part(surname, '-', 1) surname FROM relations
WHERE office_id = $1 AND type = 'person' ORDER BY md5(number) LIMIT 200
"""


def values_of(stage: Stage, who: str) -> Iterator[dict[str, str]]:
    """For each request other values, of rows that this caller sees; the same ones in every run but for ids."""
    random = Random(who)
    member = stage.office.first(Role.MUTATOR) if who == "mutator" else None
    rows = stage.fetch(_ROWS, stage.office.id, member)
    people = stage.fetch(_PEOPLE, stage.office.id)
    lists = {"label": "labels", "product": "products", "kind": "relation_kinds"}
    ids = {name: _ids(stage, table) for name, table in lists.items()}
    for place in count():
        row, person = rows[place % len(rows)], people[place % len(people)]
        word = str(person["surname"])
        cut = random.randrange(1, len(word) - 1) if len(word) > 2 else 0
        yield {
            "relation": str(row["id"]),
            "number": row["number"],
            "prefix": row["number"][:3],
            "name": row["name"],
            "email": row["email"],
            "rsin": row["rsin"],
            "contact": str(row["contact"]),
            "contact_name": row["contact_name"],
            "contact_email": email_key(row["contact_email"]),
            "first": person["first"],
            "surname": word,
            "typo": word[:cut] + word[cut : cut + 2][::-1] + word[cut + 2 :],
            "letter": random.choice("abdeghkmnrstvw"),
            "member": str(member or random.choice(stage.office.members)),
            **{name: random.choice(each) for name, each in ids.items()},
        }


def _ids(stage: Stage, table: str) -> list[str]:
    if table not in Base.metadata.tables:
        return [""]
    return [str(row["id"]) for row in stage.fetch(f"SELECT id FROM {table} WHERE office_id = $1", stage.office.id)]
