"""what relations have beside their names"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import each_office, protect

revision = "44bc9587dad4"
down_revision = "5713ecf6e95b"
branch_labels = None
depends_on = None


TABLES = (
    "labels", "products", "relation_groups", "relation_kinds", "relation_external_ids", "relation_labels",
    "relation_products",
)  # fmt: skip
CHECKS = {
    "bsn_purpose": ("tax_returns", "payroll", "allowances"),
    "lh_filing_period": ("month", "four_weeks", "half_year", "year", "none"),
    "btw_filing_period": ("month", "quarter", "year", "none"),
    "icp_filing_period": ("month", "quarter", "year", "none"),
    "wwft_risk": ("low", "normal", "high"),
}
FILINGS = (
    "income_tax", "corporation_tax", "vat", "vat_correction", "eu_sales_list", "payroll_tax",
    "provisional_assessment", "allowances", "extension", "annual_accounts", "credit_report",
)  # fmt: skip
KINDS = ("bsn", "ob_number", "vat_id", "lh_number", "rsin", "kvk_number", "branch_number")


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def set_kinds(*kinds: str) -> None:
    name = "ck_relation_identifiers_kind"
    op.drop_constraint(op.f(name), "relation_identifiers", type_="check")
    op.create_check_constraint(op.f(name), "relation_identifiers", one_of("kind", kinds))


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_labels_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_labels")),
        sa.UniqueConstraint("office_id", "name_key", name=op.f("uq_labels_office_id_name_key")),
    )
    op.create_table(
        "products",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filing_type", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            one_of("filing_type", FILINGS),
            name=op.f("ck_products_filing_type"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_products_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_products")),
        sa.UniqueConstraint("office_id", "name_key", name=op.f("uq_products_office_id_name_key")),
    )
    op.create_table(
        "relation_groups",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_groups_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_groups")),
        sa.UniqueConstraint("office_id", "name_key", name=op.f("uq_relation_groups_office_id_name_key")),
    )
    op.create_table(
        "relation_kinds",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_kinds_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_kinds")),
        sa.UniqueConstraint("office_id", "name_key", name=op.f("uq_relation_kinds_office_id_name_key")),
    )
    op.create_table(
        "relation_external_ids",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Text(collation="C"), nullable=False),
        sa.Column("external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relation_external_ids_relation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_external_ids_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_external_ids")),
        sa.UniqueConstraint(
            "office_id", "relation_id", "system", name=op.f("uq_relation_external_ids_office_id_relation_id_system")
        ),
        sa.UniqueConstraint(
            "office_id", "system", "external_id", name=op.f("uq_relation_external_ids_office_id_system_external_id")
        ),
    )
    op.create_table(
        "relation_labels",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "label_id"], ["labels.office_id", "labels.id"], name=op.f("fk_relation_labels_label_id")
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relation_labels_relation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_labels_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_labels")),
        sa.UniqueConstraint(
            "office_id", "relation_id", "label_id", name=op.f("uq_relation_labels_office_id_relation_id_label_id")
        ),
    )
    op.create_index(
        op.f("ix_relation_labels_office_id_label_id_relation_id"),
        "relation_labels",
        ["office_id", "label_id", "relation_id"],
        unique=False,
    )
    op.create_table(
        "relation_products",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_relation_products_in_order")),
        sa.ForeignKeyConstraint(
            ["office_id", "product_id"],
            ["products.office_id", "products.id"],
            name=op.f("fk_relation_products_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relation_products_relation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_products_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_products")),
    )
    op.create_index(
        op.f("ix_relation_products_office_id_product_id_relation_id"),
        "relation_products",
        ["office_id", "product_id", "relation_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_relation_products_office_id_relation_id_product_id"),
        "relation_products",
        ["office_id", "relation_id", "product_id"],
        unique=False,
    )
    op.add_column("offices", sa.Column("keeps_citizen_numbers", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("relations", sa.Column("search", sa.Text(), server_default="", nullable=False))
    op.add_column("relations", sa.Column("born_on", sa.Date(), nullable=True))
    op.add_column("relations", sa.Column("employees", sa.Integer(), nullable=True))
    op.add_column("relations", sa.Column("fiscal_year_end", sa.Text(), nullable=True))
    op.add_column("relations", sa.Column("website", sa.Text(), nullable=True))
    op.add_column(
        "relations",
        sa.Column("addresses", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("relations", sa.Column("lh_filing_period", sa.Text(), nullable=True))
    op.add_column("relations", sa.Column("btw_filing_period", sa.Text(), nullable=True))
    op.add_column("relations", sa.Column("icp_filing_period", sa.Text(), nullable=True))
    op.add_column(
        "relations",
        sa.Column("extension_schemes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column("relations", sa.Column("bsn_purpose", sa.Text(), nullable=True))
    op.add_column("relations", sa.Column("wwft_identified_on", sa.Date(), nullable=True))
    op.add_column("relations", sa.Column("wwft_risk", sa.Text(), nullable=True))
    op.add_column("relations", sa.Column("wwft_review_on", sa.Date(), nullable=True))
    op.add_column("relations", sa.Column("kind_id", sa.Uuid(), nullable=True))
    op.add_column("relations", sa.Column("group_id", sa.Uuid(), nullable=True))
    op.create_index(
        op.f("ix_relations_office_id_group_id_number_sort_id"),
        "relations",
        ["office_id", "group_id", "number_sort", "id"],
    )
    op.create_index(
        op.f("ix_relations_office_id_kind_id_number_sort_id"),
        "relations",
        ["office_id", "kind_id", "number_sort", "id"],
    )
    op.create_foreign_key(
        op.f("fk_relations_kind_id"), "relations", "relation_kinds", ["office_id", "kind_id"], ["office_id", "id"]
    )
    op.create_foreign_key(
        op.f("fk_relations_group_id"), "relations", "relation_groups", ["office_id", "group_id"], ["office_id", "id"]
    )
    for column in ("created_by", "updated_by"):
        op.add_column("relations", sa.Column(column, sa.Text(), nullable=True))
    for column, values in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_relations_{column}"), "relations", one_of(column, values))
    op.create_check_constraint(op.f("ck_relations_employees"), "relations", "employees >= 0")
    set_kinds(*KINDS, "iban")
    personal = sa.Column("is_personal", sa.Boolean(), server_default="false", nullable=False)
    op.add_column("relation_identifiers", personal)
    for table in TABLES:
        protect(table)
    for office in each_office():
        op.execute(
            "UPDATE relations SET fiscal_year_end = CASE WHEN type <> 'person' THEN '12-31' END "
            f"WHERE office_id = '{office}'"
        )
        op.execute(
            "UPDATE relation_identifiers i SET is_personal = true FROM relations r "
            "WHERE r.office_id = i.office_id AND r.id = i.relation_id "
            f"AND (r.type = 'person' OR r.legal_form IN ('sole_trader', 'natural_person')) AND i.office_id = '{office}'"
        )
        op.execute(
            "UPDATE relations SET bsn_purpose = 'tax_returns' FROM relation_identifiers i "
            "WHERE i.office_id = relations.office_id AND i.relation_id = relations.id AND i.kind = 'bsn' "
            f"AND i.office_id = '{office}'"
        )


def downgrade() -> None:
    for office in each_office():
        op.execute(f"DELETE FROM relation_identifiers WHERE kind = 'iban' AND office_id = '{office}'")
    op.drop_column("relation_identifiers", "is_personal")
    set_kinds(*KINDS)
    for column in ("created_by", "updated_by"):
        op.drop_column("relations", column)
    op.drop_constraint(op.f("fk_relations_group_id"), "relations", type_="foreignkey")
    op.drop_constraint(op.f("fk_relations_kind_id"), "relations", type_="foreignkey")
    op.drop_index(op.f("ix_relations_office_id_kind_id_number_sort_id"), table_name="relations")
    op.drop_index(op.f("ix_relations_office_id_group_id_number_sort_id"), table_name="relations")
    op.drop_column("relations", "group_id")
    op.drop_column("relations", "kind_id")
    op.drop_column("relations", "wwft_review_on")
    op.drop_column("relations", "wwft_risk")
    op.drop_column("relations", "wwft_identified_on")
    op.drop_column("relations", "bsn_purpose")
    op.drop_column("relations", "extension_schemes")
    op.drop_column("relations", "icp_filing_period")
    op.drop_column("relations", "btw_filing_period")
    op.drop_column("relations", "lh_filing_period")
    op.drop_column("relations", "addresses")
    op.drop_column("relations", "website")
    op.drop_column("relations", "fiscal_year_end")
    op.drop_column("relations", "employees")
    op.drop_column("relations", "born_on")
    op.drop_column("relations", "search")
    op.drop_column("offices", "keeps_citizen_numbers")
    op.drop_index(op.f("ix_relation_products_office_id_relation_id_product_id"), table_name="relation_products")
    op.drop_index(op.f("ix_relation_products_office_id_product_id_relation_id"), table_name="relation_products")
    op.drop_table("relation_products")
    op.drop_index(op.f("ix_relation_labels_office_id_label_id_relation_id"), table_name="relation_labels")
    op.drop_table("relation_labels")
    op.drop_table("relation_external_ids")
    op.drop_table("relation_kinds")
    op.drop_table("relation_groups")
    op.drop_table("products")
    op.drop_table("labels")
