"""contacts, complete"""

from collections.abc import Iterator

import phonenumbers
import sqlalchemy as sa
from alembic import op

revision = "8c41f0d2b7a9"
down_revision = "5713ecf6e95b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("mobile", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("mobile_e164", sa.Text(), nullable=True))
    for table in ("contacts", "relations"):
        op.add_column(table, sa.Column("phone_e164", sa.Text(), nullable=True))
    for _ in each_office():
        for table in ("contacts", "relations"):
            read_phones(table)


def downgrade() -> None:
    for table in ("contacts", "relations"):
        op.drop_column(table, "phone_e164")
    op.drop_column("contacts", "mobile_e164")
    op.drop_column("contacts", "mobile")


def each_office() -> Iterator[None]:
    """Row-level security holds for the owner too: rows are reached office by office."""
    connection = op.get_bind()
    for office_id in list(connection.scalars(sa.text("SELECT office_ids()"))):
        connection.execute(sa.text("SELECT set_config('app.office_id', :id, true)"), {"id": str(office_id)})
        yield


def read_phones(table: str) -> None:
    connection = op.get_bind()
    change = sa.text(f'UPDATE "{table}" SET phone_e164 = :number WHERE id = :id')
    for row in list(connection.execute(sa.text(f"SELECT id, phone FROM \"{table}\" WHERE phone <> ''"))):
        if number := e164(row.phone):
            connection.execute(change, {"number": number, "id": row.id})


def e164(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "NL") if len(text) <= 50 else None
    except phonenumbers.NumberParseException:
        return None
    if number is None or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
