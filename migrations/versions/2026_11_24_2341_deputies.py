"""deputies"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision = "444e621f3112"
down_revision = "8c41f0d2b7a9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deputies",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_member_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_member_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("deputy_member_id <> team_member_id", name=op.f("ck_deputies_somebody_else")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_deputies_order")),
        sa.ForeignKeyConstraint(
            ["office_id", "deputy_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_deputies_deputy_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_deputies_team_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_deputies_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_deputies")),
    )
    op.create_index(
        op.f("ix_deputies_office_id_deputy_member_id_team_member_id"),
        "deputies",
        ["office_id", "deputy_member_id", "team_member_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_deputies_office_id_team_member_id"), "deputies", ["office_id", "team_member_id"], unique=False
    )
    protect("deputies")


def downgrade() -> None:
    op.drop_index(op.f("ix_deputies_office_id_team_member_id"), table_name="deputies")
    op.drop_index(op.f("ix_deputies_office_id_deputy_member_id_team_member_id"), table_name="deputies")
    op.drop_table("deputies")
