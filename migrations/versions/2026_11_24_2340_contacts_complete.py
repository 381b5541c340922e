"""contacts, complete"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.names import person_key
from app.phones import e164
from app.text import name_key
from migrations.tenancy import each_office, fill

revision = "8c41f0d2b7a9"
down_revision = "4bfdbe4eb538"
branch_labels = None
depends_on = None

TYPES = (
    "ARRAY['income_tax', 'corporation_tax', 'vat', 'vat_correction', 'eu_sales_list', 'payroll_tax', "
    "'provisional_assessment', 'allowances', 'extension', 'annual_accounts', 'credit_report']"
)
NOTIFICATIONS = '{"messages": true, "document_requests": true, "reminders": true, "digest": "never"}'
NAMES = ("first_names", "initials", "prefix", "surname")
NEEDED = ("email", "email_key", "number_key", "number_sort")
DELETED = (
    "CASE WHEN deleted_at IS NULL THEN num_nulls(email, email_key, number_key, number_sort) = 0 "
    "ELSE num_nonnulls(email, email_key, number_key, number_sort, initials, first_names, prefix, salutation, phone, "
    "phone_e164, mobile, mobile_e164, password_hash, two_step_since) = 0 AND search = '' "
    "AND login_status = 'blocked' END"
)
# Before, there was no contact without these: who was deleted gets some that nobody else has.
SPELT_OUT = (
    "UPDATE contacts SET email = id || '@deleted.invalid', email_key = id || '@deleted.invalid', "
    "number_key = id::text, number_sort = id::text WHERE office_id = '{office}' AND deleted_at IS NOT NULL"
)
# Of several preferred contacts of a relation the first one stays it.
ONE_PREFERRED = (
    "UPDATE contact_links l SET is_preferred = false WHERE l.office_id = '{office}' AND l.is_preferred "
    "AND EXISTS (SELECT 1 FROM contact_links o WHERE o.office_id = l.office_id AND o.relation_id = l.relation_id "
    "AND o.is_preferred AND o.id < l.id)"
)


def upgrade() -> None:
    op.add_column("contacts", sa.Column("salutation", sa.Text(), nullable=True))
    add_filled("contacts", sa.Column("notifications", postgresql.JSONB(), nullable=False), NOTIFICATIONS)
    op.add_column("contacts", sa.Column("mobile", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("mobile_e164", sa.Text(), nullable=True))
    for table in ("contacts", "relations"):
        op.add_column(table, sa.Column("phone_e164", sa.Text(), nullable=True))
    for column in ("created_by", "updated_by"):
        op.add_column("contacts", sa.Column(column, sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    for column in NEEDED:
        op.alter_column("contacts", column, nullable=True)
    op.create_check_constraint(op.f("ck_contacts_deleted"), "contacts", DELETED)
    for subjects in ("preferred_for", "may_approve"):
        add_filled("contact_links", sa.Column(subjects, postgresql.ARRAY(sa.Text()), nullable=False), "{}")
        op.create_check_constraint(op.f(f"ck_contact_links_{subjects}"), "contact_links", f"{subjects} <@ {TYPES}")
    add_filled("contact_links", sa.Column("is_ubo", sa.Boolean(), nullable=False), "false")
    for office in each_office():
        for table in ("contacts", "relations"):
            fill(table, "phone_e164", office, "phone", value=e164)
        fill("contacts", "name_key", office, *NAMES, value=person_key)
        fill("relations", "name_key", office, "type", "name", *NAMES, value=relation_key)
        op.execute(ONE_PREFERRED.format(office=office))
    op.create_index(
        op.f("ix_contact_links_office_id_relation_id"),
        "contact_links",
        ["office_id", "relation_id"],
        unique=True,
        postgresql_where="is_preferred",
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_contact_links_office_id_relation_id"), table_name="contact_links")
    for column in ("is_ubo", "may_approve", "preferred_for"):
        op.drop_column("contact_links", column)
    op.drop_constraint(op.f("ck_contacts_deleted"), "contacts")
    for office in each_office():
        op.execute(SPELT_OUT.format(office=office))
        for table in ("contacts", "relations"):
            fill(table, "name_key", office, "name", value=name_key)
    for column in NEEDED:
        op.alter_column("contacts", column, nullable=False)
    for table in ("contacts", "relations"):
        op.drop_column(table, "phone_e164")
    op.drop_column("contacts", "mobile_e164")
    for column in ("created_by", "updated_by", "deleted_at", "mobile", "notifications", "salutation"):
        op.drop_column("contacts", column)


def relation_key(kind: str, name: str, *names: str | None) -> str:
    return person_key(*names) if kind == "person" else name_key(name)


def add_filled(table: str, column: sa.Column[Any], value: str) -> None:
    """A column that has this value in every row that is there, and no default of its own afterwards."""
    column.server_default = sa.DefaultClause(value)
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)
