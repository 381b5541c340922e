"""team members leave"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import each_office

revision = "0816c6ce3b42"
down_revision = "f9e70243cecb"
branch_labels = None
depends_on = None

GONE = (
    "CASE WHEN deleted_at IS NULL THEN num_nulls(email, email_key) = 0 "
    "ELSE num_nonnulls(email, email_key, password_hash, two_step_since) = 0 AND status = 'blocked' END"
)


def upgrade() -> None:
    op.add_column("team_members", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("team_members", "email", existing_type=sa.TEXT(), nullable=True)
    op.alter_column("team_members", "email_key", existing_type=sa.TEXT(collation="C"), nullable=True)
    op.create_check_constraint(op.f("ck_team_members_deleted"), "team_members", GONE)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_team_members_deleted"), "team_members", type_="check")
    # Who left is there again, blocked, under an address that nobody has.
    for office in each_office():
        op.execute(
            "UPDATE team_members SET email = id || '@gone.invalid', email_key = id || '@gone.invalid' "
            f"WHERE office_id = '{office}' AND email IS NULL"
        )
    op.alter_column("team_members", "email_key", existing_type=sa.TEXT(collation="C"), nullable=False)
    op.alter_column("team_members", "email", existing_type=sa.TEXT(), nullable=False)
    op.drop_column("team_members", "deleted_at")
