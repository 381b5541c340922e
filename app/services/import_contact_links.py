"""How the links in a plan of contacts are written, and taken back.

A plan has of each link what it ``becomes`` and what it ``was``, null: it is made; and as ``taken`` the link that makes
somebody else the relation's preferred contact until then. Each row that touches a link adds one to its version, and
the plan has the one before all of them: who touch the same are done at once (``ImportRow.together``).
"""

import json
from collections.abc import Sequence

from app.schemas.contact_links import ContactLinkPut
from app.schemas.import_contacts import OF_LINKS
from app.services import import_writes
from app.services.import_doing import Doing
from app.services.import_writes import THESE

ENTRY = (
    "e (id uuid, relation_id uuid, relation_key text, version integer, becomes jsonb, was jsonb, taken_id uuid, "
    "taken_version integer, contact_id uuid)"
)
OF_ROW = f"CROSS JOIN LATERAL jsonb_to_recordset(r.becomes->'links') AS {ENTRY}"
OF_IMPORT = f"import_rows r {OF_ROW} WHERE r.office_id = :office_id AND r.import_id = :import_id"
# Put together first: PostgreSQL takes what it has no statistics of for large, and would read all links of the office.
OF_THESE = (
    "jsonb_to_recordset((SELECT jsonb_agg(each || jsonb_build_object('contact_id', r.subject_id)) FROM import_rows r "
    f"CROSS JOIN LATERAL jsonb_array_elements(r.becomes->'links') each WHERE {THESE})) AS {ENTRY}"
)
NAMES = ", ".join(OF_LINKS)
NEW = ", ".join(f"n.{name}" for name in OF_LINKS)
# All that a new link says: what a file says, and what only the API can.
UNSAID = {name: field.default for name, field in ContactLinkPut.model_fields.items() if name not in OF_LINKS}
SAID = f"e.becomes || '{json.dumps(UNSAID)}'"


async def hold(do: Doing, numbers: Sequence[int]) -> None:
    """The relations, after the contacts: nobody changes a link of theirs meanwhile."""
    these = f"import_rows r {OF_ROW} WHERE {THESE}" if numbers else OF_IMPORT
    await do(
        "SELECT t.id FROM relations t WHERE t.office_id = :office_id AND t.id IN ("
        f"SELECT e.relation_id FROM {these}) ORDER BY t.id FOR NO KEY UPDATE",
        numbers,
    )


async def put(do: Doing, numbers: Sequence[int]) -> None:
    await _prefer(do, numbers, is_preferred=False)
    await _change(do, numbers, "becomes", "was")
    await do(
        f"INSERT INTO contact_links (office_id, id, version, contact_id, relation_id, preferred_for, may_approve, "
        f"{NAMES}) SELECT :office_id, e.id, 1, e.contact_id, e.relation_id, '{{}}', '{{}}', {NEW} FROM {OF_THESE} "
        "CROSS JOIN LATERAL jsonb_populate_record(NULL::contact_links, e.becomes) n WHERE e.was IS NULL",
        numbers,
    )
    await _record_new(do, numbers, "created", f"'after', {SAID}")


async def take_back(do: Doing, numbers: Sequence[int]) -> None:
    await _record_new(do, numbers, "deleted", f"'before', {SAID}, 'is_undone', true")
    await do(
        f"DELETE FROM contact_links l USING {OF_THESE} WHERE l.office_id = :office_id AND l.id = e.id "
        "AND e.was IS NULL",
        numbers,
    )
    await _change(do, numbers, "was", "becomes")
    await _prefer(do, numbers, is_preferred=True)


async def _change(do: Doing, numbers: Sequence[int], to: str, since: str) -> None:
    """What is there becomes as this side of the plan says."""
    await do(
        f"UPDATE contact_links t SET ({NAMES}) = (SELECT {NEW} FROM jsonb_populate_record(t, e.{to}) n), "
        f"version = t.version + 1, updated_at = now() FROM {OF_THESE} "
        "WHERE t.office_id = :office_id AND t.id = e.id AND e.was IS NOT NULL",
        numbers,
    )
    fields = '(SELECT jsonb_agg(k ORDER BY k COLLATE "C") FROM jsonb_object_keys(e.becomes) k)'
    data = f"'fields', {fields}, 'before', e.{since}, 'after', e.{to}"
    await _record(do, numbers, "changed", data + _undone(to == "was"), "e.was IS NOT NULL")


async def _prefer(do: Doing, numbers: Sequence[int], *, is_preferred: bool) -> None:
    """Those whom the preferred ones of the rows took it from have it no more, or again."""
    await do(
        "UPDATE contact_links l SET is_preferred = :is_preferred, version = l.version + 1, updated_at = now() "
        f"FROM {OF_THESE} WHERE l.office_id = :office_id AND l.id = e.taken_id",
        numbers,
        is_preferred=is_preferred,
    )
    before, after = ("false", "true") if is_preferred else ("true", "false")
    said = [f"jsonb_build_object('is_preferred', {each})" for each in (before, after)]
    data = f"'fields', jsonb_build_array('is_preferred'), 'before', {said[0]}, 'after', {said[1]}"
    await _record(do, numbers, "changed", data + _undone(is_preferred), "true", "e.taken_id")


def _undone(is_undone: bool) -> str:
    return ", 'is_undone', true" if is_undone else ""


async def _record_new(do: Doing, numbers: Sequence[int], what: str, data: str) -> None:
    """Of links that the plan makes; it has all of them."""
    data = f"'contact_id', e.contact_id, 'portal_access', e.becomes->'portal_access', {data}"
    about = "'relation', e.relation_id, e.relation_id"
    await import_writes.record(do, numbers, f"contact_link.{what}", data, about, f"{OF_THESE} WHERE e.was IS NULL")


async def _record(do: Doing, numbers: Sequence[int], what: str, data: str, which: str, link: str = "e.id") -> None:
    data = f"'contact_id', l.contact_id, 'portal_access', l.portal_access, {data}"
    about = "'relation', l.relation_id, l.relation_id"
    of = f"{OF_THESE} JOIN contact_links l ON l.office_id = :office_id AND l.id = {link} WHERE {which}"
    await import_writes.record(do, numbers, f"contact_link.{what}", data, about, of)
