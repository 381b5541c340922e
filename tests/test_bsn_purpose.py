"""BSN-01: what a BSN is kept for is recorded when it is entered, and an office may keep none at all."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from app.models import IdempotencyKey
from tests.factories import Tenant
from tests.factories.conventions import made, problem

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
PERSON: dict[str, Any] = {"type": "person", "name": None, "legal_form": None, "surname": "Vries"}
BSN, RSIN = "111222333", "123456782"


async def lines(office: Tenant, relation: dict[str, Any]) -> list[tuple[str, str | None]]:
    rows = (await office.admin.get("/v1/timeline", params={"subject_id": relation["id"], "sort": "at"})).json()["items"]
    return [(row["action"], row["data"].get("bsn_purpose")) for row in rows]


async def test_a_purpose_comes_and_goes_with_the_bsn(office: Tenant) -> None:
    person = await office.relation(**PERSON)
    path = f"{PATH}/{person['id']}"
    assert person["bsn_purpose"] is None
    refused = await office.anna.patch(path, json={"bsn_purpose": "payroll"})
    problem(refused, 422, "bsn_purpose", "/bsn_purpose")
    given = made(await office.anna.patch(path, json={"bsn": BSN}), 200)
    assert given["bsn_purpose"] == "tax_returns"
    changed = made(await office.anna.patch(path, json={"bsn_purpose": "allowances"}), 200)
    assert (changed["bsn_purpose"], changed["bsn"]) == ("allowances", "******333")
    problem(await office.anna.patch(path, json={"bsn_purpose": "curiosity"}), 422, None, "/bsn_purpose")
    assert made(await office.anna.patch(path, json={"bsn_purpose": None}), 200) == changed
    cleared = made(await office.anna.patch(path, json={"bsn": None}), 200)
    assert (cleared["bsn_purpose"], cleared["bsn"]) == (None, None)
    assert await lines(office, person) == [
        ("relation.created", None),
        ("relation.changed", "tax_returns"),
        ("relation.changed", None),
        ("relation.changed", None),
    ]


async def test_recorded_when_a_relation_is_made_with_one(office: Tenant) -> None:
    person = await office.relation(**PERSON, bsn=BSN, bsn_purpose="payroll")
    assert await lines(office, person) == [("relation.created", "payroll")]


async def test_an_office_may_keep_none(office: Tenant) -> None:
    before = await office.relation("1", **PERSON, bsn=BSN)
    made(await office.admin.patch("/v1/office", json={"keeps_citizen_numbers": False}), 200)
    person = await office.relation("2", **PERSON)
    for field, value in (("bsn", BSN), ("ob_number", f"{BSN}B01"), ("lh_numbers", [f"{BSN}L01"])):
        answer = await office.anna.patch(f"{PATH}/{person['id']}", json={field: value})
        problem(answer, 409, "citizen_numbers_off")
    await office.relation("3", rsin=RSIN, ob_number=f"{RSIN}B01", lh_numbers=[f"{RSIN}L01"])
    assert made(await office.anna.patch(f"{PATH}/{before['id']}", json={"memo": "x"}), 200)["bsn"] == "******333"
    assert made(await office.anna.patch(f"{PATH}/{before['id']}", json={"bsn": None}), 200)["bsn"] is None
    problem(await office.anna.patch("/v1/office", json={"keeps_citizen_numbers": True}), 403)


async def test_what_a_repeat_is_recognised_by_can_not_be_guessed_from(office: Tenant) -> None:
    """BSN-04: a plain hash of a request that holds little but a BSN would give it away."""
    body = b'{"number": "1", "type": "person", "surname": "x", "bsn": "%s"}' % BSN.encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "a"}
    for _ in range(2):
        made(await office.anna.post(PATH, content=body, headers=headers))
    kept = select(IdempotencyKey.fingerprint).where(IdempotencyKey.office_id == office.id)
    async with office.db.transaction(office.id) as session:
        assert await session.scalar(kept) not in (None, hashlib.sha256(body).digest())


async def test_what_shows_or_looks_for_numbers_keeps_no_answer(office: Tenant) -> None:
    """Nothing of it lies under an Idempotency-Key: each is asked, counted and written down anew."""
    person, key = await office.relation("1", **PERSON, bsn=BSN), {"Idempotency-Key": "a"}
    for path, body in (
        (f"{PATH}/{person['id']}/citizen-number", {"reason": "IB"}),
        (f"{PATH}/search", {"identifier": BSN}),
        (f"{PATH}/match", {"filing_type": "income_tax", "identifier": BSN}),
    ):
        for _ in range(2):
            answer = await office.anna.post(path, json=body, headers=key)
            assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (200, None)
    async with office.db.transaction(office.id) as session:
        rows = select(IdempotencyKey).where(IdempotencyKey.office_id == office.id)
        assert list(await session.scalars(rows)) == []
