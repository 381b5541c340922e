"""What api.md promises of every operation, asked of one of them."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from app.access import P, Role
from tests.factories.clients import Client
from tests.factories.hostile import NO_BODY, NOT_JSON, with_literal
from tests.factories.tenants import Tenant
from tests.factories.waiting import at_once

AT_ONCE = 20
JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, status: int, code: str | None = None, *pointers: str) -> dict[str, Any]:
    """It is this refusal, in the one form that all have (RFC 9457; IN-08), and points at these places."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= found.keys()
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]
    if code is not None:
        assert found["code"] == code, found
    named = {error["pointer"] for error in found.get("errors", [])}
    assert set(pointers) <= named, found
    return found


def made(answer: httpx.Response, status: int = 201) -> dict[str, Any]:
    """The body of a success."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refuses(
    client: Client, method: str, path: str, body: dict[str, Any], cases: Mapping[str, Sequence[str]]
) -> None:
    """Each of these literals in each of these fields is a 422 that points at the field, and at no other."""
    for field, literals in cases.items():
        for literal in literals:
            answer = await client.request(method, path, content=with_literal(body, field, literal), headers=JSON)
            assert answer.status_code == 422, (field, literal[:60], answer.status_code, answer.text)
            named = [error["pointer"] for error in answer.json().get("errors", [])]
            assert named, (field, literal[:60], answer.text)
            assert all(name.startswith(f"/{field}") for name in named), (field, literal[:60], named)


async def refuses_bodies(client: Client, method: str, path: str, body: dict[str, Any]) -> None:
    """No object, no JSON, an unknown field, a field name that is no text, another media type (IN-01, IN-10, AZ-04)."""
    for text in NO_BODY:
        problem(await client.request(method, path, content=text, headers=JSON), 422)
    for bad in NOT_JSON:
        problem(await client.request(method, path, content=bad, headers=JSON), 400)
    for field in ("office_id", "id", "version", "created_at", "surprise"):
        answer = await client.request(method, path, json=body | {field: 1})
        assert problem(answer, 422, None, f"/{field}")["errors"][0]["code"] == "unknown_field"
    odd = json.dumps(body)[:-1] + (", " if body else "") + r'"\ud800\u0000~/": 1}'
    problem(await client.request(method, path, content=odd, headers=JSON), 422)
    problem(
        await client.request(method, path, json=body, params={"surprise": 1}), 422, "unknown_parameter", "/surprise"
    )
    plain = {"Content-Type": "text/plain"}
    problem(await client.request(method, path, content=json.dumps(body or {"a": 1}), headers=plain), 415)


async def keeps_etag(client: Client, path: str, change: dict[str, Any], method: str = "PATCH") -> None:
    """304 for what the caller has; a change takes the tag that is there, and gives a new one; stale: 412."""
    before = await client.get(path)
    tag = before.headers["etag"]
    assert tag.startswith('"')
    for given in (tag, f'"x", {tag}', "*"):
        unchanged = await client.get(path, headers={"If-None-Match": given})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    assert (await client.get(path, headers={"If-None-Match": '"x"'})).status_code == 200
    problem(await client.request(method, path, json=change, headers={"If-Match": '"0"'}), 412, "stale")
    assert (await client.get(path)).json() == before.json()
    done = await client.request(method, path, json=change, headers={"If-Match": tag})
    assert done.status_code == 200, done.text
    assert done.headers["etag"] not in (tag, "")
    after = await client.get(path, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.headers["etag"] == done.headers["etag"]
    assert after.json() == done.json()
    problem(await client.request(method, path, json=change, headers={"If-Match": tag}), 412, "stale")


async def keeps_idempotency(
    client: Client, path: str, body: Callable[[], dict[str, Any]], secret: tuple[str, ...] = ()
) -> None:
    """One key, one effect: replayed, refused with another body, 20 at once (F22, F24, F25)."""
    first_body, key = body(), {"Idempotency-Key": secrets.token_hex(8)}
    first = await client.post(path, json=first_body, headers=key)
    again = await client.post(path, json=first_body, headers=key)
    assert made(first) | dict.fromkeys(secret) == made(again)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    problem(await client.post(path, json=body(), headers=key), 422, "idempotency_key_reused")
    for odd in (b"\xe9", b"", b"x" * 201):
        problem(await client.post(path, json=first_body, headers={b"Idempotency-Key": odd}), 422)

    raced, key = body(), {"Idempotency-Key": secrets.token_hex(8)}
    answers = await at_once(*(client.post(path, json=raced, headers=key) for _ in range(AT_ONCE)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert len([answer for answer in done if "idempotency-replayed" not in answer.headers]) == 1
    assert len({answer.headers["location"] for answer in done}) == 1
    for answer in answers:
        if answer not in done:
            problem(answer, 409, "idempotency_key_in_use")
            assert int(answer.headers["retry-after"]) >= 1


async def refuses_parameters(client: Client, path: str, *refused: str) -> None:
    """Unknown, repeated and ill-typed query parameters are 422 and point at their name (IN-03 to IN-05)."""
    every = (
        "limit=0", "limit=201", "limit=-1", "limit=x", "limit=1e2", "limit=", f"limit={'9' * 40}", "include=all",
        "sort=(select 1)", "sort=id", "sort=", "cursor=x", "cursor=é", "cursor=W10", "cursor=bnVsbA", "offset=1",
        "page=2", "q%00=1", *refused,
    )  # fmt: skip
    for query in every:
        name = query.partition("=")[0]
        found = problem(await client.get(f"{path}?{query}"), 422)
        assert found["errors"][0]["in"] == "query", (query, found)
        if name != "q%00":
            assert found["errors"][0]["pointer"] == f"/{name}", (query, found)
    problem(await client.get(f"{path}?limit=1&limit=2"), 422, "duplicate_parameter", "/limit")
    problem(await client.get(f"{path}?limit=1&limit=1"), 422, "duplicate_parameter", "/limit")


async def makes_one(client: Client, path: str, body: dict[str, Any], code: str | None = None) -> None:
    """Twenty make the same at once: one does, and the others are told that it is there."""
    answers = await at_once(*(client.post(path, json=body) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, code)


async def tells(client: Client, path: str, row: dict[str, Any], change: dict[str, Any], word: str) -> dict[str, Any]:
    """Made, changed, deleted: a line for each, and none for a change that changes nothing. What the second one says."""
    for _ in range(2):
        made(await client.patch(f"{path}/{row['id']}", json=change), 200)
    assert (await client.delete(f"{path}/{row['id']}")).status_code == 204
    events = made(await client.get("/v1/timeline", params={"subject_id": row["id"]}), 200)["items"]
    told = {event["action"]: event["data"] for event in events}
    assert len(events) == len(told)
    assert told.keys() == {f"{word}.{done}" for done in ("created", "changed", "deleted")}
    said: dict[str, Any] = told[f"{word}.changed"]
    return said


async def managers_keep(
    office: Tenant, other: Tenant, row: str, change: dict[str, Any], body: dict[str, Any], read: P, elsewhere: int = 201
) -> None:
    """The office reads it, who manages it changes it, nobody else; another office makes its own (``elsewhere``)."""
    _, manager = await office.member(Role.MANAGER)
    _, client = await office.linked_contact(await office.relation("1"))
    for each, statuses in (
        (office.anna, (200, 403, 403, 403)),
        (client, (403, 403, 403, 403)),
        (await office.key(read), (200, 403, 403, 403)),
        (other.admin, (404, 404, elsewhere, 404)),
        (manager, (200, 200, 201, 204)),
    ):
        answers = [
            await each.get(row),
            await each.patch(row, json=change),
            await each.post(row.rpartition("/")[0], json=body),
            await each.delete(row),
        ]
        assert tuple(answer.status_code for answer in answers) == statuses


async def walk(client: Client, path: str, limit: int = 2, **params: str) -> list[dict[str, Any]]:
    """Every row of a list, page by page along its Link header, which says the same as ``next_cursor``."""
    rows: list[dict[str, Any]] = []
    answer = await client.get(path, params={"limit": limit, **params})
    while True:
        page = made(answer, 200)
        assert page.keys() == {"items", "next_cursor", "total"}
        assert len(page["items"]) <= limit
        rows += page["items"]
        if page["next_cursor"] is None:
            assert "link" not in answer.headers
            return rows
        target, _, rel = answer.headers["link"].partition(">; ")
        assert rel == 'rel="next"'
        assert target.startswith(f"<{path}?")
        assert httpx.URL(target[1:]).params["cursor"] == page["next_cursor"]
        answer = await client.get(target[1:])


async def pages(client: Client, path: str, field: str, *orders: tuple[str, list[Any]]) -> None:
    """Each order gives these rows, the same ones backwards, whatever the page; a cursor fits no other order."""
    for sort, expected in orders:
        for limit in (1, 2, 200):
            assert [row[field] for row in await walk(client, path, limit, sort=sort)] == expected, sort
            assert [row[field] for row in await walk(client, path, limit, sort=f"-{sort}")] == expected[::-1], sort
        cursor = (await client.get(path, params={"sort": sort, "limit": 1})).json()["next_cursor"]
        wrong = await client.get(path, params={"sort": f"-{sort}", "limit": 1, "cursor": cursor})
        problem(wrong, 422, "cursor_mismatch")
        counted = await client.get(path, params={"sort": sort, "limit": 1, "include": "total"})
        assert counted.json()["total"] == len(expected)
        assert (await client.get(path, params={"sort": sort, "limit": 1})).json()["total"] is None
