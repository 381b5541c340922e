"""How the links in a plan of contacts are written, and taken back.

A plan has of each link what it ``becomes`` and what it ``was``, null: it is made; and as ``taken`` the link that makes
somebody else the relation's preferred contact until then. Each row that touches a link adds one to its version, and
the plan has the one before all of them: who touch the same are done at once (``ImportRow.together``).
"""

import json
from collections.abc import Sequence
from typing import Any

from app.schemas.contact_links import ContactLinkPut
from app.schemas.import_contacts import OF_LINKS
from app.services import import_writes
from app.services.import_writes import PLANNED, THESE

ENTRY = (
    "e (id uuid, relation_id uuid, version integer, becomes jsonb, was jsonb, taken_id uuid, taken_version integer, "
    "contact_id uuid)"
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


def outdated(these: str) -> str:
    """Codes of rows whose links are no longer as they were when these were planned."""
    return f"""
SELECT r.number, CASE
    WHEN a.id IS NULL OR a.archived_at IS NOT NULL THEN 'relation_archived'
    WHEN l.id <> e.id OR l.version IS DISTINCT FROM e.version THEN 'link_changed'
    ELSE 'preferred_changed'
END AS code
FROM import_rows r {OF_ROW}
LEFT JOIN relations a ON a.office_id = r.office_id AND a.id = e.relation_id
LEFT JOIN contact_links l ON l.office_id = r.office_id AND l.contact_id = r.subject_id AND l.relation_id = e.relation_id
LEFT JOIN contact_links p ON p.office_id = r.office_id AND p.relation_id = e.relation_id AND p.is_preferred
    AND p.contact_id <> r.subject_id
WHERE {PLANNED} AND {these} AND (
    a.id IS NULL OR a.archived_at IS NOT NULL OR l.id <> e.id OR l.version IS DISTINCT FROM e.version
    OR ((e.becomes->>'is_preferred')::boolean AND (p.id, p.version) IS DISTINCT FROM (e.taken_id, e.taken_version))
)
"""


REASONS = {
    "relation_archived": "A relation that this row names is archived now, or gone.",
    "link_changed": "A link of this contact was made, changed or removed since.",
    "preferred_changed": "A relation that this row names has another preferred contact now.",
}
# A link is no longer as the commit left it: what it changed of it, or anything of one that it made.
CHANGED_SINCE = f"""EXISTS (
    SELECT FROM jsonb_to_recordset(r.becomes->'links') AS {ENTRY}
    LEFT JOIN contact_links l ON l.office_id = r.office_id AND l.id = e.id
    LEFT JOIN contact_links o ON o.office_id = r.office_id AND o.id = e.taken_id
    WHERE to_jsonb(l) || CASE WHEN e.was IS NULL THEN {SAID} ELSE e.becomes END IS DISTINCT FROM to_jsonb(l)
    OR l.id IS NULL OR (e.taken_id IS NOT NULL AND o.is_preferred IS DISTINCT FROM false)
)"""
OF_ARCHIVED = f"""EXISTS (
    SELECT FROM jsonb_to_recordset(r.becomes->'links') AS {ENTRY} JOIN relations a ON a.office_id = r.office_id
    AND a.id = e.relation_id AND a.archived_at IS NOT NULL
)"""
OTHER_PREFERRED = f"""EXISTS (
    SELECT FROM jsonb_to_recordset(r.becomes->'links') AS {ENTRY} JOIN contact_links l ON l.office_id = r.office_id
    AND l.relation_id = e.relation_id AND l.is_preferred AND l.id <> e.id WHERE (e.was->>'is_preferred')::boolean
)"""
HAS_OTHERS = f"""EXISTS (
    SELECT FROM contact_links l WHERE l.office_id = r.office_id AND l.contact_id = t.id AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(r.becomes->'links') AS {ENTRY} WHERE e.id = l.id
    )
)"""


async def hold(do: Any, numbers: Sequence[int]) -> None:
    """The relations, after the contacts: nobody changes a link of theirs meanwhile."""
    these = f"import_rows r {OF_ROW} WHERE {THESE}" if numbers else OF_IMPORT
    await do(
        "SELECT t.id FROM relations t WHERE t.office_id = :office_id AND t.id IN ("
        f"SELECT e.relation_id FROM {these}) ORDER BY t.id FOR NO KEY UPDATE",
        numbers,
    )


async def put(do: Any, numbers: Sequence[int]) -> None:
    await _prefer(do, numbers, is_preferred=False)
    await _change(do, numbers, "becomes", "was")
    await do(
        f"INSERT INTO contact_links (office_id, id, version, contact_id, relation_id, preferred_for, may_approve, "
        f"{NAMES}) SELECT :office_id, e.id, 1, e.contact_id, e.relation_id, '{{}}', '{{}}', {NEW} FROM {OF_THESE} "
        "CROSS JOIN LATERAL jsonb_populate_record(NULL::contact_links, e.becomes) n WHERE e.was IS NULL",
        numbers,
    )
    await _record_new(do, numbers, "created", f"'after', {SAID}")


async def take_back(do: Any, numbers: Sequence[int]) -> None:
    await _record_new(do, numbers, "deleted", f"'before', {SAID}, 'is_undone', true")
    await do(
        f"DELETE FROM contact_links l USING {OF_THESE} WHERE l.office_id = :office_id AND l.id = e.id "
        "AND e.was IS NULL",
        numbers,
    )
    await _change(do, numbers, "was", "becomes")
    await _prefer(do, numbers, is_preferred=True)


async def _change(do: Any, numbers: Sequence[int], to: str, since: str) -> None:
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


async def _prefer(do: Any, numbers: Sequence[int], *, is_preferred: bool) -> None:
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


async def _record_new(do: Any, numbers: Sequence[int], what: str, data: str) -> None:
    """Of links that the plan makes; it has all of them."""
    data = f"'contact_id', e.contact_id, 'portal_access', e.becomes->'portal_access', {data}"
    about = "'relation', e.relation_id, e.relation_id"
    await import_writes.record(do, numbers, f"contact_link.{what}", data, about, f"{OF_THESE} WHERE e.was IS NULL")


async def _record(do: Any, numbers: Sequence[int], what: str, data: str, which: str, link: str = "e.id") -> None:
    data = f"'contact_id', l.contact_id, 'portal_access', l.portal_access, {data}"
    about = "'relation', l.relation_id, l.relation_id"
    of = f"{OF_THESE} JOIN contact_links l ON l.office_id = :office_id AND l.id = {link} WHERE {which}"
    await import_writes.record(do, numbers, f"contact_link.{what}", data, about, of)
