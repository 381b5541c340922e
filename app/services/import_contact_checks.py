"""What keeps planned rows of contacts from being written, and written ones from being taken back: somebody went on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.services import import_writes
from app.services.import_contact_links import ENTRY, OF_ROW, SAID
from app.services.import_doing import Doing
from app.services.import_writes import ALL, DONE, PLANNED


async def outdated(session: AsyncSession, these: str, values: Mapping[str, Any]) -> dict[int, str]:
    """Rows of the plan, and why they can not be written as planned. ``these``: a condition on them (``r``)."""
    statement = f"""
SELECT DISTINCT ON (number) number, code FROM (
    SELECT r.number, CASE
        WHEN same.id IS NOT NULL THEN 'number_taken'
        WHEN mail.id IS NOT NULL THEN 'email_taken'
        WHEN t.id IS NULL THEN 'gone'
        ELSE 'changed'
    END AS code
    FROM import_rows r
    LEFT JOIN contacts t ON t.office_id = r.office_id AND t.id = r.subject_id AND t.deleted_at IS NULL
    LEFT JOIN contacts same ON same.office_id = r.office_id AND same.number_key = r.key AND r.action = 'create'
    LEFT JOIN contacts mail ON mail.office_id = r.office_id AND mail.id <> r.subject_id
        AND mail.email_key = r.becomes->'contacts'->>'email_key'
    WHERE {PLANNED}
        AND r.action IN ('create', 'update', 'unchanged') AND {these} AND (
        same.id IS NOT NULL OR mail.id IS NOT NULL
        OR (r.action <> 'create' AND t.version IS DISTINCT FROM r.subject_version)
    )
    UNION ALL {_of_links(these)}
) found
ORDER BY number
"""
    return await import_writes.codes(session, statement, values)


def _of_links(these: str) -> str:
    """Codes of rows whose links are no longer as they were when these were planned."""
    return f"""
SELECT r.number, CASE
    WHEN a.id IS NULL OR a.archived_at IS NOT NULL THEN 'relation_archived'
    WHEN a.number_key <> e.relation_key THEN 'relation_renumbered'
    WHEN l.id <> e.id OR l.version IS DISTINCT FROM e.version THEN 'link_changed'
    ELSE 'preferred_changed'
END AS code
FROM import_rows r {OF_ROW}
LEFT JOIN relations a ON a.office_id = r.office_id AND a.id = e.relation_id
LEFT JOIN contact_links l ON l.office_id = r.office_id AND l.contact_id = r.subject_id AND l.relation_id = e.relation_id
LEFT JOIN contact_links p ON p.office_id = r.office_id AND p.relation_id = e.relation_id AND p.is_preferred
    AND p.contact_id <> r.subject_id
WHERE {PLANNED} AND {these} AND (
    a.id IS NULL OR a.archived_at IS NOT NULL OR a.number_key <> e.relation_key
    OR l.id <> e.id OR l.version IS DISTINCT FROM e.version
    OR ((e.becomes->>'is_preferred')::boolean AND (p.id, p.version) IS DISTINCT FROM (e.taken_id, e.taken_version))
)
UNION ALL SELECT r.number, CASE WHEN a.number_key <> e.relation_key THEN 'relation_renumbered' ELSE 'link_changed' END
FROM import_rows r CROSS JOIN LATERAL jsonb_to_recordset(r.becomes->'same_links') AS {ENTRY}
LEFT JOIN relations a ON a.office_id = r.office_id AND a.id = e.relation_id
LEFT JOIN contact_links l ON l.office_id = r.office_id AND l.id = e.id
WHERE {PLANNED} AND r.action IN ('create', 'update', 'unchanged') AND {these}
    AND (a.number_key <> e.relation_key OR l.version IS DISTINCT FROM e.version)
