"""The words of the published contract that no single model or route says."""

DESCRIPTION = """\
The client dossiers (dossiers) of an accountancy office (accountantskantoor).

**Growing.** Everything lies below `/v1`. Fields, values and operations are added, never removed or renamed: ignore
what you do not know.

**Problems.** Every answer of 400 or more is `application/problem+json` (RFC 9457), on addresses and methods that do
not exist too. Read `code`; `errors` names each wrong place. What is not yours to see is 404, never 403. Give
`X-Request-Id` or get one; it stands in each answer, and names your request in our logs.

**Reading.** Lists are paged: `cursor` takes `next_cursor` of the page before, and `Link: rel="next"` is the whole
address of the next page. Single resources have an `ETag`; `If-None-Match` spares what you have (304). Every GET is
there as HEAD too, with the same headers and no body.

**Writing.** PATCH is a merge patch (RFC 7396): absent keeps, null clears. `If-Match` refuses a change of what
somebody else changed meanwhile (412). A POST may carry an `Idempotency-Key`: the same request under the same key
gets the same answer, for 24 hours, so that a repeat after a lost connection does no harm. Unknown fields, unknown
query parameters and values out of bounds are refused (422).
"""

# Each router's tag, in the order of the document.
TAGS = {
    "meta": "What this server is and takes; the one thing to ask without signing in.",
    "auth": "Signing in and out (aanmelden, afmelden), and what the caller may do.",
    "two-step check": "A code of an app besides the password (tweestapsverificatie): on, off, and reset by the office.",
    "office": "The accountancy office itself (kantoor).",
    "team members": "The people of the office (medewerkers) and their authorisation role (autorisatierol).",
    "API keys": "Keys for integrators and scripts (API-sleutels), limited by scopes.",
    "folder templates": "The folders that every new dossier begins with (mapsjablonen).",
    "relations": "The clients of the office (relaties): organisations and persons. Each has one dossier.",
    "relation team": "Who of the office works for a relation, and as what (teamrollen).",
    "contacts": "The people the office talks to (contacten); a contact's login is a client's way in.",
    "contact links": "Which contact belongs to which relation (koppelingen), and whether it opens the dossier.",
    "dossiers": "The dossier of a relation (dossier).",
    "folders": "The folders of a dossier (dossiermappen), open or closed to clients.",
    "dossier items": "The documents in folders (dossieritems): upload, find, move, download, bin.",
    "conversations": "Messages (berichten) between office and client, with files: how a client delivers.",
    "document requests": "Asking a client for documents (documentuitvragen), each with its folder chosen beforehand.",
    "inbox": "Delivered documents that wait for a decision (Inbox), over all dossiers.",
    "timeline": "What happened, and who did it (tijdlijn).",
}

# What a name means wherever it stands, unless the model says it better: of parameters, and of fields.
PARAMETER_WORDS = {
    "api_key_id": "the API key (API-sleutel)",
    "attachment_id": "a file of this message (bijlage)",
    "contact_id": "the contact (contact)",
    "conversation_id": "the conversation (bericht)",
    "document_request_id": "the document request (documentuitvraag)",
    "dossier_id": "the dossier (dossier)",
    "folder_id": "the folder (dossiermap)",
    "folder_template_id": "the folder of the template (mapsjabloon)",
    "item_id": "the document (dossieritem)",
    "login_status": "only contacts whose login is that",
    "message_id": "the message (bericht)",
    "relation_id": "the relation (relatie)",
    "sort": "the order; `-` in front: from high to low",
    "status": "only what is in this state",
    "subject_id": "only what happened to this very thing, such as one document",
    "team_member_id": "the team member (medewerker)",
    "token": "the invitation's token (uitnodiging), `ordi_...`",
    "type": "only relations of this type",
}

