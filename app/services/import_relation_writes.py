"""How the planned rows of relations are written, and taken back: statements over rows of the plan (``:numbers``)."""

from collections.abc import Sequence

from pydantic_core import to_json

from app.models import Folder
from app.services import bulk, dossiers, import_writes, relation_team
from app.services.import_doing import Doing
from app.services.import_relation_rows import COLUMNS
from app.services.import_writes import THESE, mark_done, mark_undone

# Rows of tables that hang on a relation, and the columns that a plan has of them.
PARTS = {
    "relation_labels": "label_id uuid",
    "relation_products": "product_id uuid, starts_on date, ends_on date",
    "relation_external_ids": "system text, external_id text",
}
NUMBERS = "relation_id, kind, position, lookup, secret, is_personal, key_id"


async def hold(do: Doing, numbers: Sequence[int] = (), *, removes: bool = False) -> None:
    """Nobody changes or archives these meanwhile. Without ``numbers``: those of all rows."""
    await import_writes.hold(do, numbers, "relations", removes=removes)
    # And nobody else moves any: in the order in which a single change takes both (services/relations.py).
    await do("SELECT pg_advisory_xact_lock(hashtextextended('parents/' || CAST(CAST(:office_id AS uuid) AS text), 0))")


async def create(do: Doing, numbers: Sequence[int]) -> None:
    await import_writes.insert(do, numbers, "relations", COLUMNS)
    await _add_parts(do, numbers, "becomes")
    await _add_numbers(do, numbers, is_before=False)
    entries = [{"member": member, "role": role} for member, role in await relation_team.first(do.session, do.actor)]
    await do(
        "INSERT INTO relation_roles (office_id, id, relation_id, team_member_id, role) "
        "SELECT r.office_id, uuid7(), r.subject_id, e.member, e.role FROM import_rows r "
        f"CROSS JOIN jsonb_to_recordset(CAST(:entries AS jsonb)) AS e (member uuid, role text) WHERE {THESE}",
        numbers,
        entries=to_json(entries).decode(),
    )
    await _add_dossiers(do, numbers)
    await _record(do, numbers, "relation.created", "'number', r.becomes->'relations'->'number'")
    await mark_done(do, numbers, "1")


async def update(do: Doing, numbers: Sequence[int]) -> None:
    await import_writes.remember(do, numbers, "relations")
    for table, columns in PARTS.items():
        pairs = ", ".join(f"'{name}', p.{name}" for name in _names(columns))
        await do(
            f"UPDATE import_rows r SET before = r.before || jsonb_build_object('{table}', (SELECT "
            f"coalesce(jsonb_agg(jsonb_build_object({pairs})), '[]') FROM {table} p WHERE p.office_id = r.office_id "
            f"AND p.relation_id = r.subject_id)) WHERE r.becomes ? '{table}' AND {THESE}",
            numbers,
        )
    listed = ", ".join(f"i.{name}" for name in _names(NUMBERS))
    await do(
        f"INSERT INTO import_identifiers (office_id, id, import_id, number, is_before, {NUMBERS}) "
        f"SELECT r.office_id, uuid7(), r.import_id, r.number, true, {listed} FROM import_rows r "
        "JOIN relation_identifiers i ON i.office_id = r.office_id AND i.relation_id = r.subject_id "
        f"AND r.becomes->'kinds' ? i.kind WHERE {THESE}",
        numbers,
    )
    await _exchange(do, numbers, "becomes")
    await _record(do, numbers, "relation.changed", "'fields', r.fields")
    await mark_done(do, numbers, "r.subject_version + 1")


async def restore(do: Doing, numbers: Sequence[int]) -> None:
    await _exchange(do, numbers, "before")
    await _record(do, numbers, "relation.changed", "'fields', r.fields, 'is_undone', true")
    await import_writes.hand_back(do, numbers, "relations")
    await mark_undone(do, numbers)


