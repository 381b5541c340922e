"""What keeps planned rows of relations from being written, and written ones from being taken back: somebody went on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import import_writes
from app.services.import_doing import Doing
from app.services.import_parents import ring
from app.services.import_writes import DONE, PLANNED, THESE

ARCHIVED = "r.action = 'update' AND t.archived_at IS NOT NULL"  # who says nothing new of it may name it
PARENT = "(r.becomes->'relations'->>'parent_id')::uuid"


async def outdated(session: AsyncSession, these: str, values: Mapping[str, Any]) -> dict[int, str]:
    """Rows of the plan, and why they can not be written as planned. ``these``: a condition on them (``r``);
    ``values`` has the ids of entries of lists that ``changed``."""
    statement = f"""
SELECT DISTINCT ON (number) number, code FROM (
    SELECT r.number, CASE
        WHEN r.action = 'create' AND same.id IS NOT NULL THEN 'number_taken'
        WHEN r.action <> 'create' AND t.id IS NULL THEN 'gone'
        WHEN r.action <> 'create' AND (t.version <> r.subject_version OR {ARCHIVED}) THEN 'changed'
        WHEN above.id IS NULL THEN 'parent_gone'
        WHEN above.archived_at IS NOT NULL THEN 'parent_archived'
        ELSE 'parent_renumbered'
    END AS code
    FROM import_rows r
    LEFT JOIN relations t ON t.office_id = r.office_id AND t.id = r.subject_id
    LEFT JOIN relations same ON same.office_id = r.office_id AND same.number_key = r.key AND r.action = 'create'
    LEFT JOIN relations above ON above.office_id = r.office_id AND above.id = {PARENT}
    LEFT JOIN import_rows made ON made.office_id = r.office_id AND made.import_id = r.import_id
        AND made.subject_id = {PARENT} AND made.action = 'create' AND made.outcome IS NULL
    WHERE {PLANNED} AND r.action IN ('create', 'update', 'unchanged') AND {these} AND (
        (r.action <> 'create' AND (t.id IS NULL OR t.version <> r.subject_version OR {ARCHIVED}))
        OR same.id IS NOT NULL OR above.archived_at IS NOT NULL OR above.number_key <> r.becomes->>'above'
        OR ({PARENT} IS NOT NULL AND above.id IS NULL AND made.id IS NULL)
    )
    UNION ALL
    SELECT r.number, 'external_id_taken' FROM import_rows r
    CROSS JOIN LATERAL jsonb_to_recordset(r.becomes->'relation_external_ids') AS e (system text, external_id text)
    JOIN relation_external_ids x ON x.office_id = :office_id AND x.system = e.system AND x.external_id = e.external_id
        AND x.relation_id <> r.subject_id
    WHERE {PLANNED} AND r.action IN ('create', 'update') AND {these}
    UNION ALL
    SELECT r.number, 'list_changed' FROM import_rows r WHERE cardinality(CAST(:changed AS text[])) > 0 AND (
        ARRAY[r.becomes->'relations'->>'kind_id', r.becomes->'relations'->>'group_id'] && CAST(:changed AS text[])
        OR EXISTS (SELECT FROM jsonb_to_recordset(r.becomes->'relation_labels') AS b (label_id text)
            WHERE b.label_id = ANY(:changed))
        OR EXISTS (SELECT FROM jsonb_to_recordset(r.becomes->'relation_products') AS b (product_id text)
            WHERE b.product_id = ANY(:changed))
    ) AND {PLANNED} AND r.action IN ('create', 'update') AND {these}
    UNION ALL
    SELECT r.number, 'citizen_numbers_off' FROM import_rows r WHERE {_citizen_numbers_off(is_before=False)}
        AND {PLANNED} AND r.action IN ('create', 'update') AND {these}
) found
ORDER BY number
"""
    rings = await _in_rings(session, f"{PLANNED} AND r.action IN ('create', 'update') AND {these}", "becomes", values)
    return dict.fromkeys(rings, "ring") | await import_writes.codes(session, statement, values)


def _citizen_numbers_off(*, is_before: bool) -> str:
    """It has a citizen number, which the office does not keep any more."""
    which = "i.is_before" if is_before else "NOT i.is_before"
    return (
        "NOT (SELECT o.keeps_citizen_numbers FROM offices o WHERE o.id = :office_id) AND EXISTS ("
        "SELECT FROM import_identifiers i WHERE i.office_id = r.office_id AND i.import_id = r.import_id "
        f"AND i.number = r.number AND {which} AND i.is_personal AND i.kind IN ('bsn', 'ob_number', 'lh_number'))"
    )


async def _in_rings(session: AsyncSession, these: str, side: str, values: Mapping[str, Any]) -> list[int]:
    """Numbers of rows whose relations would be above themselves, were these rows as this side of the plan has them.

    (Each step upwards by an index, whatever PostgreSQL takes these rows for: it may not have looked at them since the
    plan.)
    """
    moved = (
        f"SELECT r.number, r.action, r.subject_id, (r.{side}->'relations'->>'parent_id')::uuid AS parent_id "
        f"FROM import_rows r WHERE {these} AND r.{side}->'relations' ? 'parent_id'"
    )
    mine = {row.subject_id: row.number for row in await session.execute(text(moved), values) if row.action == "update"}
    if not mine:
        return []
    upwards = f"""
