"""IN-08, IN-09: one error format on every status, and nothing in it that is ours alone."""

import asyncio
from typing import Any

import httpx
import pytest
from asyncpg.exceptions import DeadlockDetectedError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect

from app.error_handlers import from_integrity, pointer, to_problem
from app.errors import TYPE_PREFIX, Problem
from app.models import Base
from tests.factories import Tenant

pytestmark = pytest.mark.anyio

ORIGIN = {"Origin": "https://app.example"}


def check(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The whole of the convention on one answer."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"] == TYPE_PREFIX + body["code"]
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    if code:
        assert body["code"] == code
    return body


async def test_statuses_of_the_framework(office: Tenant) -> None:
    check(await office.admin.get("/nowhere", headers=ORIGIN), 404, "not_found")
    check(await office.admin.get("/v1/nowhere"), 404, "not_found")
    check(await office.admin.delete("/v1/meta"), 405, "method_not_allowed")
    check(await office.admin.get("/v1/relations/"), 404)  # no redirect that loses the scheme
    check(await office.admin.get("/v1/relations/not-an-id"), 404)
    check(await office.admin.post("/v1/relations", content=b"x", headers={"Content-Type": "text/plain"}), 415)
    check(
        await office.admin.post(
            "/v1/relations", content=b"x=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ),
        415,
    )
    check(
        await office.admin.post("/v1/relations", content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "json_invalid",
    )


async def test_allow_names_every_method_of_the_path(office: Tenant) -> None:
    """RFC 9110 10.2.1, where several operations share a path."""
    put = await office.admin.put("/v1/relations", json={})
    assert put.headers["allow"] == "GET, HEAD, POST"
    post = await office.admin.post(f"/v1/relations/{office.id}", json={})
    assert post.headers["allow"] == "DELETE, GET, HEAD, PATCH"


async def test_a_refused_preflight_is_a_problem(anonymous: httpx.AsyncClient) -> None:
    """IN-08."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = await anonymous.options("/v1/me", headers=asked)
    assert check(answer, 400, "cors_refused")
    assert "access-control-allow-origin" not in answer.headers
    allowed = await anonymous.options("/v1/me", headers=asked | ORIGIN)
    assert allowed.status_code == 200


async def test_cors_on_errors_too(office: Tenant, anonymous: httpx.AsyncClient) -> None:
    for client, path in ((anonymous, "/v1/me"), (office.admin, "/v1/nowhere"), (office.admin, "/v1/relations/x")):
        answer = await client.get(path, headers=ORIGIN)
        assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
        other = await client.get(path, headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


async def test_an_unhandled_error_is_a_problem_with_cors(office: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret detail: postgresql://user:password@host")

    monkeypatch.setattr("app.services.relation_lists.page", broken)
    answer = await office.admin.get("/v1/relations", headers=ORIGIN)
    body = check(answer, 500, "internal_error")
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert "secret" not in answer.text
    assert "errors" not in body


async def test_the_refused_value_is_never_in_the_answer(office: Tenant) -> None:
    for body in (
        {"number": "5" * 60, "type": "organisation"},
        {"number": {"marker": 5}, "type": "marker", "parent_id": "marker-no-id"},
        {"number": "1", "type": "person", "surname": "x", "email": "marker@@"},
    ):
        answer = await office.admin.post("/v1/relations", json=body)
        problem = check(answer, 422)
        assert problem["errors"]
        assert "marker" not in answer.text
        assert "5" * 60 not in answer.text


async def test_request_id_is_taken_when_sane(office: Tenant) -> None:
    answer = await office.admin.get("/v1/me", headers={"X-Request-Id": "import-7:12"})
    assert answer.headers["x-request-id"] == "import-7:12"
    for odd in ("a b", "x" * 101, 'x"y'):
        assert (await office.admin.get("/v1/me", headers={"X-Request-Id": odd})).headers["x-request-id"] != odd


def test_pointer_escapes() -> None:
    assert pointer(["items", 0, "a/b~c"]) == "/items/0/a~1b~0c"


class Cause(Exception):
    def __init__(self, **values: Any) -> None:
        super().__init__()
        self.__dict__.update(values)


def integrity(table: str | None, constraint: str | None) -> IntegrityError:
    orig = Exception()
    orig.__cause__ = Cause(table_name=table, constraint_name=constraint)
    return IntegrityError("INSERT", {}, orig)


def test_a_constraint_names_its_problem() -> None:
    named = from_integrity(integrity("relations", "uq_relations_office_id_number_key"), Base.metadata)
    assert (named.code, named.errors[0].pointer) == ("taken", "/number")
    for unknown in (integrity("relations", "x"), integrity("nowhere", "x"), integrity(None, None)):
        assert from_integrity(unknown, Base.metadata).code == "conflict"


def database_error(kind: type[DBAPIError], state: str | None, *, gone: bool = False) -> DBAPIError:
    error = kind("SELECT", {}, Cause(sqlstate=state))
    error.connection_invalidated = gone
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (database_error(DBAPIError, DeadlockDetectedError.sqlstate), 503),
        (database_error(DBAPIError, "57014"), 503),
        (database_error(OperationalError, None), 503),
        (database_error(DBAPIError, None, gone=True), 503),
        (database_error(DBAPIError, "22021"), 422),
        (database_error(DBAPIError, "42P01"), 500),
        (PoolTimeout(), 503),
        (ConnectionRefusedError(), 503),
        (TimeoutError(), 503),
        (ClientDisconnect(), 400),
        (RuntimeError(), 500),
    ],
)
def test_what_becomes_of_an_exception(error: Exception, status: int) -> None:
    problem = to_problem(error, Base.metadata)
    assert isinstance(problem, Problem)
    assert problem.status == status
    assert ("Retry-After" in problem.headers) == (status == 503)


async def test_unknown_parameters_and_twice_given_ones(office: Tenant) -> None:
    """IN-04: one meaning, or a refusal."""
    body = check(await office.admin.get("/v1/relations?nope=1"), 422, "unknown_parameter")
    assert body["errors"] == [
        {"pointer": "/nope", "code": "unknown_parameter", "detail": body["detail"], "in": "query"}
    ]
    check(await office.admin.get("/v1/relations?limit=1&limit=2"), 422, "duplicate_parameter")
    check(await office.admin.get("/v1/me?x=1"), 422, "unknown_parameter")
    check(await office.admin.post("/v1/relations?x=1", json={}), 422, "unknown_parameter")


async def test_many_wrong_requests_at_once(office: Tenant) -> None:
    answers = await asyncio.gather(*(office.admin.get(f"/v1/relations/{n}") for n in range(50)))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 50
