"""How the planned rows of contacts are written, and taken back: statements over rows of the plan (``:numbers``)."""

from collections.abc import Sequence
from typing import Any

from app.services import import_contact_links, import_writes
from app.services.import_contact_rows import COLUMNS
from app.services.import_writes import ALL, DONE, PLANNED, THESE, mark_done, mark_undone

CHANGED = "r.becomes ? 'contacts'"


def outdated(these: str) -> str:
    """Rows of the plan, and why they can not be written as planned. ``these``: a condition on them (``r``)."""
    return f"""
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
    UNION ALL {import_contact_links.outdated(these)}
) found
ORDER BY number
"""


REASONS = import_contact_links.REASONS | {
    "gone": "The contact of this row is gone.",
    "changed": "The contact of this row was changed since.",
    "number_taken": "There is a contact with this number now.",
    "email_taken": "There is another contact with this e-mail address now.",
}


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
    "has_links": f"r.action = 'create' AND {import_contact_links.HAS_OTHERS}",
    "relation_archived": import_contact_links.OF_ARCHIVED,
    "link_changed_since": import_contact_links.CHANGED_SINCE,
    "preferred_taken": import_contact_links.OTHER_PREFERRED,
    "email_taken": "EXISTS (SELECT FROM contacts o WHERE o.office_id = r.office_id AND o.id <> t.id "
    "AND o.email_key = r.before->'contacts'->>'email_key')",
}


async def hold(do: Any, numbers: Sequence[int] = (), *, removes: bool = False) -> None:
    """Nobody changes or links these meanwhile. Without ``numbers``: those of all rows."""
    await import_writes.hold(do, numbers, "contacts", removes=removes)
    await import_contact_links.hold(do, numbers)


async def create(do: Any, numbers: Sequence[int]) -> None:
    """Nobody is invited: a login is given by hand."""
    await import_writes.insert(do, numbers, "contacts", COLUMNS, login_status="'none'")
    await _record(do, numbers, "contact.created", "'number', r.becomes->'contacts'->'number'")
    await import_contact_links.put(do, numbers)
    await mark_done(do, numbers, "1")


async def update(do: Any, numbers: Sequence[int]) -> None:
    await import_writes.remember(do, numbers, "contacts")
    await import_writes.take(do, numbers, "contacts", COLUMNS, "becomes", CHANGED)
    await _end_logins(do, numbers)
    await _record(do, numbers, "contact.changed", "'fields', r.fields - 'links'", CHANGED)
    await import_contact_links.put(do, numbers)
    await mark_done(do, numbers, f"r.subject_version + ({CHANGED})::integer")


async def restore(do: Any, numbers: Sequence[int]) -> None:
    await import_contact_links.take_back(do, numbers)
    await import_writes.take(do, numbers, "contacts", COLUMNS, "before", CHANGED)
    await _end_logins(do, numbers)
    await _record(do, numbers, "contact.changed", "'fields', r.fields - 'links', 'is_undone', true", CHANGED)
    await mark_undone(do, numbers)


async def hand_back(do: Any) -> None:
    await import_writes.hand_back(do, "contacts")


async def remove(do: Any, numbers: Sequence[int]) -> None:
    """Nothing of them is left but the history."""
    await import_contact_links.take_back(do, numbers)
    await _record(do, numbers, "contact.removed", "'number', r.becomes->'contacts'->'number'")
    await do(
        "DELETE FROM contacts t USING import_rows r "
        f"WHERE t.office_id = r.office_id AND t.id = r.subject_id AND {THESE}",
        numbers,
    )
    await mark_undone(do, numbers)


async def keep_what_went_on(do: Any) -> None:
    await import_writes.keep(do, "contacts", WENT_ON)
    await do(  # of those that need one another all go back, or none
        f"UPDATE import_rows r SET outcome = 'other_row_stays' WHERE {DONE} AND r.together IN ("
        f"SELECT r.together FROM import_rows r WHERE {ALL} AND r.together IS NOT NULL AND r.outcome <> 'done')"
    )


async def _end_logins(do: Any, numbers: Sequence[int]) -> None:
    """Sessions and invitations of those who get another e-mail address, as ``contacts.change`` does."""
    for table, ended in (("auth_tokens", "revoked_at"), ("invitations", "used_at")):
        await do(
            f"UPDATE {table} o SET {ended} = now() FROM import_rows r WHERE o.office_id = r.office_id "
            f"AND o.contact_id = r.subject_id AND o.{ended} IS NULL "
            f"AND r.becomes->'contacts' ? 'email_key' AND {THESE}",
            numbers,
        )


async def _record(do: Any, numbers: Sequence[int], action: str, data: str, which: str = "true") -> None:
    about = "'contact', r.subject_id, NULL::uuid"
    await import_writes.record(do, numbers, action, data, about, f"import_rows r WHERE {which} AND {THESE}")
