"""look at written"""

from alembic import op

from migrations.tenancy import role

revision = "e83b5f60c1d4"
down_revision = "c0a4f19be627"
branch_labels = None
depends_on = None

# What PostgreSQL has not looked at yet it takes for little: of an office of which it knows nothing it reads all rows
# for each one that is asked for. Whoever looks already does it for us.
LOOK = """
CREATE FUNCTION look_at_written() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE {tables} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
    ANALYZE {tables};
EXCEPTION WHEN lock_not_available THEN
    NULL;
END $$
"""
TABLES = (
    "relations", "relation_identifiers", "relation_labels", "relation_products", "relation_external_ids",
    "relation_roles", "dossiers", "folders", "contacts", "contact_links", "import_rows", "import_identifiers",
)  # fmt: skip


def upgrade() -> None:
    op.execute(LOOK.format(tables=", ".join(TABLES)))
    op.execute("REVOKE ALL ON FUNCTION look_at_written() FROM PUBLIC")
    op.execute(f'GRANT EXECUTE ON FUNCTION look_at_written() TO "{role()}"')


def downgrade() -> None:
    op.execute("DROP FUNCTION look_at_written()")
