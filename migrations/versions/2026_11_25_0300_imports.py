"""imports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect, role

revision = "0da7dd6de38c"
down_revision = "e4f1b7a92c06"
branch_labels = None
depends_on = None

# Of tables that were empty a moment ago PostgreSQL knows nothing, and looks up each foreign key in whichever index it
# finds first: in all rows of the office.
LOOKS = {
    "look_at_imported": (
        "IF (SELECT reltuples FROM pg_class WHERE oid = 'relations'::regclass) < 5000 "
        "THEN ANALYZE relations, relation_identifiers, dossiers, folders, contacts, contact_links; END IF;"
    ),
    "look_at_planned": "ANALYZE import_rows, import_identifiers;",
}


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("delimiter", sa.Text(), nullable=True),
        sa.Column("empty_cells", sa.Text(), nullable=False),
        sa.Column("in_batches", sa.Boolean(), nullable=False),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=True),
        sa.Column("run_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("empty_cells IN ('keep', 'clear')", name=op.f("ck_imports_empty_cells")),
        sa.CheckConstraint("kind IN ('relations', 'contacts')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'planning', 'planned', 'committing', 'committed', 'undoing', 'undone', 'failed', "
            "'cancelled')",
            name=op.f("ck_imports_state"),
        ),
        sa.CheckConstraint("done <= total", name=op.f("ck_imports_done")),
        sa.ForeignKeyConstraint(
            ["office_id", "blob_id"], ["blobs.office_id", "blobs.id"], name=op.f("fk_imports_blob_id")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_imports_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_office_id_blob_id"), "imports", ["office_id", "blob_id"], unique=False)
    op.create_index(
        op.f("ix_imports_office_id_created_at_id"), "imports", ["office_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "import_identifiers",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("is_before", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("is_personal", sa.Boolean(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('bsn', 'ob_number', 'vat_id', 'lh_number', 'rsin', 'kvk_number', 'branch_number', 'iban')",
            name=op.f("ck_import_identifiers_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "import_id"],
            ["imports.office_id", "imports.id"],
            name=op.f("fk_import_identifiers_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_import_identifiers_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_import_identifiers")),
    )
    op.create_index(
        op.f("ix_import_identifiers_office_id_import_id_number"),
        "import_identifiers",
        ["office_id", "import_id", "number"],
    )
    op.create_index(
        op.f("ix_import_identifiers_office_id_key_id"), "import_identifiers", ["office_id", "key_id"], unique=False
    )
    op.create_table(
        "import_rows",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_version", sa.Integer(), nullable=True),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("becomes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "action IN ('create', 'update', 'unchanged', 'duplicate', 'error')", name=op.f("ck_import_rows_action")
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "import_id"],
            ["imports.office_id", "imports.id"],
            name=op.f("fk_import_rows_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_import_rows_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("office_id", "import_id", "number", name=op.f("uq_import_rows_office_id_import_id_number")),
    )
    op.create_index(
        op.f("ix_import_rows_office_id_import_id_subject_id"), "import_rows", ["office_id", "import_id", "subject_id"]
    )
    op.create_index(
        op.f("ix_import_rows_office_id_import_id_action_number"),
        "import_rows",
        ["office_id", "import_id", "action", "number"],
        unique=False,
    )
    for table in ("imports", "import_rows", "import_identifiers"):
        protect(table)
    _let_go("SET NULL (relation_id)")
    for function, body in LOOKS.items():
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path = public, pg_temp AS $$ BEGIN {body} END $$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {function}() TO "{role()}"')


def _let_go(rule: str | None) -> None:
    """What happened to a relation stays in the history when an import that made it is undone."""
    name, ends = op.f("fk_events_relation_id"), (["office_id", "relation_id"], ["office_id", "id"])
    op.drop_constraint(name, "events", type_="foreignkey")
    op.create_foreign_key(name, "events", "relations", *ends, ondelete=rule)


def downgrade() -> None:
    for function in LOOKS:
        op.execute(f"DROP FUNCTION {function}()")
    _let_go(None)
    op.drop_table("import_rows")
    op.drop_table("import_identifiers")
    op.drop_table("imports")
