"""Who may do what, and which rows exist for them.

Two questions, two answers: a *kind* of action is a Permission in the route's decorator (403), a *row* is
a condition in the query (404). ``visible()`` is the only way to begin a select on office-owned rows.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from app.errors import Forbidden


class Permission(StrEnum):
    """Named after the path: ``<resource>:<kind of action>``. Scopes of API keys are a choice out of these."""

    ME_READ = "me:read"
    ME_WRITE = "me:write"
    OFFICE_READ = "office:read"
    OFFICE_WRITE = "office:write"
    TEAM_MEMBERS_READ = "team_members:read"
    TEAM_MEMBERS_WRITE = "team_members:write"
    TEAM_ROLES_READ = "team_roles:read"
    TEAM_ROLES_WRITE = "team_roles:write"
    STANDARD_TEAM_READ = "standard_team:read"
    STANDARD_TEAM_WRITE = "standard_team:write"
    DEPUTIES_READ = "deputies:read"
    DEPUTIES_WRITE = "deputies:write"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    FOLDER_TEMPLATES_READ = "folder_templates:read"
    FOLDER_TEMPLATES_WRITE = "folder_templates:write"
    LABELS_READ = "labels:read"
    LABELS_WRITE = "labels:write"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    RELATION_KINDS_READ = "relation_kinds:read"
    RELATION_KINDS_WRITE = "relation_kinds:write"
    RELATION_GROUPS_READ = "relation_groups:read"
    RELATION_GROUPS_WRITE = "relation_groups:write"
    RELATIONS_READ = "relations:read"
    RELATIONS_WRITE = "relations:write"
    RELATIONS_ARCHIVE = "relations:archive"
    RELATION_COMPLETENESS_READ = "relation_completeness:read"
    RELATIONS_MATCH = "relations:match"
    RELATIONS_SEARCH = "relations:search"
    CITIZEN_NUMBERS_REVEAL = "citizen_numbers:reveal"
    RELATION_TEAM_READ = "relation_team:read"
    RELATION_TEAM_WRITE = "relation_team:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONTACTS_DELETE = "contacts:delete"
    CONTACTS_INVITE = "contacts:invite"
    CONTACTS_RESET_TWO_STEP = "contacts:reset_two_step"
    CONTACT_LINKS_READ = "contact_links:read"
    CONTACT_LINKS_WRITE = "contact_links:write"
    DOSSIERS_READ = "dossiers:read"
    FOLDERS_WRITE = "folders:write"
    DOSSIER_ITEMS_READ = "dossier_items:read"
    DOSSIER_ITEMS_UPLOAD = "dossier_items:upload"
    DOSSIER_ITEMS_WRITE = "dossier_items:write"
    DOSSIER_ITEMS_DELETE = "dossier_items:delete"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    CONVERSATIONS_MANAGE = "conversations:manage"
    DOCUMENT_REQUESTS_READ = "document_requests:read"
    DOCUMENT_REQUESTS_WRITE = "document_requests:write"
    INBOX_READ = "inbox:read"
    INBOX_ROUTE = "inbox:route"
    TIMELINE_READ = "timeline:read"
    CHANGES_READ = "changes:read"
    IMPORT_TEMPLATES_READ = "import_templates:read"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    EXPORTS_READ = "exports:read"


P = Permission

# What a client's login may do. Delivering is writing a message; nothing here changes a dossier (domain rules 5-10).
CONTACT: frozenset[Permission] = frozenset(
    {
        P.ME_READ,
        P.ME_WRITE,
        P.RELATIONS_READ,
        P.DOSSIERS_READ,
        P.DOSSIER_ITEMS_READ,
        P.CONVERSATIONS_READ,
        P.CONVERSATIONS_WRITE,
        P.DOCUMENT_REQUESTS_READ,
        P.TIMELINE_READ,
    }
)

READER: frozenset[Permission] = CONTACT - {P.CONVERSATIONS_WRITE} | {
    P.OFFICE_READ,
    P.TEAM_MEMBERS_READ,
    P.TEAM_ROLES_READ,
    P.STANDARD_TEAM_READ,
    P.DEPUTIES_READ,
    P.FOLDER_TEMPLATES_READ,
    P.RELATION_COMPLETENESS_READ,
    P.RELATION_TEAM_READ,
    P.LABELS_READ,
    P.PRODUCTS_READ,
    P.RELATION_KINDS_READ,
    P.RELATION_GROUPS_READ,
    P.CONTACTS_READ,
    P.CONTACT_LINKS_READ,
    P.INBOX_READ,
    P.IMPORT_TEMPLATES_READ,
}
MUTATOR: frozenset[Permission] = READER | {
    P.RELATIONS_WRITE,
    P.RELATIONS_MATCH,
    P.RELATIONS_SEARCH,
    P.CITIZEN_NUMBERS_REVEAL,
    P.CONTACTS_WRITE,
    P.CONTACTS_DELETE,
    P.CONTACTS_INVITE,
    P.CONTACTS_RESET_TWO_STEP,
    P.CONTACT_LINKS_WRITE,
    P.FOLDERS_WRITE,
    P.DOSSIER_ITEMS_UPLOAD,
    P.DOSSIER_ITEMS_WRITE,
    P.DOSSIER_ITEMS_DELETE,
    P.CONVERSATIONS_WRITE,
    P.CONVERSATIONS_MANAGE,
    P.DOCUMENT_REQUESTS_WRITE,
    P.INBOX_ROUTE,
}
MANAGER: frozenset[Permission] = MUTATOR | {
    P.RELATIONS_ARCHIVE,
    P.RELATION_TEAM_WRITE,
    P.TEAM_ROLES_WRITE,
    P.STANDARD_TEAM_WRITE,
    P.DEPUTIES_WRITE,
    P.FOLDER_TEMPLATES_WRITE,
    P.LABELS_WRITE,
    P.PRODUCTS_WRITE,
    P.RELATION_KINDS_WRITE,
    P.RELATION_GROUPS_WRITE,
    P.CHANGES_READ,
    P.IMPORTS_READ,
    P.IMPORTS_WRITE,
    P.EXPORTS_READ,
}
ADMINISTRATOR: frozenset[Permission] = frozenset(Permission)


class Role(StrEnum):
    """Authorisation role (autorisatierol) of a team member, rising; domain.md 4.1."""

    READER = "reader"
    MUTATOR = "mutator"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: READER,
    Role.MUTATOR: MUTATOR,
    Role.MANAGER: MANAGER,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}
CROSS_CLIENT = {Role.MANAGER, Role.ADMINISTRATOR}

# A key never makes keys or people, nor opens a login: what it leaks must end when it is revoked.
KEY_SCOPES: frozenset[Permission] = frozenset(Permission) - {
    P.ME_WRITE,
    P.API_KEYS_READ,
    P.API_KEYS_WRITE,
    P.TEAM_MEMBERS_WRITE,
    P.OFFICE_WRITE,
    P.CONTACTS_INVITE,
    P.CONTACTS_RESET_TWO_STEP,
    P.DEPUTIES_WRITE,
    P.STANDARD_TEAM_WRITE,
}


NOBODY = UUID(int=0)


class ActorKind(StrEnum):
    TEAM_MEMBER = "team_member"
    CONTACT = "contact"
    API_KEY = "api_key"
    SYSTEM = "system"  # the worker by the clock, the command line


@dataclass(frozen=True)
class Actor:
    """Who sends this request. ``sees_all_relations``: the role on a relation is not asked for."""

    office_id: UUID
    kind: ActorKind
    id: UUID
    name: str
    permissions: frozenset[Permission]
    sees_all_relations: bool = False
    role: Role | None = None
    token_id: UUID | None = None

    @classmethod
    def system(cls, office_id: UUID) -> "Actor":
        """Ordner itself: the clock, or who runs the server."""
        return cls(office_id, ActorKind.SYSTEM, NOBODY, "Ordner", frozenset())

    @property
    def is_contact(self) -> bool:
        return self.kind is ActorKind.CONTACT

    def require(self, *permissions: Permission) -> None:
        for permission in permissions:
            if permission not in self.permissions:
                raise Forbidden(f"This takes the permission `{permission}`, which your role or key does not have.")


M = TypeVar("M")


def visible(actor: Actor, model: type[M]) -> Select[M]:
    """The rows of ``model`` that exist for this actor: his office's, and those that its ``visible_to`` opens to him."""
    owned: Any = model
    return select(model).where(owned.office_id == actor.office_id, owned.visible_to(actor))
