"""The tables. Importing this package registers all of them."""

from app.models.api_keys import ApiKey
from app.models.auth_tokens import AuthToken
from app.models.base import Base
from app.models.blobs import Blob
from app.models.contact_links import ContactLink
from app.models.contacts import Contact
from app.models.conversations import Attachment, Conversation, Message, Participant
from app.models.document_requests import DocumentRequest, DocumentRequestLine
from app.models.dossier_items import DossierItem
from app.models.dossiers import Dossier
from app.models.events import Event
from app.models.folder_templates import FolderTemplate
from app.models.folders import Folder
from app.models.idempotency_keys import IdempotencyKey
from app.models.invitations import Invitation
from app.models.offices import Office
from app.models.rate_limits import RateLimit
from app.models.relation_identifiers import RelationIdentifier
from app.models.relation_roles import RelationRole
from app.models.relations import Relation
from app.models.team_members import TeamMember
from app.models.two_step_secrets import TwoStepSecret

__all__ = [
    "ApiKey",
    "Attachment",
    "AuthToken",
    "Base",
    "Blob",
    "Contact",
    "ContactLink",
    "Conversation",
    "DocumentRequest",
    "DocumentRequestLine",
    "Dossier",
    "DossierItem",
    "Event",
    "Folder",
    "FolderTemplate",
    "IdempotencyKey",
    "Invitation",
    "Message",
    "Office",
    "Participant",
    "RateLimit",
    "Relation",
    "RelationIdentifier",
    "RelationRole",
    "TeamMember",
    "TwoStepSecret",
]
