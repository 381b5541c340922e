from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, require
from app.errors import NotFound
from app.listing import Page, paginate
from app.models import Contact, ContactLink
from app.routers.contacts import ContactInPath
from app.routers.relations import RelationInPath, RelationToChange
from app.schemas.contact_links import ContactLinkPut, ContactLinkQuery, ContactLinkRead, ContactLinkUpdate
from app.services import contact_links

router = APIRouter(tags=["contact links"], route_class=Route)


async def link_in_path(
    relation: RelationInPath, contact: ContactInPath, session: Transaction, actor: CurrentActor
) -> ContactLink:
    return await contact_links.find(session, actor, relation, contact)


async def link_to_change(
    relation: RelationToChange, contact: ContactInPath, session: Transaction, actor: CurrentActor
) -> ContactLink:
    return await contact_links.find(session, actor, relation, contact)


async def contact_to_link(contact: ContactInPath, session: Transaction, actor: CurrentActor) -> Contact:
    """Held before the relation is, see ``offices.queue``."""
    if not await contact_links.hold(session, actor, contact.id):
        raise NotFound
    return contact


ContactToLink = Annotated[Contact, Depends(contact_to_link)]
LinkInPath = Annotated[ContactLink, Depends(link_in_path)]
LinkToChange = Annotated[ContactLink, Depends(link_to_change)]
ONE = "/relations/{relation_id}/contacts/{contact_id}"


@router.get(
    "/relations/{relation_id}/contacts",
    dependencies=[require(P.CONTACT_LINKS_READ)],
    response_model=Page[ContactLinkRead],
)
async def list_contacts_of_relation(
    relation: RelationInPath,
    query: Annotated[ContactLinkQuery, Query()],
    session: Transaction,
    actor: CurrentActor,
) -> Any:
    """Contacts linked to a relation (koppelingen)."""
    found = contact_links.of_relation(actor, relation)
    return await paginate(session, found, query, contact_links.SORTS, ContactLink.id)


@router.get(
    "/contacts/{contact_id}/relations",
    dependencies=[require(P.CONTACT_LINKS_READ)],
    response_model=Page[ContactLinkRead],
)
async def list_relations_of_contact(
    contact: ContactInPath,
    query: Annotated[ContactLinkQuery, Query()],
    session: Transaction,
    actor: CurrentActor,
) -> Any:
    """Relations a contact is linked to (koppelingen), as far as the caller may see them."""
    found = contact_links.of_contact(actor, contact)
    return await paginate(session, found, query, contact_links.SORTS, ContactLink.id)


@router.get(ONE, dependencies=[require(P.CONTACT_LINKS_READ)], response_model=ContactLinkRead)
async def get_contact_link(link: LinkInPath, answer: Answer) -> Any:
    """One link (koppeling)."""
    answer.show(link, link.contact, link.relation)
    return link


@router.put(
    ONE,
    dependencies=[require(P.CONTACT_LINKS_WRITE)],
    response_model=ContactLinkRead,
    responses={201: {"model": ContactLinkRead, "description": "Linked now"}},
)
async def put_contact_link(
    contact: ContactToLink,
    relation: RelationToChange,
    data: ContactLinkPut,
    session: Transaction,
    actor: CurrentActor,
    answer: Answer,
    response: Response,
) -> Any:
    """Link a contact to a relation (koppelen), or set the link that is there. 201 when it is new.

    A contact of relations that the caller has no role on does not exist for him (404): a manager links that one.
    """
    link, created = await contact_links.put(session, actor, relation, contact, data, answer.check)
    response.status_code = 201 if created else 200
    if created:
        answer.created(f"/relations/{relation.id}/contacts/{contact.id}", link, link.contact, link.relation)
    else:
        answer.show(link, link.contact, link.relation)
    return link


@router.patch(ONE, dependencies=[require(P.CONTACT_LINKS_WRITE)], response_model=ContactLinkRead)
async def update_contact_link(
    relation: RelationToChange,
    link: LinkToChange,
    data: ContactLinkUpdate,
    session: Transaction,
    actor: CurrentActor,
    answer: Answer,
) -> Any:
    """Change a link (koppeling); access that it no longer gives ends at once."""
    answer.check(link, link.contact, link.relation)
    await contact_links.change(session, actor, relation, link, data)
    await session.flush()
    answer.show(link, link.contact, link.relation)
    return link


@router.delete(ONE, status_code=204, dependencies=[require(P.CONTACT_LINKS_WRITE)])
async def delete_contact_link(
    relation: RelationToChange, link: LinkToChange, session: Transaction, actor: CurrentActor, answer: Answer
) -> None:
    """Unlink a contact from a relation (ontkoppelen); its access ends at once."""
    answer.check(link, link.contact, link.relation)
    await contact_links.remove(session, actor, relation, link)
