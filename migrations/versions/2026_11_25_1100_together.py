"""together"""

import sqlalchemy as sa
from alembic import op

revision = "a2c6be0d9174"
down_revision = "e83b5f60c1d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_rows", sa.Column("together", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_rows", "together")
