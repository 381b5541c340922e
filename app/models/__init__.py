"""The tables. Importing this package registers all of them."""

from app.models.api_keys import ApiKey
from app.models.auth_tokens import AuthToken
from app.models.base import Base
from app.models.blobs import Blob
from app.models.changes import Change
from app.models.contact_links import ContactLink
from app.models.contacts import Contact
from app.models.conversations import Attachment, Conversation, Message, Participant
from app.models.deputies import Deputy
from app.models.document_requests import DocumentRequest, DocumentRequestLine
from app.models.dossier_items import DossierItem
from app.models.dossiers import Dossier
from app.models.events import Event
from app.models.folder_templates import FolderTemplate
from app.models.folders import Folder
from app.models.idempotency_keys import IdempotencyKey
from app.models.imports import Import, ImportIdentifier, ImportRow
from app.models.invitations import Invitation
from app.models.labels import Label
from app.models.offices import Office
from app.models.products import Product, RelationProduct
from app.models.rate_limits import RateLimit
from app.models.relation_external_ids import RelationExternalId
from app.models.relation_gaps import GapCheck, RelationGap
from app.models.relation_groups import RelationGroup
from app.models.relation_identifiers import RelationIdentifier
from app.models.relation_kinds import RelationKind
from app.models.relation_labels import RelationLabel
from app.models.relation_roles import RelationRole
from app.models.relations import Relation
from app.models.standard_team import StandardRole
from app.models.team_members import TeamMember
from app.models.team_roles import TeamRole
from app.models.two_step_secrets import TwoStepSecret

__all__ = [
    "ApiKey",
    "Attachment",
    "AuthToken",
    "Base",
    "Blob",
    "Change",
    "Contact",
    "ContactLink",
    "Conversation",
    "Deputy",
    "DocumentRequest",
    "DocumentRequestLine",
    "Dossier",
    "DossierItem",
    "Event",
    "Folder",
    "FolderTemplate",
    "GapCheck",
    "IdempotencyKey",
    "Import",
    "ImportIdentifier",
    "ImportRow",
    "Invitation",
    "Label",
    "Message",
    "Office",
    "Participant",
    "Product",
    "RateLimit",
    "Relation",
    "RelationExternalId",
    "RelationGap",
    "RelationGroup",
    "RelationIdentifier",
    "RelationKind",
    "RelationLabel",
    "RelationProduct",
    "RelationRole",
    "StandardRole",
    "TeamMember",
    "TeamRole",
    "TwoStepSecret",
]
