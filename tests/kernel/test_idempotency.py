"""At most one effect of a key, whoever dies or repeats (F02, F22-F25, F44)."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.db import Database
from app.models import Blob, Conversation, DossierItem, IdempotencyKey
from app.storage import Storage
from tests.factories import Tenant, make_file, upload
from tests.factories.raw import Wire, form, part
from tests.factories.remains import blobs, count_items, end_leases, is_clean, pending, reap
from tests.factories.waiting import at_once, eventually

pytestmark = [pytest.mark.anyio, pytest.mark.bytes]


def key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}


async def count(db: Database, office: Tenant, model: Any) -> int:
    async with db.transaction(office.id) as session:
        return len(list(await session.scalars(select(model.id))))


def settled(answers: list[httpx.Response], status: int) -> set[str]:
    """All answers are the one, or say that it still runs; the ids in the former."""
    codes = {answer.status_code for answer in answers}
    assert status in codes
    assert codes <= {status, 409}, codes
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency_key_in_use"
            assert int(answer.headers["retry-after"]) > 0
    return {answer.text for answer in answers if answer.status_code == status}


class TestJson:
    async def test_20_at_once(self, office: Tenant, db: Database) -> None:
        relation = await office.relation()
        body = {"relation_id": relation["id"], "subject": "Bonnen"}
        for round_ in range(1, 4):
            headers = key()
            answers = await at_once(
                *(office.anna.post("/v1/conversations", json=body, headers=headers) for _ in range(20))
            )
            assert len(settled(answers, 201)) == 1
            assert await count(db, office, Conversation) == round_

    async def test_replayed_as_it_was(self, office: Tenant) -> None:
        body, headers = {"relation_id": (await office.relation())["id"], "subject": "Bonnen"}, key()
        first = await office.anna.post("/v1/conversations", json=body, headers=headers)
        again = await office.anna.post("/v1/conversations", json=body, headers=headers)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]

    async def test_another_body(self, office: Tenant, db: Database) -> None:
        headers = key()
        relation = await office.relation()
        for subject, status in (("een", 201), ("twee", 422), ("een", 201)):
            body = {"relation_id": relation["id"], "subject": subject}
            answer = await office.anna.post("/v1/conversations", json=body, headers=headers)
            assert answer.status_code == status
        assert await count(db, office, Conversation) == 1

    async def test_two_bodies_at_once(self, office: Tenant, db: Database) -> None:
        relation = await office.relation()
        for round_ in range(1, 11):
            headers = key()
            bodies = [{"relation_id": relation["id"], "subject": f"{place}"} for place in range(2)]
            answers = await at_once(*(office.anna.post("/v1/conversations", json=b, headers=headers) for b in bodies))
            assert sorted(answer.status_code for answer in answers) in ([201, 409], [201, 422])
            assert await count(db, office, Conversation) == round_

    async def test_of_two_actors_or_offices(self, office: Tenant, other_office: Tenant) -> None:
        headers, made = key(), set()
        for tenant, client in ((office, office.anna), (office, office.admin), (other_office, other_office.anna)):
            relation = await tenant.relation(secrets.token_hex(3))
            body = {"relation_id": relation["id"], "subject": "Bonnen"}
            answer = await client.post("/v1/conversations", json=body, headers=headers)
            assert answer.status_code == 201
            made.add(answer.json()["id"])
        assert len(made) == 3

    async def test_on_two_paths(self, office: Tenant) -> None:
        """The key belongs to method and path: the same one elsewhere is another."""
        headers, relation = key(), await office.relation()
        body = {"relation_id": relation["id"], "subject": "Bonnen"}
        assert (await office.anna.post("/v1/conversations", json=body, headers=headers)).status_code == 201
        folder = {"name": "Nieuw"}
        path = f"/v1/dossiers/{relation['dossier_id']}/folders"
        assert (await office.anna.post(path, json=folder, headers=headers)).status_code == 201

    async def test_a_refusal_is_not_kept(self, office: Tenant) -> None:
        """F25: the key is free again after a 4xx."""
        headers, relation = key(), await office.relation()
        wrong = await office.anna.post("/v1/conversations", json={"subject": "x"}, headers=headers)
        assert wrong.status_code == 422
        body = {"relation_id": relation["id"], "subject": "Bonnen"}
        assert (await office.anna.post("/v1/conversations", json=body, headers=headers)).status_code == 201

    @pytest.mark.parametrize("bad", ["", "x" * 201, "caf\xe9"])
    async def test_keys_that_are_none(self, office: Tenant, bad: str) -> None:
        headers = {b"Idempotency-Key": bad.encode("latin-1")}
        answer = await office.anna.post("/v1/conversations", json={}, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["in"] == "header"


class TestUploads:
    async def test_20_at_once(self, office: Tenant, db: Database, storage: Storage) -> None:
        folder = (await office.folders(await office.relation()))["Permanent"]
        headers = key()
        answers = await at_once(*(upload(office.anna, folder, headers=headers) for _ in range(20)))
        assert len(settled(answers, 201)) == 1
        assert await count_items(db, office.id) == 1
        await is_clean(db, storage, office.id)

    async def test_replay_stores_nothing(self, office: Tenant, db: Database, storage: Storage) -> None:
        folder = (await office.folders(await office.relation()))["Permanent"]
        headers, files = key(), [make_file("a.pdf"), make_file("leeg.pdf", b"")]
        first = await upload(office.anna, folder, *files, headers=headers)
        again = await upload(office.anna, folder, *files, headers=headers)
        assert first.status_code == again.status_code == 207
        assert first.content == again.content
        assert again.headers["idempotency-replayed"] == "true"
        await is_clean(db, storage, office.id)
        assert len(await storage.list(f"{office.id}/")) == await count(db, office, Blob) == 1

    async def test_other_bytes_or_names(self, office: Tenant, db: Database, storage: Storage) -> None:
        folder = (await office.folders(await office.relation()))["Permanent"]
        headers = key()
        assert (await upload(office.anna, folder, make_file("a.txt", b"een"), headers=headers)).status_code == 201
        for other in (("a.txt", b"two"), ("b.txt", b"een"), ("a.txt", b"een!")):
            answer = await upload(office.anna, folder, make_file(*other), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        more = await upload(office.anna, folder, make_file("a.txt", b"een"), make_file("b.txt", b"x"), headers=headers)
        assert more.status_code == 422
        assert await count_items(db, office.id) == 1
        await is_clean(db, storage, office.id)

    async def test_answer_lost_then_repeated(self, office: Tenant, db: Database) -> None:
        """F02: the client leaves after the last byte; the repeat gets what was stored then."""
        folder = (await office.folders(await office.relation()))["Permanent"]
        body, name = form(part(b"bytes", "a.txt")), secrets.token_hex(8)
        path = f"/v1/folders/{folder['id']}/items"
        wire = await Wire.post(office.anna, path, body, len(body), Idempotency_Key=name)
        await eventually(lambda: blobs(db, office.id), "a file on its way, or there already")
        wire.leave(reset=True)
        for _ in range(50):
            wire = await Wire.post(office.anna, path, body, len(body), Idempotency_Key=name)
            status, _, answer = await wire.answer()
            if status != 409:
                break
            await asyncio.sleep(0.05)
        assert status == 201, answer
        assert await count_items(db, office.id) == 1

    async def test_half_way_it_is_in_use(self, office: Tenant, db: Database, storage: Storage) -> None:
        folder = (await office.folders(await office.relation()))["Permanent"]
        path, body, name = f"/v1/folders/{folder['id']}/items", form(part(b"x" * 1000, "a.txt")), secrets.token_hex(8)
        wire = await Wire.post(office.anna, path, body[:500], len(body), Idempotency_Key=name)
        await pending(db, office.id)
        second = await upload(office.anna, folder, make_file("a.txt", b"x" * 1000), headers={"Idempotency-Key": name})
        assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
        await wire.send(body[500:])
        assert (await wire.answer())[0] == 201
        await is_clean(db, storage, office.id)


class TestLeases:
    async def test_over_is_taken_over_and_the_first_one_loses(
        self, office: Tenant, db: Database, storage: Storage
    ) -> None:
        """F44: what was silent for too long ends with 409 and nothing stored; the other try stands."""
        folder = (await office.folders(await office.relation()))["Permanent"]
        path, body, name = f"/v1/folders/{folder['id']}/items", form(part(b"x" * 1000, "a.txt")), secrets.token_hex(8)
        wire = await Wire.post(office.anna, path, body[:500], len(body), Idempotency_Key=name)
        await pending(db, office.id)
        await end_leases(db, office.id)
        headers = {"Idempotency-Key": name}
        second = await upload(office.anna, folder, make_file("a.txt", b"x" * 1000), headers=headers)
        assert second.status_code == 201
        await wire.send(body[500:])
        status, _, answer = await wire.answer()
        assert (status, answer["code"]) == (409, "idempotency_key_in_use")
        async with db.transaction(office.id) as session:
            items = list(await session.scalars(select(DossierItem)))
        assert [str(item.id) for item in items] == [second.json()["items"][0]["item"]["id"]]
        again = await upload(office.anna, folder, make_file("a.txt", b"x" * 1000), headers=headers)
        assert again.content == second.content
        await is_clean(db, storage, office.id)

    async def test_a_reaped_upload_ends_with_409_and_can_be_repeated(
        self, office: Tenant, db: Database, storage: Storage
    ) -> None:
        folder = (await office.folders(await office.relation()))["Permanent"]
        path, body, name = f"/v1/folders/{folder['id']}/items", form(part(b"x" * 1000, "a.txt")), secrets.token_hex(8)
        wire = await Wire.post(office.anna, path, body[:500], len(body), Idempotency_Key=name)
        await pending(db, office.id)
        assert await reap(db, storage, office.id) == 1
        await wire.send(body[500:])
        status, _, answer = await wire.answer()
        assert (status, answer["code"]) == (409, "upload_lost")
        wire = await Wire.post(office.anna, path, body, len(body), Idempotency_Key=name)
        assert (await wire.answer())[0] == 201
        assert await count_items(db, office.id) == 1

    async def test_a_running_key_is_not_taken_before_its_time(self, office: Tenant, db: Database) -> None:
        headers, body = key(), {"relation_id": (await office.relation())["id"], "subject": "Bonnen"}
        await office.anna.post("/v1/conversations", json=body, headers=headers)
        async with db.transaction(office.id) as session:
            row = (await session.scalars(select(IdempotencyKey))).one()
            row.state = "running"
        answer = await office.anna.post("/v1/conversations", json=body, headers=headers)
        assert answer.status_code == 409
        await end_leases(db, office.id)
        answer = await office.anna.post("/v1/conversations", json=body, headers=headers)
        assert answer.status_code == 201