FIELD_WORDS = {
    "actor_id": "who did it; null: Ordner itself",
    "actor_kind": "what kind of person or key did it",
    "actor_name": "who did it, under the name of that moment",
    "archived_at": "when it was archived (gearchiveerd); null: it is in use",
    "at": "when it happened",
    "attachments": "the files that were sent along (bijlagen)",
    "binned_at": "when it was put in the bin (prullenbak); null: it is not there",
    "contact_id": "the contact (contact)",
    "conversation_id": "the conversation (bericht)",
    "created_at": "when it was made (aangemaakt)",
    "created_by_id": "the team member (medewerker) who made it",
    "data": "more about it, by kind of action; ignore what you do not know",
    "delivered_at": "when it was delivered (aangeleverd)",
    "document_request_line_id": "the line of a document request (documentuitvraag) that this answers",
    "dossier_id": "the dossier (dossier)",
    "due_on": "asked for before the end of this day (uiterste datum)",
    "email": "e-mail address (e-mailadres)",
    "expires_at": "no longer valid from then on (verloopt)",
    "first_names": "voornamen",
    "folder_id": "the folder (dossiermap)",
    "function": "functie; describes, never authorises",
    "id": "never changes; a UUIDv7, so later ones sort later",
    "initials": "voorletters",
    "is_client_visible": "may a client who can see the subject see this line",
    "is_open": "open to clients (ontsloten)",
    "is_preferred": "voorkeur contact: the default addressee of this relation",
    "item_id": "the document (dossieritem)",
    "json_max_bytes": "largest JSON body",
    "language": "taal: of what is sent to this contact",
    "last_message_at": "when the last message (bericht) was written",
    "legal_form": "rechtsvorm; null for persons",
    "lines": "what is asked for, each by itself (uitvraagregels)",
    "list_max_rows": "largest `limit` of a list",
    "login_status": "inlogstatus: no login, invited, in use, or closed by the office",
    "memo": "memo; never shown to clients",
    "message_id": "the message (bericht) that brought it; null: it came in another way",
    "message_max_files": "files in one message",
    "name": "naam",
    "number": "nummer; text, unique in the office without regard to case",
    "parent_id": "the one above it; null: none",
    "participants": "who takes part (deelnemers)",
    "permissions": "what the caller may do (rechten)",
    "phone": "telefoonnummer",
    "portal_access": "may this contact open this relation's dossier",
    "position": "order among its neighbours (volgorde)",
    "prefix": "tussenvoegsel",
    "purpose": "`inbox`: where delivered documents wait; such a folder stays",
    "reason": "for the office (reden)",
    "relation_id": "the relation (relatie)",
    "relation_name": "name of the relation (relatienaam)",
    "relation_number": "number of the relation (relatienummer)",
    "request_id": "`X-Request-Id` of the request that did it",
    "request_line_id": "the line of a document request (uitvraagregel) that it answers; null: none",
    "revoked_at": "when it was revoked (ingetrokken); null: it was not",
    "sees_all_relations": "true: no role on a relation is asked for",
    "sender_id": "who wrote it",
    "sender_kind": "what kind of person or key wrote it",
    "sender_name": "who wrote it (afzender), under the name of that moment",
    "sha256": "of the content, hexadecimal; also the download's ETag",
    "size": "bytes",
    "slug": "the office's short name, for signing in",
    "subject": "onderwerp",
    "subject_id": "what it happened to",
    "subject_type": "what kind of thing it happened to",
    "surname": "achternaam",
    "team_member_id": "the team member (medewerker)",
    "team_member_name": "name of the team member (medewerker)",
    "text": "plain text, with line breaks",
    "title": "titel",
    "two_step_since": "since when signing in also takes a code (tweestapsverificatie); null: it does not",
    "updated_at": "when it was last changed (gewijzigd)",
    "valid_from": "the first day (geldig vanaf); null: from the beginning",
    "valid_until": "the last day (geldig tot en met); null: no end",
    "version": "rises with every change; in quotation marks it is the ETag",
}