"""


# What became of the links of each row since the commit, in one pass: a link is no longer as the commit left it (what it
# changed of it, or anything of one that it made); somebody changed it by hand, and be it back again; or an import after
# this one is about it, and goes first.
SINCE = f"""LEFT JOIN (
    WITH by_hand AS MATERIALIZED (
        SELECT DISTINCT v.relation_id || (v.data->>'contact_id') AS link FROM events v WHERE v.office_id = :office_id
        AND v.at > (SELECT m.created_at FROM imports m WHERE m.office_id = :office_id AND m.id = :import_id)
        AND v.action LIKE 'contact\\_link.%' AND NOT v.data ? 'import_id'
    ), later AS MATERIALIZED (
        SELECT DISTINCT (x->>'id')::uuid AS id FROM imports i
        JOIN import_rows o ON o.office_id = i.office_id AND o.import_id = i.id AND o.outcome = 'done'
        CROSS JOIN LATERAL jsonb_array_elements(o.becomes->'links') x
        WHERE i.office_id = :office_id AND i.id <> :import_id
        AND i.committed_at > (SELECT m.committed_at FROM imports m WHERE m.office_id = :office_id AND m.id = :import_id)
    )
    SELECT r.id, bool_or(a.archived_at IS NOT NULL) AS is_archived, bool_or(p.id IS NOT NULL) AS is_taken, bool_or(
        l.id IS NULL OR to_jsonb(l) || CASE WHEN e.was IS NULL THEN {SAID} ELSE e.becomes END <> to_jsonb(l)
        OR (e.taken_id IS NOT NULL AND o.is_preferred IS DISTINCT FROM false)
        OR by_hand.link IS NOT NULL OR o_by_hand.link IS NOT NULL OR later.id IS NOT NULL OR o_later.id IS NOT NULL
    ) AS is_changed
    FROM import_rows r {OF_ROW}
    LEFT JOIN relations a ON a.office_id = r.office_id AND a.id = e.relation_id
    LEFT JOIN contact_links l ON l.office_id = r.office_id AND l.id = e.id
    LEFT JOIN contact_links o ON o.office_id = r.office_id AND o.id = e.taken_id
    LEFT JOIN contact_links p ON p.office_id = r.office_id AND p.relation_id = e.relation_id AND p.is_preferred
        AND p.id <> e.id AND (e.was->>'is_preferred')::boolean
    LEFT JOIN by_hand ON by_hand.link = l.relation_id || l.contact_id::text
    LEFT JOIN by_hand o_by_hand ON o_by_hand.link = o.relation_id || o.contact_id::text
    LEFT JOIN later ON later.id = e.id
    LEFT JOIN later o_later ON o_later.id = e.taken_id
    WHERE {DONE} GROUP BY r.id
) since ON since.id = r.id"""
HAS_OTHERS = f"""EXISTS (
    SELECT FROM contact_links l WHERE l.office_id = r.office_id AND l.contact_id = t.id AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(r.becomes->'links') AS {ENTRY} WHERE e.id = l.id
    )
)"""


def _some(table: str) -> str:
    """Some of these are his."""
    return f"EXISTS (SELECT FROM {table} o WHERE o.office_id = r.office_id AND o.contact_id = t.id)"


# Why a committed row stays as it is when the import is undone: something went on from there.
WENT_ON = {
    "gone": "t.id IS NULL OR t.deleted_at IS NOT NULL",
    "has_login": "r.action = 'create' AND (t.login_status <> 'none' "
    f"OR {' OR '.join(_some(each) for each in ('invitations', 'auth_tokens', 'two_step_secrets'))})",
    "changed_since": "t.version <> r.subject_version",
    "has_requests": f"r.action = 'create' AND {_some('document_requests')}",
    "has_messages": f"r.action = 'create' AND {_some('conversation_participants')}",
    "has_links": f"r.action = 'create' AND {HAS_OTHERS}",
    "relation_archived": "since.is_archived",
    "link_changed_since": "since.is_changed",
    "preferred_taken": "since.is_taken",
    "email_taken": "EXISTS (SELECT FROM contacts o WHERE o.office_id = r.office_id AND o.id <> t.id "
    "AND o.email_key = r.before->'contacts'->>'email_key')",
}


async def keep_what_went_on(do: Doing) -> None:
    await import_writes.let_be(do, "contacts", WENT_ON, SINCE)
    await do(  # of those that need one another all go back, or none
        f"UPDATE import_rows r SET stays = 'other_row_stays' WHERE {DONE} AND r.together IN ("
        f"SELECT r.together FROM import_rows r WHERE {ALL} AND r.together IS NOT NULL AND r.stays IS NOT NULL)"
    )
