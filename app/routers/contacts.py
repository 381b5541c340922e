from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P
from app.dependencies import (
    Answer,
    CurrentActor,
    CurrentSettings,
    Route,
    Transaction,
    find,
    require,
    shows_once,
)
from app.listing import Page
from app.models import Contact
from app.schemas.contacts import (
    ContactCreate,
    ContactDetail,
    ContactMerge,
    ContactQuery,
    ContactRead,
    ContactUpdate,
    InvitationRead,
)
from app.services import contact_merge, contacts, invitations

router = APIRouter(prefix="/contacts", tags=["contacts"], route_class=Route)


async def contact_in_path(contact_id: UUID, session: Transaction, actor: CurrentActor) -> Contact:
    return await find(session, actor, Contact, contact_id)


ContactInPath = Annotated[Contact, Depends(contact_in_path)]


@router.get("", dependencies=[require(P.CONTACTS_READ)], response_model=Page[ContactRead])
async def list_contacts(query: Annotated[ContactQuery, Query()], session: Transaction, actor: CurrentActor) -> Any:
    """Contacts (contacten) of the relations the caller may see, and those linked to none yet."""
    return await contacts.page(session, actor, query)


@router.post("", status_code=201, dependencies=[require(P.CONTACTS_WRITE)], response_model=ContactDetail)
async def create_contact(data: ContactCreate, session: Transaction, actor: CurrentActor, answer: Answer) -> Any:
    """Make a contact (contact). It sees nothing until it is linked with portal access, and invited.

    Who is a contact of the office already is refused (409): one e-mail address, one contact. A caller with a role on
    none of his relations does not see him, and can not link him either: a manager does that.
    """
    contact = await contacts.create(session, actor, data)
    answer.created(f"/contacts/{contact.id}", contact)
    return contact


@router.get("/{contact_id}", dependencies=[require(P.CONTACTS_READ)], response_model=ContactDetail)
async def get_contact(contact: ContactInPath, answer: Answer) -> Any:
    """One contact (contact)."""
    answer.show(contact)
    return contact


@router.patch("/{contact_id}", dependencies=[require(P.CONTACTS_WRITE)], response_model=ContactDetail)
async def update_contact(
    contact: ContactInPath, data: ContactUpdate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Change a contact (contact); blocking it ends its sessions at once."""
    answer.check(contact)
    await contacts.change(session, actor, contact, data)
    await session.flush()
    answer.show(contact)
    return contact


@router.delete("/{contact_id}", status_code=204, dependencies=[require(P.CONTACTS_DELETE)])
async def delete_contact(contact: ContactInPath, session: Transaction, actor: CurrentActor, answer: Answer) -> None:
    """Delete a contact (contact verwijderen): his login, links and personal data are gone at once, for good.

    Messages that he wrote stay under his name; his number and e-mail address are free again. It takes a role on all
    relations that he is linked to (403 `other_relations`). While documents are asked of him it is refused (409
    `open_document_requests`): withdraw those requests, or merge him with who goes on in his place.
    """
    answer.check(contact)
    await contacts.delete(session, actor, contact)


@router.post(
    "/{contact_id}/merge",
    dependencies=[require(P.CONTACTS_WRITE, P.CONTACTS_DELETE, P.CONTACT_LINKS_WRITE)],
    response_model=ContactDetail,
)
async def merge_contacts(
    contact: ContactInPath, data: ContactMerge, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Merge another contact into this one (samenvoegen): the same human, entered twice.

    His links, conversations, messages and document requests become this one's, then he is deleted: his sessions end,
    his address and number are free. This one keeps his own login, names and address; a phone number that he lacks is
    taken over. **Access:** he can open what the links that move open, as they stand; where both are linked to one
    relation his own link stays, so that it opens and authorises no more than before; only that he is preferred
    (`is_preferred`, `preferred_for`) or a UBO goes over to it. Conversations and requests he reads as far as his
    links open their relation. It takes a role on all relations of both.
    """
    answer.check(contact)
    await contact_merge.merge(session, actor, contact, data)
    answer.show(contact)
    return contact


@router.post("/{contact_id}/invitation", status_code=201, dependencies=[require(P.CONTACTS_INVITE)])
@shows_once("token", "link")
async def invite_contact(
    contact: ContactInPath,
    session: Transaction,
    actor: CurrentActor,
    settings: CurrentSettings,
    answer: Answer,
) -> InvitationRead:
    """Invite a contact (uitnodiging) to set a password; again for a new one."""
    answer.created(f"/contacts/{contact.id}")
    return await invitations.invite(session, settings, actor, contact)
