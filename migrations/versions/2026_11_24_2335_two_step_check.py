"""two step check"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision = "4bfdbe4eb538"
down_revision = "8d1f0a6c2b34"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "two_step_secrets",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("team_member_id", sa.Uuid(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name=op.f("ck_two_step_secrets_one_person")),
        sa.ForeignKeyConstraint(
            ["office_id", "contact_id"],
            ["contacts.office_id", "contacts.id"],
            name=op.f("fk_two_step_secrets_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_two_step_secrets_team_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_two_step_secrets_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_two_step_secrets")),
        sa.UniqueConstraint("office_id", "contact_id", name=op.f("uq_two_step_secrets_office_id_contact_id")),
        sa.UniqueConstraint("office_id", "team_member_id", name=op.f("uq_two_step_secrets_office_id_team_member_id")),
    )
    op.create_index(
        op.f("ix_two_step_secrets_office_id_key_id"), "two_step_secrets", ["office_id", "key_id"], unique=False
    )
    protect("two_step_secrets")
    op.add_column("contacts", sa.Column("two_step_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("team_members", sa.Column("two_step_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("team_members", "two_step_since")
    op.drop_column("contacts", "two_step_since")
    op.drop_index(op.f("ix_two_step_secrets_office_id_key_id"), table_name="two_step_secrets")
    op.drop_table("two_step_secrets")