WITH RECURSIVE up AS (
    SELECT subject_id AS id, parent_id FROM ({moved}) moved WHERE action = 'update' AND parent_id IS NOT NULL
    UNION SELECT up.parent_id, CASE WHEN moved.subject_id IS NULL THEN t.parent_id ELSE moved.parent_id END
    FROM up LEFT JOIN LATERAL ({moved} AND r.subject_id = up.parent_id) moved ON true
    LEFT JOIN relations t ON t.office_id = :office_id AND t.id = up.parent_id
    WHERE up.parent_id IS NOT NULL
)
SELECT id, parent_id FROM up
"""
    above = {row.id: row.parent_id for row in await session.execute(text(upwards), values)}
    seen: set[UUID] = set()
    rings = (each for start in mine for each in ring(start, above, seen))
    return sorted(mine[each] for each in rings if each in mine)


# The relations below which the undo of another import puts some back.
NEEDED = """LEFT JOIN (
    SELECT DISTINCT (o.before->'relations'->>'parent_id')::uuid AS id FROM import_rows o
    WHERE o.office_id = :office_id AND o.import_id <> :import_id AND o.outcome = 'done'
) needed ON needed.id = r.subject_id"""
# Why a committed row stays as it is when the import is undone: something went on from there.
WENT_ON = {
    "gone": "t.id IS NULL",
    "changed_since": "t.version <> r.subject_version",
    "has_contacts": "r.action = 'create' AND EXISTS (SELECT FROM contact_links l WHERE l.office_id = r.office_id AND "
    "l.relation_id = t.id)",
    "other_import_needs_it": "r.action = 'create' AND needed.id IS NOT NULL",
    "has_messages": "r.action = 'create' AND EXISTS (SELECT FROM conversations c WHERE c.office_id = r.office_id AND "
    "c.relation_id = t.id)",
    "has_requests": "r.action = 'create' AND EXISTS (SELECT FROM document_requests q WHERE q.office_id = r.office_id "
    "AND q.relation_id = t.id)",
    "has_documents": "r.action = 'create' AND EXISTS (SELECT FROM dossier_items i JOIN dossiers d ON d.office_id = "
    "i.office_id AND d.id = i.dossier_id WHERE d.office_id = r.office_id AND d.relation_id = t.id)",
    "list_changed": "r.action = 'update' AND ("
    "EXISTS (SELECT FROM jsonb_to_recordset(r.before->'relation_labels') AS b (label_id uuid) WHERE NOT EXISTS "
    "(SELECT FROM labels l WHERE l.office_id = r.office_id AND l.id = b.label_id)) "
    "OR EXISTS (SELECT FROM jsonb_to_recordset(r.before->'relation_products') AS b (product_id uuid) WHERE NOT EXISTS "
    "(SELECT FROM products p WHERE p.office_id = r.office_id AND p.id = b.product_id)) "
    "OR NOT EXISTS (SELECT FROM relation_kinds k WHERE k.office_id = r.office_id "
    "AND k.id = (r.before->'relations'->>'kind_id')::uuid) AND r.before->'relations'->>'kind_id' IS NOT NULL "
    "OR NOT EXISTS (SELECT FROM relation_groups g WHERE g.office_id = r.office_id "
    "AND g.id = (r.before->'relations'->>'group_id')::uuid) AND r.before->'relations'->>'group_id' IS NOT NULL)",
    "external_id_taken": "r.action = 'update' AND EXISTS (SELECT FROM jsonb_to_recordset("
    "r.before->'relation_external_ids') AS b (system text, external_id text) JOIN relation_external_ids x "
    "ON x.office_id = r.office_id AND x.system = b.system AND x.external_id = b.external_id AND x.relation_id <> t.id)",
    "parent_gone": "r.before->'relations'->>'parent_id' IS NOT NULL AND NOT EXISTS (SELECT FROM relations p WHERE "
    "p.office_id = r.office_id AND p.id = (r.before->'relations'->>'parent_id')::uuid)",
    "parent_archived": "EXISTS (SELECT FROM relations p JOIN imports i ON i.office_id = p.office_id "
    "WHERE p.office_id = r.office_id AND i.id = r.import_id AND p.archived_at > i.created_at "
    "AND p.id = (r.before->'relations'->>'parent_id')::uuid)",
    "citizen_numbers_off": _citizen_numbers_off(is_before=True),
    "has_folders": "r.action = 'create' AND EXISTS (SELECT FROM folders f JOIN dossiers d ON d.office_id = f.office_id "
    "AND d.id = f.dossier_id WHERE d.office_id = r.office_id AND d.relation_id = t.id "
    "AND (f.version > 1 OR f.created_at <> d.created_at))",
}


async def keep_what_went_on(do: Doing) -> None:
    # Whoever puts something into one of the dossiers at this moment is waited for.
    of_new = "SELECT r.subject_id FROM import_rows r WHERE r.action = 'create' AND " + DONE
    await do(
        f"SELECT d.id FROM dossiers d WHERE d.office_id = :office_id AND d.relation_id IN ({of_new}) "
        "ORDER BY d.id FOR UPDATE"
    )
    await do(
        "SELECT f.id FROM folders f JOIN dossiers d ON d.office_id = f.office_id AND d.id = f.dossier_id "
        f"WHERE f.office_id = :office_id AND d.relation_id IN ({of_new}) ORDER BY f.id FOR UPDATE OF f"
    )
    await import_writes.let_be(do, "relations", WENT_ON, NEEDED)
    back = f"{DONE} AND r.action = 'update'"
    values = {"office_id": do.run.office_id, "import_id": do.run.of.id}
    # Who stays may be below those who would go back.
    while rings := await _in_rings(do.session, back, "before", values):
        await do(f"UPDATE import_rows r SET stays = 'ring' WHERE {THESE}", rings)
    while (  # who stays keeps those above him
        await do(
            "UPDATE import_rows r SET stays = 'has_children' WHERE r.action = 'create' "
            f"AND {DONE} AND EXISTS (SELECT FROM relations c WHERE c.office_id = r.office_id "
            "AND c.parent_id = r.subject_id AND NOT EXISTS (SELECT FROM import_rows s WHERE s.office_id = r.office_id "
            "AND s.import_id = r.import_id AND s.subject_id = c.id AND s.outcome = 'done' AND s.stays IS NULL "
            "AND (s.action = 'create' OR s.before->'relations' ? 'parent_id'))) "
            "RETURNING r.id"
        )
    ).first():
        pass
