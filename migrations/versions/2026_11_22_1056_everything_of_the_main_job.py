"""everything of the main job"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import grant, protect, role

revision = "f377af6b662b"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "team_members", "api_keys", "auth_tokens", "invitations", "idempotency_keys", "folder_templates", "relations",
    "relation_roles", "contacts", "contact_links", "dossiers", "folders", "blobs", "dossier_items", "conversations",
    "conversation_participants", "messages", "message_attachments", "document_requests", "document_request_lines",
)  # fmt: skip
# The two questions that have no office yet: which one is signed in to, and over which does housekeeping go.
FUNCTIONS = {
    "office_id_by_slug(wanted text) RETURNS uuid": "SELECT id FROM offices WHERE slug = wanted",
    "office_ids() RETURNS SETOF uuid": "SELECT id FROM offices ORDER BY id",
}


def upgrade() -> None:
    op.create_table(
        "offices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offices")),
        sa.UniqueConstraint("slug", name=op.f("uq_offices_slug")),
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("resets_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_resets_at"), "rate_limits", ["resets_at"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=True),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("crc32", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("declared_type", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state <> 'stored' OR (size IS NOT NULL AND sha256 IS NOT NULL)",
            name=op.f("ck_blobs_stored_whole"),
        ),
        sa.CheckConstraint("state IN ('pending', 'stored', 'deleting')", name=op.f("ck_blobs_state")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_blobs_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_blobs")),
        sa.UniqueConstraint("office_id", "object_key", name=op.f("uq_blobs_office_id_object_key")),
    )
    op.create_index(
        op.f("ix_blobs_office_id_lease_until"),
        "blobs",
        ["office_id", "lease_until"],
        unique=False,
        postgresql_where="state <> 'stored'",
    )
    op.create_table(
        "contacts",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(collation="C"), nullable=False),
        sa.Column("number_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("initials", sa.Text(), nullable=True),
        sa.Column("first_names", sa.Text(), nullable=True),
        sa.Column("prefix", sa.Text(), nullable=True),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("login_status", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "login_status IN ('none', 'invited', 'active', 'blocked')", name=op.f("ck_contacts_login_status")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_contacts_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("office_id", "email_key", name=op.f("uq_contacts_office_id_email_key")),
        sa.UniqueConstraint("office_id", "number_key", name=op.f("uq_contacts_office_id_number_key")),
    )
    op.create_index(
        op.f("ix_contacts_office_id_name_key_id"), "contacts", ["office_id", "name_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_contacts_office_id_number_sort_id"),
        "contacts",
        ["office_id", "number_sort", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contacts_office_id_updated_at_id"),
        "contacts",
        ["office_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "folder_templates",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("NOT (purpose = 'inbox' AND is_open)", name=op.f("ck_folder_templates_inbox_closed")),
        sa.CheckConstraint("purpose IN ('general', 'inbox')", name=op.f("ck_folder_templates_purpose")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_folder_templates_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_folder_templates")),
        sa.UniqueConstraint("office_id", "position", name=op.f("uq_folder_templates_office_id_position")),
    )
    op.create_index(
        op.f("ix_folder_templates_office_id_purpose"),
        "folder_templates",
        ["office_id", "purpose"],
        unique=True,
        postgresql_where="purpose = 'inbox'",
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done')", name=op.f("ck_idempotency_keys_state")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_idempotency_keys_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint(
            "office_id",
            "actor_id",
            "method",
            "path",
            "key",
            name=op.f("uq_idempotency_keys_office_id_actor_id_method_path_key"),
        ),
    )
    op.create_index(
        op.f("ix_idempotency_keys_office_id_created_at"),
        "idempotency_keys",
        ["office_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "relations",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(collation="C"), nullable=False),
        sa.Column("number_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("initials", sa.Text(), nullable=True),
        sa.Column("first_names", sa.Text(), nullable=True),
        sa.Column("prefix", sa.Text(), nullable=True),
        sa.Column("surname", sa.Text(), nullable=True),
        sa.Column("legal_form", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("memo", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('prospect', 'active', 'inactive', 'left')", name=op.f("ck_relations_status")),
        sa.CheckConstraint(
            "type IN ('organisation', 'person', 'internal', 'supplier')", name=op.f("ck_relations_type")
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "parent_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relations_parent_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relations_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relations")),
        sa.UniqueConstraint("office_id", "number_key", name=op.f("uq_relations_office_id_number_key")),
    )
    op.create_index(
        op.f("ix_relations_office_id_name_key_id"), "relations", ["office_id", "name_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_relations_office_id_number_sort_id"),
        "relations",
        ["office_id", "number_sort", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_relations_office_id_parent_id"), "relations", ["office_id", "parent_id"], unique=False)
    op.create_index(
        op.f("ix_relations_office_id_updated_at_id"),
        "relations",
        ["office_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "team_members",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(collation="C"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role IN ('reader', 'mutator', 'manager', 'administrator')", name=op.f("ck_team_members_role")
        ),
        sa.CheckConstraint("status IN ('invited', 'active', 'blocked')", name=op.f("ck_team_members_status")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_team_members_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_team_members")),
        sa.UniqueConstraint("office_id", "email_key", name=op.f("uq_team_members_office_id_email_key")),
    )
    op.create_table(
        "api_keys",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "created_by_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_api_keys_created_by_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_api_keys_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("office_id", "token_hash", name=op.f("uq_api_keys_office_id_token_hash")),
    )
    op.create_table(
        "auth_tokens",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("team_member_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name=op.f("ck_auth_tokens_one_person")),
        sa.ForeignKeyConstraint(
            ["office_id", "contact_id"],
            ["contacts.office_id", "contacts.id"],
            name=op.f("fk_auth_tokens_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_auth_tokens_team_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_auth_tokens_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_auth_tokens")),
        sa.UniqueConstraint("office_id", "token_hash", name=op.f("uq_auth_tokens_office_id_token_hash")),
    )
    op.create_index(
        op.f("ix_auth_tokens_office_id_contact_id"), "auth_tokens", ["office_id", "contact_id"], unique=False
    )
    op.create_index(
        op.f("ix_auth_tokens_office_id_team_member_id"),
        "auth_tokens",
        ["office_id", "team_member_id"],
        unique=False,
    )
    op.create_table(
        "contact_links",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("portal_access", sa.Boolean(), nullable=False),
        sa.Column("is_preferred", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_contact_links_valid_order")),
        sa.ForeignKeyConstraint(
            ["office_id", "contact_id"],
            ["contacts.office_id", "contacts.id"],
            name=op.f("fk_contact_links_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_contact_links_relation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_contact_links_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_contact_links")),
        sa.UniqueConstraint(
            "office_id",
            "relation_id",
            "contact_id",
            name=op.f("uq_contact_links_office_id_relation_id_contact_id"),
        ),
    )
    op.create_index(
        op.f("ix_contact_links_office_id_contact_id_relation_id"),
        "contact_links",
        ["office_id", "contact_id", "relation_id"],
        unique=False,
    )
    op.create_table(
        "conversations",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_conversations_status")),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_conversations_relation_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_conversations_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_conversations")),
    )
    op.create_index(
        op.f("ix_conversations_office_id_last_message_at_id"),
        "conversations",
        ["office_id", "last_message_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_conversations_office_id_relation_id_last_message_at_id"),
        "conversations",
        ["office_id", "relation_id", "last_message_at", "id"],
        unique=False,
    )
    op.create_table(
        "dossiers",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_dossiers_relation_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_dossiers_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_dossiers")),
        sa.UniqueConstraint("office_id", "relation_id", name=op.f("uq_dossiers_office_id_relation_id")),
    )
    op.create_table(
        "events",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=True),
        sa.Column("is_client_visible", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_events_relation_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_events_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_office_id_at_id"), "events", ["office_id", "at", "id"], unique=False)
    op.create_index(
        op.f("ix_events_office_id_relation_id_at_id"),
        "events",
        ["office_id", "relation_id", "at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_events_office_id_subject_id"), "events", ["office_id", "subject_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("team_member_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(team_member_id, contact_id) = 1", name=op.f("ck_invitations_one_person")),
        sa.ForeignKeyConstraint(
            ["office_id", "contact_id"],
            ["contacts.office_id", "contacts.id"],
            name=op.f("fk_invitations_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_invitations_team_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_invitations_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("office_id", "token_hash", name=op.f("uq_invitations_office_id_token_hash")),
    )
    op.create_index(
        op.f("ix_invitations_office_id_contact_id"), "invitations", ["office_id", "contact_id"], unique=False
    )
    op.create_index(
        op.f("ix_invitations_office_id_team_member_id"),
        "invitations",
        ["office_id", "team_member_id"],
        unique=False,
    )
    op.create_table(
        "relation_roles",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("team_member_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role IN ('relation_manager', 'accountant', 'tax', 'administration', 'payroll', 'secretariat')",
            name=op.f("ck_relation_roles_role"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_relation_roles_relation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_relation_roles_team_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_relation_roles_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_relation_roles")),
        sa.UniqueConstraint(
            "office_id",
            "relation_id",
            "team_member_id",
            "role",
            name=op.f("uq_relation_roles_office_id_relation_id_team_member_id_role"),
        ),
    )
    op.create_index(
        op.f("ix_relation_roles_office_id_team_member_id_relation_id"),
        "relation_roles",
        ["office_id", "team_member_id", "relation_id"],
        unique=False,
    )
    op.create_table(
        "conversation_participants",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("team_member_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(team_member_id, contact_id) = 1",
            name=op.f("ck_conversation_participants_one_person"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "contact_id"],
            ["contacts.office_id", "contacts.id"],
            name=op.f("fk_conversation_participants_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "conversation_id"],
            ["conversations.office_id", "conversations.id"],
            name=op.f("fk_conversation_participants_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "team_member_id"],
            ["team_members.office_id", "team_members.id"],
            name=op.f("fk_conversation_participants_team_member_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_conversation_participants_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_conversation_participants")),
        sa.UniqueConstraint(
            "office_id",
            "conversation_id",
            "contact_id",
            name=op.f("uq_conversation_participants_office_id_conversation_id_contact_id"),
        ),
        sa.UniqueConstraint(
            "office_id",
            "conversation_id",
            "team_member_id",
            name=op.f("uq_conversation_participants_office_id_conversation_id_team_member_id"),
        ),
    )
    op.create_index(
        op.f("ix_conversation_participants_office_id_contact_id_conversation_id"),
        "conversation_participants",
        ["office_id", "contact_id", "conversation_id"],
        unique=False,
    )
    op.create_table(
        "document_requests",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('open', 'answered', 'withdrawn')", name=op.f("ck_document_requests_status")),
        sa.ForeignKeyConstraint(
            ["office_id", "contact_id"],
            ["contacts.office_id", "contacts.id"],
            name=op.f("fk_document_requests_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "conversation_id"],
            ["conversations.office_id", "conversations.id"],
            name=op.f("fk_document_requests_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "relation_id"],
            ["relations.office_id", "relations.id"],
            name=op.f("fk_document_requests_relation_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_document_requests_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_document_requests")),
    )
    op.create_index(
        op.f("ix_document_requests_office_id_contact_id"),
        "document_requests",
        ["office_id", "contact_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_document_requests_office_id_conversation_id"),
        "document_requests",
        ["office_id", "conversation_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_document_requests_office_id_created_at_id"),
        "document_requests",
        ["office_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_document_requests_office_id_relation_id_created_at_id"),
        "document_requests",
        ["office_id", "relation_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "folders",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("NOT (purpose = 'inbox' AND is_open)", name=op.f("ck_folders_inbox_closed")),
        sa.CheckConstraint("purpose IN ('general', 'inbox')", name=op.f("ck_folders_purpose")),
        sa.CheckConstraint("visibility IN ('inherit', 'open', 'closed')", name=op.f("ck_folders_visibility")),
        sa.ForeignKeyConstraint(
            ["office_id", "dossier_id"],
            ["dossiers.office_id", "dossiers.id"],
            name=op.f("fk_folders_dossier_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "parent_id"], ["folders.office_id", "folders.id"], name=op.f("fk_folders_parent_id")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_folders_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_folders")),
        sa.UniqueConstraint("office_id", "dossier_id", "id", name=op.f("uq_folders_office_id_dossier_id_id")),
        sa.UniqueConstraint(
            "office_id",
            "dossier_id",
            "parent_id",
            "name_key",
            name=op.f("uq_folders_office_id_dossier_id_parent_id_name_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("ix_folders_office_id_dossier_id_position_id"),
        "folders",
        ["office_id", "dossier_id", "position", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_folders_office_id_dossier_id_purpose"),
        "folders",
        ["office_id", "dossier_id", "purpose"],
        unique=True,
        postgresql_where="purpose = 'inbox'",
    )
    op.create_index(op.f("ix_folders_office_id_parent_id"), "folders", ["office_id", "parent_id"], unique=False)
    op.create_table(
        "document_request_lines",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('open', 'delivered')", name=op.f("ck_document_request_lines_status")),
        sa.ForeignKeyConstraint(
            ["office_id", "folder_id"],
            ["folders.office_id", "folders.id"],
            name=op.f("fk_document_request_lines_folder_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "request_id"],
            ["document_requests.office_id", "document_requests.id"],
            name=op.f("fk_document_request_lines_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_document_request_lines_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_document_request_lines")),
        sa.UniqueConstraint(
            "office_id",
            "request_id",
            "position",
            name=op.f("uq_document_request_lines_office_id_request_id_position"),
        ),
    )
    op.create_index(
        op.f("ix_document_request_lines_office_id_folder_id"),
        "document_request_lines",
        ["office_id", "folder_id"],
        unique=False,
    )
    op.create_table(
        "messages",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("sender_kind", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("request_line_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "sender_kind IN ('team_member', 'contact', 'api_key')", name=op.f("ck_messages_sender_kind")
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "conversation_id"],
            ["conversations.office_id", "conversations.id"],
            name=op.f("fk_messages_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "request_line_id"],
            ["document_request_lines.office_id", "document_request_lines.id"],
            name=op.f("fk_messages_request_line_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_messages_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_messages")),
    )
    op.create_index(
        op.f("ix_messages_office_id_conversation_id_created_at_id"),
        "messages",
        ["office_id", "conversation_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "dossier_items",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("request_line_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("binned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "origin IN ('message', 'request', 'upload', 'migration', 'integration')",
            name=op.f("ck_dossier_items_origin"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "blob_id"], ["blobs.office_id", "blobs.id"], name=op.f("fk_dossier_items_blob_id")
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "dossier_id", "folder_id"],
            ["folders.office_id", "folders.dossier_id", "folders.id"],
            name=op.f("fk_dossier_items_folder_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "dossier_id"],
            ["dossiers.office_id", "dossiers.id"],
            name=op.f("fk_dossier_items_dossier_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "message_id"],
            ["messages.office_id", "messages.id"],
            name=op.f("fk_dossier_items_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "request_line_id"],
            ["document_request_lines.office_id", "document_request_lines.id"],
            name=op.f("fk_dossier_items_request_line_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_dossier_items_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_dossier_items")),
    )
    op.create_index(
        op.f("ix_dossier_items_office_id_binned_at"),
        "dossier_items",
        ["office_id", "binned_at"],
        unique=False,
        postgresql_where="binned_at IS NOT NULL",
    )
    op.create_index(op.f("ix_dossier_items_office_id_blob_id"), "dossier_items", ["office_id", "blob_id"], unique=False)
    op.create_index(
        op.f("ix_dossier_items_office_id_dossier_id_created_at_id"),
        "dossier_items",
        ["office_id", "dossier_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dossier_items_office_id_folder_id_created_at_id"),
        "dossier_items",
        ["office_id", "folder_id", "created_at", "id"],
        unique=False,
        postgresql_where="binned_at IS NULL",
    )
    op.create_index(
        op.f("ix_dossier_items_office_id_folder_id_name_key_id"),
        "dossier_items",
        ["office_id", "folder_id", "name_key", "id"],
        unique=False,
        postgresql_where="binned_at IS NULL",
    )
    op.create_index(
        op.f("ix_dossier_items_office_id_message_id"),
        "dossier_items",
        ["office_id", "message_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dossier_items_office_id_request_line_id"),
        "dossier_items",
        ["office_id", "request_line_id"],
        unique=False,
    )
    op.create_table(
        "message_attachments",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id", "blob_id"],
            ["blobs.office_id", "blobs.id"],
            name=op.f("fk_message_attachments_blob_id"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id", "message_id"],
            ["messages.office_id", "messages.id"],
            name=op.f("fk_message_attachments_message_id"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_message_attachments_office_id")),
        sa.PrimaryKeyConstraint("office_id", "id", name=op.f("pk_message_attachments")),
        sa.UniqueConstraint(
            "office_id",
            "message_id",
            "position",
            name=op.f("uq_message_attachments_office_id_message_id_position"),
        ),
    )
    op.create_index(
        op.f("ix_message_attachments_office_id_blob_id"),
        "message_attachments",
        ["office_id", "blob_id"],
        unique=False,
    )
    for table in TABLES:
        protect(table)
    protect(
        "offices", column="id", rights="SELECT, INSERT, UPDATE", force=False
    )  # its owner answers the functions below
    protect("events", rights="SELECT, INSERT")  # what happened stays as it was written
    grant("rate_limits", "SELECT, INSERT, UPDATE, DELETE")  # of no office: before sign-in there is none
    for signature, body in FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {signature} LANGUAGE sql STABLE SECURITY DEFINER "
            f"SET search_path = public, pg_temp AS $$ {body} $$"
        )
        name = signature.partition(" RETURNS")[0]
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {name} TO "{role()}"')


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature.partition(' RETURNS')[0]}")
    op.drop_index(op.f("ix_message_attachments_office_id_blob_id"), table_name="message_attachments")
    op.drop_table("message_attachments")
    op.drop_index(op.f("ix_dossier_items_office_id_request_line_id"), table_name="dossier_items")
    op.drop_index(op.f("ix_dossier_items_office_id_message_id"), table_name="dossier_items")
    op.drop_index(
        op.f("ix_dossier_items_office_id_folder_id_name_key_id"),
        table_name="dossier_items",
        postgresql_where="binned_at IS NULL",
    )
    op.drop_index(
        op.f("ix_dossier_items_office_id_folder_id_created_at_id"),
        table_name="dossier_items",
        postgresql_where="binned_at IS NULL",
    )
    op.drop_index(op.f("ix_dossier_items_office_id_dossier_id_created_at_id"), table_name="dossier_items")
    op.drop_index(op.f("ix_dossier_items_office_id_blob_id"), table_name="dossier_items")
    op.drop_index(
        op.f("ix_dossier_items_office_id_binned_at"),
        table_name="dossier_items",
        postgresql_where="binned_at IS NOT NULL",
    )
    op.drop_table("dossier_items")
    op.drop_index(op.f("ix_messages_office_id_conversation_id_created_at_id"), table_name="messages")
    op.drop_table("messages")
    op.drop_index(op.f("ix_document_request_lines_office_id_folder_id"), table_name="document_request_lines")
    op.drop_table("document_request_lines")
    op.drop_index(op.f("ix_folders_office_id_parent_id"), table_name="folders")
    op.drop_index(
        op.f("ix_folders_office_id_dossier_id_purpose"),
        table_name="folders",
        postgresql_where="purpose = 'inbox'",
    )
    op.drop_index(op.f("ix_folders_office_id_dossier_id_position_id"), table_name="folders")
    op.drop_table("folders")
    op.drop_index(op.f("ix_document_requests_office_id_relation_id_created_at_id"), table_name="document_requests")
    op.drop_index(op.f("ix_document_requests_office_id_created_at_id"), table_name="document_requests")
    op.drop_index(op.f("ix_document_requests_office_id_conversation_id"), table_name="document_requests")
    op.drop_index(op.f("ix_document_requests_office_id_contact_id"), table_name="document_requests")
    op.drop_table("document_requests")
    op.drop_index(
        op.f("ix_conversation_participants_office_id_contact_id_conversation_id"),
        table_name="conversation_participants",
    )
    op.drop_table("conversation_participants")
    op.drop_index(op.f("ix_relation_roles_office_id_team_member_id_relation_id"), table_name="relation_roles")
    op.drop_table("relation_roles")
    op.drop_index(op.f("ix_invitations_office_id_team_member_id"), table_name="invitations")
    op.drop_index(op.f("ix_invitations_office_id_contact_id"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_events_office_id_subject_id"), table_name="events")
    op.drop_index(op.f("ix_events_office_id_relation_id_at_id"), table_name="events")
    op.drop_index(op.f("ix_events_office_id_at_id"), table_name="events")
    op.drop_table("events")
    op.drop_table("dossiers")
    op.drop_index(op.f("ix_conversations_office_id_relation_id_last_message_at_id"), table_name="conversations")
    op.drop_index(op.f("ix_conversations_office_id_last_message_at_id"), table_name="conversations")
    op.drop_table("conversations")
    op.drop_index(op.f("ix_contact_links_office_id_contact_id_relation_id"), table_name="contact_links")
    op.drop_table("contact_links")
    op.drop_index(op.f("ix_auth_tokens_office_id_team_member_id"), table_name="auth_tokens")
    op.drop_index(op.f("ix_auth_tokens_office_id_contact_id"), table_name="auth_tokens")
    op.drop_table("auth_tokens")
    op.drop_table("api_keys")
    op.drop_table("team_members")
    op.drop_index(op.f("ix_relations_office_id_updated_at_id"), table_name="relations")
    op.drop_index(op.f("ix_relations_office_id_parent_id"), table_name="relations")
    op.drop_index(op.f("ix_relations_office_id_number_sort_id"), table_name="relations")
    op.drop_index(op.f("ix_relations_office_id_name_key_id"), table_name="relations")
    op.drop_table("relations")
    op.drop_index(op.f("ix_idempotency_keys_office_id_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index(
        op.f("ix_folder_templates_office_id_purpose"),
        table_name="folder_templates",
        postgresql_where="purpose = 'inbox'",
    )
    op.drop_table("folder_templates")
    op.drop_index(op.f("ix_contacts_office_id_updated_at_id"), table_name="contacts")
    op.drop_index(op.f("ix_contacts_office_id_number_sort_id"), table_name="contacts")
    op.drop_index(op.f("ix_contacts_office_id_name_key_id"), table_name="contacts")
    op.drop_table("contacts")
    op.drop_index(op.f("ix_blobs_office_id_lease_until"), table_name="blobs", postgresql_where="state <> 'stored'")
    op.drop_table("blobs")
    op.drop_index(op.f("ix_rate_limits_resets_at"), table_name="rate_limits")
    op.drop_table("rate_limits")
    op.drop_table("offices")
