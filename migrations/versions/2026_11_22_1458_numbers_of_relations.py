"""numbers of relations"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision = "5713ecf6e95b"
down_revision = "f377af6b662b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relation_identifiers",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('bsn', 'ob_number', 'vat_id', 'lh_number')) = (secret IS NOT NULL) "
            "AND (secret IS NULL) = (key_id IS NULL)",
            name=op.f("ck_relation_identifiers_sealed"),
        ),
        sa.CheckConstraint(
            "kind IN ('bsn', 'ob_number', 'vat_id', 'lh_number', 'rsin', 'kvk_number', 'branch_number')",
            name=op.f("ck_relation_identifiers_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relation_identifiers_relation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_identifiers_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_identifiers")),
        sa.UniqueConstraint(
            "office_id",
            "relation_id",
            "kind",
            "lookup",
            name=op.f("uq_relation_identifiers_office_id_relation_id_kind_lookup"),
        ),
    )
    op.create_index(
        op.f("ix_relation_identifiers_office_id_key_id"), "relation_identifiers", ["office_id", "key_id"], unique=False
    )
    op.create_index(
        op.f("ix_relation_identifiers_office_id_kind_lookup"),
        "relation_identifiers",
        ["office_id", "kind", "lookup"],
        unique=False,
    )
    protect("relation_identifiers")


def downgrade() -> None:
    op.drop_index(op.f("ix_relation_identifiers_office_id_kind_lookup"), table_name="relation_identifiers")
    op.drop_index(op.f("ix_relation_identifiers_office_id_key_id"), table_name="relation_identifiers")
    op.drop_table("relation_identifiers")
