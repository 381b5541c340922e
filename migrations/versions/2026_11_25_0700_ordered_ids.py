"""ordered ids"""

from alembic import op

revision = "5d1c0e8f37ab"
down_revision = "0da7dd6de38c"
branch_labels = None
depends_on = None

# PostgreSQL before 18 has none of its own. A random UUID of version 4 gets the milliseconds of now as its first 48
# bits, and version 7 (RFC 9562): what statements add stands in order in its indexes, and not all over them.
UUID7 = """
CREATE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid
$$
"""


def upgrade() -> None:
    op.execute(UUID7)


def downgrade() -> None:
    op.execute("DROP FUNCTION uuid7()")
