"""relation gaps"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import each_office, protect

revision = "5b7e2d90c4a1"
down_revision = "8c1f0a6be742"
branch_labels = None
depends_on = None

# The tables that decide what is missing in a relation, and how each names it.
WATCHED = {
    "relations": "id",
    "relation_identifiers": "relation_id",
    "relation_products": "relation_id",
    "relation_roles": "relation_id",
    "contact_links": "relation_id",
}
TRIGGERS = {"inserted": ("INSERT", "NEW"), "updated": ("UPDATE", "NEW"), "deleted": ("DELETE", "OLD")}
# A change of one column of a row that decides it for many relations: whose office, and which relations.
WIDELY = {
    "products": ("filing_type", "office_id", "relation_id", "relation_products WHERE product_id = NEW.id AND"),
    "offices": ("keeps_citizen_numbers", "id", "id", "relations WHERE"),
}


def upgrade() -> None:
    op.create_table(
        "relation_gaps",
        *_of_office(),
        sa.Column("field", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_gaps_office_id")),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relation_gaps_relation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_gaps")),
        sa.UniqueConstraint(
            "office_id", "relation_id", "field", name=op.f("uq_relation_gaps_office_id_relation_id_field")
        ),
    )
    op.create_index(
        op.f("ix_relation_gaps_office_id_field_relation_id"), "relation_gaps", ["office_id", "field", "relation_id"]
    )
    op.create_table(
        "relation_gap_checks",
        *_of_office(),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_gap_checks_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_gap_checks")),
    )
    for columns in (["office_id", "due_on", "relation_id"], ["office_id", "relation_id"]):
        op.create_index(op.f(f"ix_relation_gap_checks_{'_'.join(columns)}"), "relation_gap_checks", columns)
    for table in ("relation_gaps", "relation_gap_checks"):
        protect(table)
    for table, name in WATCHED.items():
        _watch(table, name)
    for table, widely in WIDELY.items():
        _watch_widely(table, *widely)
    for office in each_office():
        op.execute(_add("office_id", "id", f"relations WHERE office_id = '{office}'"))


def _of_office() -> list[sa.Column[object]]:
    return [
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
    ]


def _add(office: str, relation: str, rows: str) -> str:
    return (
        "INSERT INTO relation_gap_checks (office_id, id, relation_id, due_on) "
        f"SELECT {office}, gen_random_uuid(), {relation}, '-infinity' FROM {rows}"
    )


def _watch(table: str, name: str) -> None:
    each = f"(SELECT DISTINCT office_id, {name} AS relation_id FROM touched) AS each"
    _function(table, _add("office_id", "relation_id", each))
    for trigger, (event, touched) in TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER check_{trigger} AFTER {event} ON {table} REFERENCING {touched} TABLE AS touched "
            f"FOR EACH STATEMENT EXECUTE FUNCTION check_{table}()"
        )


def _watch_widely(table: str, column: str, office: str, relation: str, rows: str) -> None:
    _function(table, _add(f"NEW.{office}", relation, f"{rows} office_id = NEW.{office}"))
    op.execute(
        f"CREATE TRIGGER check_updated AFTER UPDATE OF {column} ON {table} FOR EACH ROW "
        f"WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION check_{table}()"
    )


def _function(table: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION check_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS "
        f"$$ BEGIN {body}; RETURN NULL; END $$"
    )


def downgrade() -> None:
    for table in (*WATCHED, *WIDELY):
        for trigger in TRIGGERS if table in WATCHED else ("updated",):
            op.execute(f"DROP TRIGGER check_{trigger} ON {table}")
        op.execute(f"DROP FUNCTION check_{table}()")
    op.drop_table("relation_gap_checks")
    op.drop_table("relation_gaps")
