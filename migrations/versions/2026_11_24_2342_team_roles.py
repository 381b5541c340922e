"""team roles are the office's own list"""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import each_office, protect

revision = "6bd4323b9ea8"
down_revision = "444e621f3112"
branch_labels = None
depends_on = None

# What every office begins with; until now these were the only ones.
ROLES = {
    "relation_manager": "Relatiebeheerder",
    "accountant": "Accountant",
    "tax": "Fiscaal",
    "administration": "Administratie",
    "payroll": "Salaris",
    "secretariat": "Secretariaat",
}
CLOSED = f"role IN {tuple(ROLES)}"


def upgrade() -> None:
    op.create_table(
        "team_roles",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_team_roles_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_team_roles")),
        sa.UniqueConstraint("office_id", "key", name=op.f("uq_team_roles_office_id_key")),
        sa.UniqueConstraint("office_id", "name_key", name=op.f("uq_team_roles_office_id_name_key")),
    )
    for place, (key, name) in enumerate(ROLES.items(), 1):
        op.execute(
            "INSERT INTO team_roles (office_id, id, key, name, name_key, position, version) "
            f"SELECT id, gen_random_uuid(), '{key}', '{name}', '{name.lower()}', {10 * place}, 1 FROM offices"
        )
    protect("team_roles")
    op.drop_constraint(op.f("ck_relation_roles_role"), "relation_roles")
    op.create_foreign_key(
        op.f("fk_relation_roles_role"), "relation_roles", "team_roles", ["office_id", "role"], ["office_id", "key"]
    )
    op.create_index(op.f("ix_relation_roles_office_id_role"), "relation_roles", ["office_id", "role"])


def downgrade() -> None:
    op.drop_index(op.f("ix_relation_roles_office_id_role"), table_name="relation_roles")
    op.drop_constraint(op.f("fk_relation_roles_role"), "relation_roles", type_="foreignkey")
    # Who has a role that was not there before keeps the relation, under one that was.
    for office in each_office():
        op.execute(
            "INSERT INTO relation_roles (office_id, id, relation_id, team_member_id, role) "
            "SELECT office_id, gen_random_uuid(), relation_id, team_member_id, 'secretariat' FROM relation_roles "
            f"WHERE office_id = '{office}' AND NOT ({CLOSED}) "
            "GROUP BY office_id, relation_id, team_member_id ON CONFLICT DO NOTHING"
        )
        op.execute(f"DELETE FROM relation_roles WHERE office_id = '{office}' AND NOT ({CLOSED})")
    op.create_check_constraint(op.f("ck_relation_roles_role"), "relation_roles", CLOSED)
    op.drop_table("team_roles")
