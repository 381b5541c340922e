"""Numbers by which returns are matched, and that a row gives to one relation while another has them: a warning.

What counts as another is as in ``relation_identifiers``: a person and his sole trader's business share a BSN rightly.
"""

from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.filings import WITH_RETURNS
from app.models import Import
from app.schemas.import_relations import RELATIONS
from app.services import import_rows
from app.services.import_findings import of_row
from app.services.relation_identifiers import FIELDS, MATCHED

FIELD_OF = {kind: field for field, kind in FIELDS.items() if kind in MATCHED}
# Numbers as the file gives them, and as those have them whom it leaves theirs; the same of one ``sort`` are shared.
# (By a window: pairs would be as many as the square of the rows that have one number copied down a column.)
SHARED = """
WITH given AS MATERIALIZED (
    SELECT r.number, i.relation_id, i.kind, i.lookup, coalesce(r.becomes->'relations'->>'type', t.type) AS type,
        CASE WHEN r.becomes->'relations' ? 'legal_form' THEN r.becomes->'relations'->>'legal_form'
            ELSE t.legal_form END AS legal_form
    FROM import_identifiers i
    JOIN import_rows r ON r.office_id = i.office_id AND r.import_id = i.import_id AND r.number = i.number
    LEFT JOIN relations t ON t.office_id = r.office_id AND t.id = r.subject_id
    WHERE i.office_id = :office_id AND i.import_id = :import_id AND i.kind = ANY(:kinds)
), kept AS (
    SELECT NULL::integer AS number, t.id, x.kind, x.lookup, t.type, t.legal_form FROM relation_identifiers x
    JOIN relations t ON t.office_id = x.office_id AND t.id = x.relation_id AND t.archived_at IS NULL
    WHERE x.office_id = :office_id AND (x.kind, x.lookup) IN (SELECT kind, lookup FROM given)
        AND NOT EXISTS (SELECT FROM import_rows s WHERE s.office_id = :office_id AND s.import_id = :import_id
            AND s.subject_id = t.id AND s.becomes->'kinds' ? x.kind)
), sorted AS (
    SELECT *, CASE WHEN kind = 'bsn' THEN concat_ws('/', type, legal_form)
        WHEN type = ANY(:with_returns) THEN '' ELSE type END AS sort
    FROM (SELECT * FROM given UNION ALL SELECT * FROM kept) both_of_them
)
SELECT DISTINCT number, kind FROM (
    SELECT number, kind, min(relation_id::text) OVER same <> max(relation_id::text) OVER same AS is_shared
    FROM sorted WINDOW same AS (PARTITION BY kind, lookup, sort)
) seen WHERE number IS NOT NULL AND is_shared
"""


async def warn(session: AsyncSession, of: Import) -> None:
    lists = {"kinds": list(MATCHED), "with_returns": list(WITH_RETURNS)}
    found = await session.execute(text(SHARED), {"office_id": of.office_id, "import_id": of.id} | lists)
    findings = defaultdict(list)
    for row in sorted(found, key=lambda row: list(MATCHED).index(row.kind)):
        findings[row.number].append(_finding(row.kind))
    rows = [{"number": number, "findings": each} for number, each in findings.items()]
    sets = "findings = r.findings || made.findings"
    await import_rows.rewrite(session, of, sets, "number integer, findings jsonb", rows)


def _finding(kind: str) -> dict[str, object]:
    field = FIELD_OF[kind]
    whose = f"Another relation has the same {MATCHED[kind]}, or gets it by another row"
    reason = f"{whose}; a return with it is matched with neither."
    return of_row(f"{field}_in_use", reason, "Check it.", RELATIONS.by_field[field], is_error=False)
