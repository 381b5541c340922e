"""What every table needs that the feed of changes follows: triggers that keep its newest change in ``changes``.

The database itself does it, so that no way of writing is forgotten: a cascade, a COPY, a statement by hand. It is one
statement for each statement. Whoever writes a change holds the lock of the row that it is about, so changes add no
way to block one another.
"""

from alembic import op

POSITION = "pg_current_xact_id()::text::bigint"
# How each table's rows are named in the feed: id, type, relation_id, contact_id.
NAMES = {
    "relations": "id, 'relation', id, NULL::uuid",
    "contacts": "id, 'contact', NULL::uuid, id",
    "contact_links": "gen_random_uuid(), 'contact_link', relation_id, contact_id",
}
# Each trigger's event, and the rows of the statement that it looks at.
TRIGGERS = {"inserted": ("INSERT", "NEW"), "updated": ("UPDATE", "NEW"), "deleted": ("DELETE", "OLD")}
# Only a link could get other ends, and then its old name is gone.
RENAMED = {"contact_links": {"renamed": ("UPDATE", "OLD")}}


def follow(table: str) -> None:
    """From now on; what is there already takes its place as changed now."""
    op.execute(
        f"CREATE FUNCTION follow_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS "
        f"$$ BEGIN {_upsert(table, 'touched')}; RETURN NULL; END $$"
    )
    for name, (event, rows) in (TRIGGERS | RENAMED.get(table, {})).items():
        op.execute(
            f"CREATE TRIGGER follow_{name} AFTER {event} ON {table} REFERENCING {rows} TABLE AS touched "
            f"FOR EACH STATEMENT EXECUTE FUNCTION follow_{table}()"
        )
    # Office by office: the owner of the tables, when it is a plain one, sees no row without saying whose.
    op.execute(
        f"""DO $$ DECLARE office uuid; BEGIN
            FOR office IN SELECT id FROM offices LOOP
                PERFORM set_config('app.office_id', office::text, true);
                {_upsert(table, f"{table} WHERE office_id = office")};
            END LOOP;
            PERFORM set_config('app.office_id', '', true);
        END $$"""
    )


def unfollow(table: str) -> None:
    for name in TRIGGERS | RENAMED.get(table, {}):
        op.execute(f"DROP TRIGGER follow_{name} ON {table}")
    op.execute(f"DROP FUNCTION follow_{table}()")


def _upsert(table: str, rows: str) -> str:
    return (
        f"INSERT INTO changes AS kept (office_id, id, type, relation_id, contact_id, position) "
        f"SELECT office_id, {NAMES[table]}, {POSITION} FROM {rows} ORDER BY id "
        f"ON CONFLICT (office_id, relation_id, contact_id) "
        f"DO UPDATE SET position = excluded.position, at = excluded.at WHERE kept.position <> excluded.position"
    )
