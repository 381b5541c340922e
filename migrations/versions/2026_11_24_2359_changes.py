"""changes"""

import sqlalchemy as sa
from alembic import op

from migrations.feed import follow, unfollow
from migrations.tenancy import protect

revision = "8c1f0a6be742"
down_revision = "0816c6ce3b42"
branch_labels = None
depends_on = None

FOLLOWED = ("relations", "contacts", "contact_links")


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(type = 'contact') = (relation_id IS NULL) AND (type = 'relation') = (contact_id IS NULL)",
            name=op.f("ck_changes_ends"),
        ),
        sa.CheckConstraint("type IN ('relation', 'contact', 'contact_link')", name=op.f("ck_changes_type")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_changes_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_changes")),
        sa.UniqueConstraint(
            "office_id",
            "relation_id",
            "contact_id",
            name=op.f("uq_changes_office_id_relation_id_contact_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_changes_office_id_position_id"), "changes", ["office_id", "position", "id"], unique=False)
    protect("changes", rights="SELECT, INSERT, UPDATE")
    for table in FOLLOWED:
        follow(table)


def downgrade() -> None:
    for table in FOLLOWED:
        unfollow(table)
    op.drop_index(op.f("ix_changes_office_id_position_id"), table_name="changes")
    op.drop_table("changes")
