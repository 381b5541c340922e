"""undo again"""

import sqlalchemy as sa
from alembic import op

revision = "b7d1f40c8e25"
down_revision = "a2c6be0d9174"
branch_labels = None
depends_on = None

NAME = "ix_import_rows_office_id_{}"


def upgrade() -> None:
    op.add_column("imports", sa.Column("order_id", sa.Uuid(), nullable=True))
    op.add_column("import_rows", sa.Column("stays", sa.Text(), nullable=True))
    op.create_index(NAME.format("subject_id_import_id"), "import_rows", ["office_id", "subject_id", "import_id"])
    op.drop_index(NAME.format("import_id_subject_id"), table_name="import_rows")


def downgrade() -> None:
    op.create_index(NAME.format("import_id_subject_id"), "import_rows", ["office_id", "import_id", "subject_id"])
    op.drop_index(NAME.format("subject_id_import_id"), table_name="import_rows")
    op.drop_column("import_rows", "stays")
    op.drop_column("imports", "order_id")
