from fastapi import APIRouter

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, require
from app.routers.contacts import ContactInPath
from app.schemas.person_relations import PersonRelationCreate
from app.schemas.relations import RelationDetail
from app.services import person_relations, relations

router = APIRouter(tags=["relations"], route_class=Route)


@router.post(
    "/contacts/{contact_id}/person-relation",
    status_code=201,
    dependencies=[require(P.RELATIONS_WRITE, P.CONTACT_LINKS_WRITE)],
)
async def create_person_relation(
    contact: ContactInPath, data: PersonRelationCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> RelationDetail:
    """Make the person relation (persoon) for this contact's own income tax (IB), with its dossier, and link him to it.

    It gets the next number below `parent_id`; his names, e-mail address and phone number (the mobile one where it is
    all there is) are copied, an RSIN never, and the BSN is left empty.
    """
    relation = await person_relations.create(session, actor, contact, data)
    answer.created(f"/relations/{relation.id}", relation)
    return await relations.detail(session, actor, relation)
