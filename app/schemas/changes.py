from typing import Annotated, Literal

from pydantic import Field

from app.listing import PageQuery
from app.schemas.base import Id, Moment, Output
from app.schemas.contact_links import ContactLinkRead
from app.schemas.contacts import ContactRead
from app.schemas.examples import CONTACT, LATER, LINK, RELATION, example, shown_of
from app.schemas.relations import RelationStaffRead

ChangeType = Literal["relation", "contact", "contact_link"]
Data = Field(description="as it is now; null: removed, or the caller may not read this kind of thing")


class ChangeRead(Output):
    """That something changed (wijziging): once, at the place of its newest change."""

    id: Annotated[Id, Field(description="of the relation, of the contact, or of the pair that a link is between")]
    relation_id: Annotated[Id | None, Field(description="the relation (relatie); null: it is about a contact")]
    contact_id: Annotated[Id | None, Field(description="the contact (contact); null: it is about a relation")]
    is_deleted: Annotated[bool, Field(description="it is not there any more (verwijderd): remove your copy")]
    changed_at: Annotated[Moment, Field(description="when it last changed (gewijzigd); items are not in this order")]


class RelationChange(ChangeRead):
    model_config = example(
        type="relation",
        id=RELATION,
        relation_id=RELATION,
        contact_id=None,
        is_deleted=False,
        changed_at=LATER,
        data=shown_of(RelationStaffRead),
    )

    type: Literal["relation"]
    data: Annotated[RelationStaffRead | None, Data]


class ContactChange(ChangeRead):
    model_config = example(
        type="contact",
        id=CONTACT,
        relation_id=None,
        contact_id=CONTACT,
        is_deleted=False,
        changed_at=LATER,
        data=shown_of(ContactRead),
    )

    type: Literal["contact"]
    data: Annotated[ContactRead | None, Data]


class ContactLinkChange(ChangeRead):
    """Its data shows both ends as they are now; when one of them changes, that is a change of its own."""

    model_config = example(
        type="contact_link",
        id=LINK,
        relation_id=RELATION,
        contact_id=CONTACT,
        is_deleted=True,
        changed_at=LATER,
        data=None,
    )

    type: Literal["contact_link"]
    data: Annotated[ContactLinkRead | None, Data]


class ChangePage(Output):
    """What changed, and where to go on."""

    model_config = example(
        items=[shown_of(RelationChange), shown_of(ContactChange), shown_of(ContactLinkChange)],
        next_cursor="WyI5YzFlIiwgIjdhMDQiLCA4MTIsICIwIl0",
        has_more=False,
    )

    items: list[Annotated[RelationChange | ContactChange | ContactLinkChange, Field(discriminator="type")]]
    next_cursor: Annotated[str, Field(description="keep it, and give it as `cursor` when you ask again; always there")]
    has_more: Annotated[bool, Field(description="true: ask again at once; false: when you next want to know")]


class ChangeQuery(PageQuery):
    cursor: Annotated[
        str | None,
        Field(max_length=10_000, description="`next_cursor` of your last answer; without it: everything there is"),
    ] = None
    type: Annotated[ChangeType | None, Field(description="only changes of this kind of thing")] = None
