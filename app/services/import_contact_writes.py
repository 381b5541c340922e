"""How the planned rows of contacts are written, and taken back: statements over rows of the plan (``:numbers``)."""

from collections.abc import Sequence

from app.services import import_contact_links, import_writes
from app.services.import_contact_rows import COLUMNS
from app.services.import_doing import Doing
from app.services.import_writes import THESE, mark_done, mark_undone

CHANGED = "r.becomes ? 'contacts'"


async def hold(do: Doing, numbers: Sequence[int] = (), *, removes: bool = False) -> None:
    """Nobody changes or links these meanwhile. Without ``numbers``: those of all rows."""
    await import_writes.hold(do, numbers, "contacts", removes=removes)
    await import_contact_links.hold(do, numbers)


async def create(do: Doing, numbers: Sequence[int]) -> None:
    """Nobody is invited: a login is given by hand."""
    await import_writes.insert(do, numbers, "contacts", COLUMNS, login_status="'none'")
    await _record(do, numbers, "contact.created", "'number', r.becomes->'contacts'->'number'")
    await import_contact_links.put(do, numbers)
    await mark_done(do, numbers, "1")


async def update(do: Doing, numbers: Sequence[int]) -> None:
    await import_writes.remember(do, numbers, "contacts")
    await import_writes.take(do, numbers, "contacts", COLUMNS, "becomes", CHANGED)
    await _end_logins(do, numbers)
    await _record(do, numbers, "contact.changed", "'fields', r.fields - 'links'", CHANGED)
    await import_contact_links.put(do, numbers)
    await mark_done(do, numbers, f"r.subject_version + ({CHANGED})::integer")


async def restore(do: Doing, numbers: Sequence[int]) -> None:
    await import_contact_links.take_back(do, numbers)
    await import_writes.take(do, numbers, "contacts", COLUMNS, "before", CHANGED)
    await _end_logins(do, numbers)
    await _record(do, numbers, "contact.changed", "'fields', r.fields - 'links', 'is_undone', true", CHANGED)
    await import_writes.hand_back(do, numbers, "contacts")
    await mark_undone(do, numbers)


async def remove(do: Doing, numbers: Sequence[int]) -> None:
    """Nothing of them is left but the history."""
    await import_contact_links.take_back(do, numbers)
    await _record(do, numbers, "contact.removed", "'number', r.becomes->'contacts'->'number'")
    await do(
        "DELETE FROM contacts t USING import_rows r "
        f"WHERE t.office_id = r.office_id AND t.id = r.subject_id AND {THESE}",
        numbers,
    )
    await mark_undone(do, numbers)


async def _end_logins(do: Doing, numbers: Sequence[int]) -> None:
    """Sessions and invitations of those who get another e-mail address, as ``contacts.change`` does."""
    for table, ended in (("auth_tokens", "revoked_at"), ("invitations", "used_at")):
        await do(
            f"UPDATE {table} o SET {ended} = now() FROM import_rows r WHERE o.office_id = r.office_id "
            f"AND o.contact_id = r.subject_id AND o.{ended} IS NULL "
            f"AND r.becomes->'contacts' ? 'email_key' AND {THESE}",
            numbers,
        )


async def _record(do: Doing, numbers: Sequence[int], action: str, data: str, which: str = "true") -> None:
    about = "'contact', r.subject_id, NULL::uuid"
    await import_writes.record(do, numbers, action, data, about, f"import_rows r WHERE {which} AND {THESE}")