async def remove(do: Doing, numbers: Sequence[int]) -> None:
    """Nothing of it is left but the history."""
    await _record(do, numbers, "relation.removed", "'number', r.becomes->'relations'->'number'")
    of_these = f"IN (SELECT r.subject_id FROM import_rows r WHERE {THESE})"
    theirs = f"IN (SELECT d.id FROM dossiers d WHERE d.office_id = :office_id AND d.relation_id {of_these})"
    await do(f"DELETE FROM folders f WHERE f.office_id = :office_id AND f.dossier_id {theirs}", numbers)
    await do(f"DELETE FROM dossiers d WHERE d.office_id = :office_id AND d.relation_id {of_these}", numbers)
    await do(f"DELETE FROM relations t WHERE t.office_id = :office_id AND t.id {of_these}", numbers)
    await mark_undone(do, numbers)


def _names(columns: str) -> list[str]:
    return [each.split()[0] for each in columns.split(", ")]


async def _exchange(do: Doing, numbers: Sequence[int], side: str) -> None:
    """What stands on this side of the plan takes the place of what is there."""
    for table in PARTS:
        await do(
            f"DELETE FROM {table} p USING import_rows r WHERE p.office_id = r.office_id "
            f"AND p.relation_id = r.subject_id AND r.becomes ? '{table}' AND {THESE}",
            numbers,
        )
    await do(
        "DELETE FROM relation_identifiers i USING import_rows r WHERE i.office_id = r.office_id "
        f"AND i.relation_id = r.subject_id AND r.becomes->'kinds' ? i.kind AND {THESE}",
        numbers,
    )
    await import_writes.take(do, numbers, "relations", COLUMNS, side)
    await _add_parts(do, numbers, side)
    await _add_numbers(do, numbers, is_before=side == "before")


async def _add_parts(do: Doing, numbers: Sequence[int], side: str) -> None:
    for table, columns in PARTS.items():
        names = _names(columns)
        await do(
            f"INSERT INTO {table} (office_id, id, relation_id, {', '.join(names)}) "
            f"SELECT r.office_id, uuid7(), r.subject_id, {', '.join(f'p.{name}' for name in names)} "
            f"FROM import_rows r CROSS JOIN LATERAL jsonb_to_recordset(r.{side}->'{table}') AS p ({columns}) "
            f"WHERE {THESE}",
            numbers,
        )


async def _add_numbers(do: Doing, numbers: Sequence[int], *, is_before: bool) -> None:
    await do(
        f"INSERT INTO relation_identifiers (office_id, id, {NUMBERS}) SELECT office_id, id, {NUMBERS} "
        f"FROM import_identifiers r WHERE is_before = :is_before AND {THESE}",
        numbers,
        is_before=is_before,
    )


async def _add_dossiers(do: Doing, numbers: Sequence[int]) -> None:
    await do(
        "INSERT INTO dossiers (office_id, id, relation_id, version) "
        f"SELECT r.office_id, r.id, r.subject_id, 1 FROM import_rows r WHERE {THESE}",
        numbers,
    )
    folders = await dossiers.first_folders(do.session, do.actor)
    names = list(folders[0])
    await do(
        f"INSERT INTO folders (office_id, id, dossier_id, version, {', '.join(names)}) "
        f"SELECT d.office_id, uuid7(), d.id, 1, {', '.join(f'f.{name}' for name in names)} "
        "FROM import_rows r JOIN dossiers d ON d.office_id = r.office_id AND d.relation_id = r.subject_id "
        f"CROSS JOIN jsonb_to_recordset(CAST(:folders AS jsonb)) AS f ({bulk.columns_of(Folder, names)}) WHERE {THESE}",
        numbers,
        folders=to_json(folders).decode(),
    )


async def _record(do: Doing, numbers: Sequence[int], action: str, data: str) -> None:
    about = "'relation', r.subject_id, r.subject_id"
    await import_writes.record(do, numbers, action, data, about, f"import_rows r WHERE {THESE}")
