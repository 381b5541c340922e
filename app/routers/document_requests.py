from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.access import P
from app.dependencies import Answer, CurrentActor, Route, Transaction, find, require, shape, shape_page
from app.listing import Page, paginate
from app.models import DocumentRequest
from app.schemas.document_requests import (
    DocumentRequestCreate,
    DocumentRequestQuery,
    DocumentRequestRead,
    DocumentRequestStaffRead,
)
from app.services import document_requests

router = APIRouter(prefix="/document-requests", tags=["document requests"], route_class=Route)


async def request_in_path(document_request_id: UUID, session: Transaction, actor: CurrentActor) -> DocumentRequest:
    return await find(session, actor, DocumentRequest, document_request_id, document_requests.WITH_LINES)


async def request_to_change(document_request_id: UUID, session: Transaction, actor: CurrentActor) -> DocumentRequest:
    return await find(session, actor, DocumentRequest, document_request_id, document_requests.WITH_LINES, lock=True)


RequestInPath = Annotated[DocumentRequest, Depends(request_in_path)]
RequestToChange = Annotated[DocumentRequest, Depends(request_to_change)]


@router.get(
    "",
    dependencies=[require(P.DOCUMENT_REQUESTS_READ)],
    response_model=Page[DocumentRequestStaffRead] | Page[DocumentRequestRead],
)
async def list_document_requests(
    query: Annotated[DocumentRequestQuery, Query()], session: Transaction, actor: CurrentActor
) -> Any:
    """Document requests (documentuitvragen); for a client those to him."""
    found = document_requests.find_all(actor, query)
    page = await paginate(session, found, query, document_requests.SORTS, DocumentRequest.id)
    return shape_page(actor, page, DocumentRequestRead, DocumentRequestStaffRead)


@router.post(
    "",
    status_code=201,
    dependencies=[require(P.DOCUMENT_REQUESTS_WRITE)],
    response_model=DocumentRequestStaffRead,
)
async def create_document_request(
    data: DocumentRequestCreate, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Ask a client for documents (documentuitvraag), each with the folder that it will go to."""
    request = await document_requests.create(session, actor, data)
    answer.created(f"/document-requests/{request.id}", request)
    return request


@router.get(
    "/{document_request_id}",
    dependencies=[require(P.DOCUMENT_REQUESTS_READ)],
    response_model=DocumentRequestStaffRead | DocumentRequestRead,
)
async def get_document_request(request: RequestInPath, actor: CurrentActor, answer: Answer) -> Any:
    """One document request (documentuitvraag) with its lines."""
    answer.show(request)
    return shape(actor, request, DocumentRequestRead, DocumentRequestStaffRead)


@router.post(
    "/{document_request_id}/withdraw",
    dependencies=[require(P.DOCUMENT_REQUESTS_WRITE)],
    response_model=DocumentRequestStaffRead,
)
async def withdraw_document_request(
    request: RequestToChange, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Withdraw a request that is open (intrekken): it takes no answer any more."""
    await document_requests.withdraw(session, actor, request)
    await session.flush()
    answer.show(request)
    return request


@router.post(
    "/{document_request_id}/reopen",
    dependencies=[require(P.DOCUMENT_REQUESTS_WRITE)],
    response_model=DocumentRequestStaffRead,
)
async def reopen_document_request(
    request: RequestToChange, session: Transaction, actor: CurrentActor, answer: Answer
) -> Any:
    """Open a withdrawn request again (heropenen)."""
    await document_requests.reopen(session, actor, request)
    await session.flush()
    answer.show(request)
    return request
