"""standard team"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision = "f9e70243cecb"
down_revision = "6bd4323b9ea8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standard_roles",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_member_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "role"], ["team_roles.office_id", "team_roles.key"], name=op.f("fk_standard_roles_role")
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_standard_roles_team_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_standard_roles_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_standard_roles")),
        sa.UniqueConstraint(
            "office_id", "team_member_id", "role", name=op.f("uq_standard_roles_office_id_team_member_id_role")
        ),
    )
    op.create_index(op.f("ix_standard_roles_office_id_role"), "standard_roles", ["office_id", "role"])
    protect("standard_roles")


def downgrade() -> None:
    op.drop_table("standard_roles")
