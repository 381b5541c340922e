"""search and filters"""

import sqlalchemy as sa
from alembic import op

from app.search import text_of
from migrations.tenancy import OFFICE, each_office, fill, role

revision = "8d1f0a6c2b34"
down_revision = "44bc9587dad4"
branch_labels = None
depends_on = None

TABLES = ("relations", "contacts")
SEARCHED = ("number", "name", "initials", "first_names", "email")
FILTERS = ("type", "status", "legal_form", "parent_id")
# LIKE and similarity are not leakproof, so row-level security keeps them from every index. These functions of the
# owner ask the index of the office of the transaction, and give nothing but ids and how like they are.
FUNCTIONS = {
    "found_{table}(patterns text[], most integer) RETURNS SETOF uuid": (
        "SELECT id FROM {table} WHERE office_id = {office} AND search LIKE patterns[1] AND search LIKE ALL (patterns) "
        "LIMIT most"
    ),
    # All that are like it, since only who asks knows which of them he may see and wants.
    "near_{table}(wanted text) RETURNS TABLE (id uuid, likeness real)": (
        "SELECT id, word_similarity(wanted, search) FROM {table} WHERE office_id = {office} AND wanted <% search"
    ),
}


def upgrade() -> None:
    for extension in ("pg_trgm", "btree_gin"):  # both trusted: the owner of the database may
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.add_column("contacts", sa.Column("search", sa.Text(), server_default="", nullable=False))
    for table in TABLES:
        for office in each_office():
            fill(table, "search", office, *SEARCHED, value=text_of)
        op.create_index(
            op.f(f"ix_{table}_office_id_search"),
            table,
            ["office_id", "search"],
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        )
        # Row-level security is forced on a plain owner too: for his functions he may read, and still not write.
        op.execute(f"CREATE POLICY finder ON {table} FOR SELECT TO CURRENT_USER USING (true)")
        for declaration, body in FUNCTIONS.items():
            _create(declaration.format(table=table), body.format(table=table, office=OFFICE))
    op.drop_index(op.f("ix_relations_office_id_parent_id"), table_name="relations")
    for column in FILTERS:
        name = op.f(f"ix_relations_office_id_{column}_number_sort_id")
        op.create_index(name, "relations", ["office_id", column, "number_sort", "id"])
    archived = {"postgresql_where": "archived_at IS NOT NULL"}
    op.create_index("ix_relations_archived", "relations", ["office_id", "number_sort", "id"], **archived)
    op.create_index(op.f("ix_dossiers_office_id_created_at_id"), "dossiers", ["office_id", "created_at", "id"])


def _create(declaration: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION {declaration} LANGUAGE sql STABLE SECURITY DEFINER "
        "SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan "
        f"SET pg_trgm.word_similarity_threshold = 0.3 AS $$ {body} $$"
    )
    signature = _signature(declaration)
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f'GRANT EXECUTE ON FUNCTION {signature} TO "{role()}"')


def _signature(declaration: str) -> str:
    return declaration.partition(" RETURNS ")[0]


def downgrade() -> None:
    op.drop_index(op.f("ix_dossiers_office_id_created_at_id"), table_name="dossiers")
    op.drop_index("ix_relations_archived", table_name="relations")
    for column in FILTERS:
        op.drop_index(op.f(f"ix_relations_office_id_{column}_number_sort_id"), table_name="relations")
    op.create_index(op.f("ix_relations_office_id_parent_id"), "relations", ["office_id", "parent_id"])
    for table in TABLES:
        for declaration in FUNCTIONS:
            op.execute(f"DROP FUNCTION {_signature(declaration).format(table=table)}")
        op.execute(f"DROP POLICY finder ON {table}")
        op.drop_index(op.f(f"ix_{table}_office_id_search"), table_name=table)
    op.drop_column("contacts", "search")
