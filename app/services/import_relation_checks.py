"""What keeps planned rows of relations from being written, and written ones from being taken back: somebody went on."""

from typing import Any

from app.services import import_writes
from app.services.import_writes import ALL, DONE, PLANNED

ARCHIVED = "r.action = 'update' AND t.archived_at IS NOT NULL"  # who says nothing new of it may name it
PARENT = "(r.becomes->'relations'->>'parent_id')::uuid"


def outdated(these: str) -> str:
    """Rows of the plan, and why they can not be written as planned. ``these``: a condition on them (``r``)."""
    return f"""
SELECT DISTINCT ON (number) number, code FROM (
    SELECT r.number, CASE
        WHEN r.action = 'create' AND same.id IS NOT NULL THEN 'number_taken'
        WHEN r.action <> 'create' AND t.id IS NULL THEN 'gone'
        WHEN r.action <> 'create' AND (t.version <> r.subject_version OR {ARCHIVED}) THEN 'changed'
        WHEN above.id IS NULL THEN 'parent_gone'
        ELSE 'parent_archived'
    END AS code
    FROM import_rows r
    LEFT JOIN relations t ON t.office_id = r.office_id AND t.id = r.subject_id
    LEFT JOIN relations same ON same.office_id = r.office_id AND same.number_key = r.key AND r.action = 'create'
    LEFT JOIN relations above ON above.office_id = r.office_id AND above.id = {PARENT}
    LEFT JOIN import_rows made ON made.office_id = r.office_id AND made.import_id = r.import_id
        AND made.subject_id = {PARENT} AND made.action = 'create' AND made.outcome IS NULL
    WHERE {PLANNED} AND r.action IN ('create', 'update', 'unchanged') AND {these} AND (
        (r.action <> 'create' AND (t.id IS NULL OR t.version <> r.subject_version OR {ARCHIVED}))
        OR same.id IS NOT NULL OR above.archived_at IS NOT NULL
        OR ({PARENT} IS NOT NULL AND above.id IS NULL AND made.id IS NULL)
    )
    UNION ALL
    SELECT r.number, 'external_id_taken' FROM import_rows r
    CROSS JOIN LATERAL jsonb_to_recordset(r.becomes->'relation_external_ids') AS e (system text, external_id text)
    JOIN relation_external_ids x ON x.office_id = :office_id AND x.system = e.system AND x.external_id = e.external_id
        AND x.relation_id <> r.subject_id
    WHERE {PLANNED} AND r.action IN ('create', 'update') AND {these}
    UNION ALL ({_in_rings(f"{PLANNED} AND r.action IN ('create', 'update') AND {these}", "becomes")})
) found
ORDER BY number
"""


def _in_rings(these: str, side: str) -> str:
    """Those that would be above themselves, were these rows as this side of the plan has them: upwards from each.

    (Each step by an index, whatever PostgreSQL takes these rows for: it may not have looked at them since the plan.)
    """
    moved = (
        f"SELECT r.number, r.action, r.subject_id, (r.{side}->'relations'->>'parent_id')::uuid AS parent_id "
        f"FROM import_rows r WHERE {these} AND r.{side}->'relations' ? 'parent_id'"
    )
    return f"""
WITH RECURSIVE up AS (
    SELECT number, subject_id, parent_id FROM ({moved}) moved
    WHERE action = 'update' AND parent_id IS NOT NULL
    UNION SELECT up.number, up.subject_id,
        CASE WHEN moved.subject_id IS NULL THEN t.parent_id ELSE moved.parent_id END
    FROM up LEFT JOIN LATERAL ({moved} AND r.subject_id = up.parent_id) moved ON true
    LEFT JOIN relations t ON t.office_id = :office_id AND t.id = up.parent_id
    WHERE up.parent_id <> up.subject_id
)
SELECT DISTINCT number, 'ring' AS code FROM up WHERE parent_id = subject_id
"""


REASONS = {
    "gone": "The relation of this row is gone.",
    "changed": "The relation of this row was changed since.",
    "number_taken": "There is a relation with this number now.",
    "external_id_taken": "Another relation has one of these ids of other packages by now.",
    "parent_gone": "The relation above the one of this row is not there.",
    "parent_archived": "The relation above the one of this row is archived now.",
    "ring": "The relation above the one of this row hangs below it by now.",
}
# Why a committed row stays as it is when the import is undone: something went on from there.
WENT_ON = {
    "gone": "t.id IS NULL",
    "changed_since": "t.version <> r.subject_version",
    "has_contacts": "r.action = 'create' AND EXISTS (SELECT FROM contact_links l WHERE l.office_id = r.office_id AND "
    "l.relation_id = t.id)",
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
    "parent_archived": "EXISTS (SELECT FROM relations p WHERE p.office_id = r.office_id "
    "AND p.id = (r.before->'relations'->>'parent_id')::uuid AND p.archived_at IS NOT NULL)",
    "citizen_numbers_off": "EXISTS (SELECT FROM import_identifiers i JOIN offices o ON o.id = i.office_id "
    "WHERE i.office_id = r.office_id AND i.import_id = r.import_id AND i.number = r.number AND i.is_before "
    "AND i.is_personal AND i.kind IN ('bsn', 'ob_number', 'lh_number') AND NOT o.keeps_citizen_numbers)",
    "has_folders": "r.action = 'create' AND EXISTS (SELECT FROM folders f JOIN dossiers d ON d.office_id = f.office_id "
    "AND d.id = f.dossier_id WHERE d.office_id = r.office_id AND d.relation_id = t.id "
    "AND (f.version > 1 OR f.created_at <> d.created_at))",
}


async def keep_what_went_on(do: Any) -> None:
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
    await import_writes.keep(do, "relations", WENT_ON)
    back = _in_rings(f"{DONE} AND r.action = 'update'", "before")
    while (  # who stays where he is may be below those who would go back
        await do(
            f"UPDATE import_rows r SET outcome = s.code FROM ({back}) s WHERE {ALL} AND r.number = s.number "
            "RETURNING r.id"
        )
    ).first():
        pass
    while (  # who stays keeps those above him
        await do(
            "UPDATE import_rows r SET outcome = 'has_children' WHERE r.action = 'create' "
            f"AND {DONE} AND EXISTS (SELECT FROM relations c WHERE c.office_id = r.office_id "
            "AND c.parent_id = r.subject_id AND NOT EXISTS (SELECT FROM import_rows s WHERE s.office_id = r.office_id "
            "AND s.import_id = r.import_id AND s.subject_id = c.id AND s.outcome = 'done' "
            "AND (s.action = 'create' OR s.before->'relations' ? 'parent_id'))) "
            "RETURNING r.id"
        )
    ).first():
        pass
