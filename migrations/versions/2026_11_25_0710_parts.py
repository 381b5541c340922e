"""parts"""

from alembic import op

revision = "c0a4f19be627"
down_revision = "5d1c0e8f37ab"
branch_labels = None
depends_on = None

# A row of these can not be without another one of the office, whose key says that the office is there.
PARTS = (
    "relation_identifiers", "relation_labels", "relation_products", "relation_external_ids", "relation_roles",
    "relation_gaps", "dossiers", "folders", "dossier_items", "import_rows", "import_identifiers",
)  # fmt: skip


def upgrade() -> None:
    for table in PARTS:
        op.drop_constraint(op.f(f"fk_{table}_office_id"), table, type_="foreignkey")


def downgrade() -> None:
    for table in PARTS:
        op.create_foreign_key(op.f(f"fk_{table}_office_id"), table, "offices", ["office_id"], ["id"])
