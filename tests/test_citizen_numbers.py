"""Numbers that are, or hold, a BSN: revealed by one call, sealed, sealed anew (BSN-01 to BSN-08)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from anyio import to_thread
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr
from sqlalchemy import select, text
from typer.testing import CliRunner

from app import db as db_module
from app.access import P, Role
from app.cli import main
from app.crypto import Vault, new_key
from app.db import Database
from app.models import RelationIdentifier
from app.services import citizen_numbers, relation_identifiers
from app.settings import Settings, get_settings
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.servers import serve
from tests.factories.waiting import eventually

pytestmark = pytest.mark.anyio

PATH = "/v1/relations"
BSN, RSIN, RANDOM_VAT = "111222333", "123456782", "NL000099998B57"
PERSON = {"type": "person", "name": None, "legal_form": None, "first_names": "Henk", "surname": "Vries"}
TRADER = {"legal_form": "sole_trader"}
TRADER_NUMBERS = {"bsn": BSN, "ob_number": f"{BSN}B01", "vat_id": RANDOM_VAT, "lh_numbers": [f"{BSN}L01", f"{BSN}L02"]}
COMPANY_NUMBERS = {
    "rsin": RSIN,
    "ob_number": f"{RSIN}B01",
    "vat_id": f"NL{RSIN}B01",
    "lh_numbers": [f"{RSIN}L01"],
    "kvk_number": "69599084",
    "branch_numbers": ["000037178598"],
}


async def a_row(office: Tenant) -> tuple[str, Any]:
    async with office.db.transaction(office.id) as session:
        rows = select(RelationIdentifier.id).where(RelationIdentifier.office_id == office.id)
        found = list(await session.scalars(rows.order_by(RelationIdentifier.id)))
    return "relation_identifiers", found[2]


@asynccontextmanager
async def another_first_key(
    settings: Settings, environment: pytest.MonkeyPatch | None = None
) -> AsyncIterator[Database]:
    """A server, or with an environment the command too, whose first key is a new one."""
    assert settings.citizen_keys
    assert settings.citizen_index_key
    keys = f"second:{new_key()},{settings.citizen_keys.get_secret_value()}"
    if environment:
        environment.setenv("ORDNER_CITIZEN_KEYS", keys)
        get_settings.cache_clear()
    both = Database(settings)
    both.vault = Vault.parse(keys, settings.citizen_index_key.get_secret_value())
    try:
        yield both
    finally:
        await both.close()
        get_settings.cache_clear()


class TestRevealed:
    async def test_with_a_line_in_the_history(self, office: Tenant, db: Database) -> None:
        relation = await office.relation("1", **TRADER, **TRADER_NUMBERS)
        path = f"{PATH}/{relation['id']}/citizen-number"
        shown = made(await office.anna.post(path, json={"reason": "Aangifte IB 2025"}), 200)
        assert shown == TRADER_NUMBERS
        history = (await office.admin.get("/v1/timeline", params={"relation_id": relation["id"]})).json()["items"]
        lines = [event for event in history if event["action"] == "relation.citizen_number_revealed"]
        assert [line["data"]["reason"] for line in lines] == ["Aangifte IB 2025"]
        assert lines[0]["data"]["fields"] == ["bsn", "lh_numbers", "ob_number", "vat_id"]
        assert BSN not in str(history)

    async def test_to_whom(self, office: Tenant, other_office: Tenant) -> None:
        """Permission *and* a role on the relation; the reason is words."""
        relation = await office.relation("1", **PERSON, bsn=BSN)
        path, why = f"{PATH}/{relation['id']}/citizen-number", {"reason": "IB"}
        _, reader = await office.member(Role.READER)
        problem(await reader.post(path, json=why), 403)
        _, mutator = await office.member(Role.MUTATOR)
        problem(await mutator.post(path, json=why), 404)
        problem(await other_office.admin.post(path, json=why), 404)
        problem(await office.anna.post(path, json={}), 422)
        problem(await office.anna.post(path, json={"reason": f"van {BSN[:3]} {BSN[3:]}"}), 422)
        key = await office.admin.post("/v1/api-keys", json={"name": "x", "scopes": [P.RELATIONS_READ]})
        problem(await office.client(key.json()["key"]).post(path, json=why), 403)

    async def test_not_without_end(self, office: Tenant, settings: Settings) -> None:
        """AZ-08."""
        relation = await office.relation("1", **PERSON, bsn=BSN)
        path = f"{PATH}/{relation['id']}/citizen-number"
        async with serve(settings, reveals_per_hour=2) as served, served.like(office.anna) as anna:
            statuses = [(await anna.post(path, json={"reason": "IB"})).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


class TestStored:
    async def test_no_citizen_number_in_clear(self, office: Tenant, db: Database) -> None:
        """BSN-04: in no column of any table; and each seal is for its own place."""
        await office.relation("1", **TRADER, **TRADER_NUMBERS)
        second = await office.relation("2", **PERSON)
        async with db.transaction(office.id) as session:
            tables = await session.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
            )
            for table in tables:
                for whole in await session.scalars(text(f'SELECT "{table}"::text FROM "{table}"')):
                    assert BSN not in whole, table
                    assert BSN.encode().hex() not in whole, table
            sealed = select(RelationIdentifier).where(RelationIdentifier.kind == "bsn")
            row = (await session.scalars(sealed)).one()
            moved = RelationIdentifier(
                office_id=row.office_id,
                relation_id=second["id"],
                kind="bsn",
                lookup=row.lookup,
                secret=row.secret,
                key_id=row.key_id,
            )
            with pytest.raises(InvalidTag):
                citizen_numbers.SEALING.open(session, moved)

    async def test_under_a_new_key(self, office: Tenant, settings: Settings, db: Database) -> None:
        """Rotation: what the old key sealed is sealed anew, read all the while, and found by the same hash."""
        relation = await office.relation("1", **TRADER, **TRADER_NUMBERS)
        assert settings.citizen_keys
        assert settings.citizen_index_key
        old, index_key = settings.citizen_keys.get_secret_value(), settings.citizen_index_key.get_secret_value()
        fresh = f"second:{new_key()}"
        both, only = (Database(settings) for _ in range(2))
        both.vault, only.vault = Vault.parse(f"{fresh},{old}", index_key), Vault.parse(fresh, index_key)
        try:
            assert await citizen_numbers.SEALING.rotate(both, office.id) == 5
            assert await citizen_numbers.SEALING.rotate(both, office.id) == 0
            async with only.transaction(office.id) as session:
                row = await session.scalar(
                    select(RelationIdentifier).where(
                        RelationIdentifier.office_id == office.id, RelationIdentifier.kind == "bsn"
                    )
                )
                assert row is not None
                assert citizen_numbers.SEALING.open(session, row) == BSN
                assert row.lookup == relation_identifiers.lookup(session, office.id, "bsn", BSN)
            both.vault = Vault.parse(f"{old},{fresh}", index_key)
            assert await citizen_numbers.SEALING.rotate(both, office.id) == 5
        finally:
            await both.close()
            await only.close()
        assert made(await office.anna.get(f"{PATH}/{relation['id']}"), 200)["bsn"] == "******333"

    async def test_a_held_row_is_waited_for(self, office: Tenant, settings: Settings) -> None:
        """Or the old key would go while something lies under it."""
        await office.relation("1", **TRADER, **TRADER_NUMBERS)
        async with another_first_key(settings) as both, lock_row(office, *await a_row(office)) as release:
            rotation = asyncio.create_task(citizen_numbers.SEALING.rotate(both, office.id))
            await eventually(lambda: waiting_for_locks(office, 1, rotation), "it waits")
            assert not rotation.done()
            assert await citizen_numbers.SEALING.left(both, office.id) == 5
            await release()
            assert await rotation == 5
            assert await citizen_numbers.SEALING.left(both, office.id) == 0

    async def test_a_row_that_stays_held_is_told(
        self, office: Tenant, settings: Settings, monkeypatch: pytest.MonkeyPatch, alone: None
    ) -> None:
        """The command ends with an error, and says that the old keys stay."""
        await office.relation("1", **TRADER, **TRADER_NUMBERS)
        impatient = db_module.server_settings(settings) | {"lock_timeout": "50"}
        monkeypatch.setattr(db_module, "server_settings", lambda _: impatient)
        async with another_first_key(settings, monkeypatch), lock_row(office, *await a_row(office)):
            refused = await to_thread.run_sync(lambda: CliRunner().invoke(main, ["rotate-citizen-keys"]))
        assert refused.exit_code == 1
        assert "keep the others, and run this again" in refused.stderr

    async def test_without_keys_none_is_kept(self, office: Tenant, settings: Settings) -> None:
        """BSN-01: an office may do without; all else works."""
        off = {"citizen_keys": None, "citizen_index_key": None}
        async with serve(settings, **off) as served, served.like(office.anna) as anna:
            body = {"number": "1", "type": "organisation", "name": "x", "legal_form": "bv", "rsin": RSIN}
            assert made(await anna.post(PATH, json=body))["rsin"] == RSIN
            refused = await anna.post(PATH, json=body | {"number": "2", "ob_number": f"{RSIN}B01"})
            problem(refused, 409, "citizen_numbers_off")

    async def test_a_lost_key_locks_nobody_out(self, office: Tenant, settings: Settings) -> None:
        """What is sealed is shown as stars; the rest is read."""
        await office.relation("1", **COMPANY_NUMBERS)
        other = SecretStr(f"other:{new_key()}")
        async with serve(settings, citizen_keys=other) as served, served.like(office.anna) as anna:
            listed = made(await anna.get(PATH), 200)["items"][0]
            assert (listed["rsin"], listed["ob_number"]) == (RSIN, "*********")
            assert made(await anna.get(f"{PATH}/{listed['id']}"), 200)["vat_id"] == "*********"
            refused = await anna.post(f"{PATH}/{listed['id']}/citizen-number", json={"reason": "BTW"})
            problem(refused, 409, "citizen_key_missing")


class TestStaysPersonal:
    """BSN-02, BSN-03: what was a natural person's number is masked, whatever the relation becomes."""

    NUMBERS: ClassVar[dict[str, Any]] = {"ob_number": "799642630B01", "lh_numbers": ["799642630L01"]}

    @pytest.mark.parametrize("bsn", ["799642630", None])
    async def test_another_legal_form_unmasks_nothing(self, office: Tenant, bsn: str | None) -> None:
        trader = await office.relation(legal_form="sole_trader", bsn=bsn, **self.NUMBERS)
        path = f"/v1/relations/{trader['id']}"
        company = made(await office.anna.patch(path, json={"legal_form": "bv", "bsn": None}), 200)
        seen = [company, made(await office.anna.get(path), 200), (await office.anna.get("/v1/relations")).json()]
        assert "799642630" not in str(seen)
        own = made(await office.anna.patch(path, json={"rsin": "123456782", "ob_number": "123456782B01"}), 200)
        assert own["ob_number"] == "123456782B01"
        assert "799642630" not in str(own)

    async def test_what_is_written_again_or_corrected_stays_masked(self, office: Tenant) -> None:
        """One more number, another kind made from the same BSN, or a form that was wrong at first."""
        bsn = "111222333"
        trader = await office.relation("1", legal_form="sole_trader", lh_numbers=[f"{bsn}L01"])
        path = f"/v1/relations/{trader['id']}"
        made(await office.anna.patch(path, json={"legal_form": "bv"}), 200)
        more = {"lh_numbers": [f"{bsn}L01", f"{bsn}L02"], "ob_number": f"{bsn}B01", "vat_id": f"NL{bsn}B01"}
        for field, value in more.items():
            assert bsn not in (await office.anna.patch(path, json={field: value})).text
        problem(await office.anna.patch(path, json={"rsin": bsn}), 422, "rsin_is_bsn", "/rsin")
        mistaken = await office.relation("2", legal_form="bv", ob_number=f"{bsn}B01", lh_numbers=[f"{bsn}L01"])
        path = f"/v1/relations/{mistaken['id']}"
        for form, number in (("sole_trader", bsn), ("bv", None)):
            assert bsn not in (await office.anna.patch(path, json={"legal_form": form, "bsn": number})).text

    async def test_an_office_that_keeps_none_gets_none_by_another_form(self, office: Tenant) -> None:
        made(await office.admin.patch("/v1/office", json={"keeps_citizen_numbers": False}), 200)
        company = await office.relation(legal_form="bv", ob_number="123456782B01")
        path = f"/v1/relations/{company['id']}"
        problem(await office.anna.patch(path, json={"legal_form": "sole_trader"}), 409, "citizen_numbers_off")
        assert made(await office.anna.get(path), 200) == company

    async def test_another_type_unmasks_nothing(self, office: Tenant) -> None:
        names: dict[str, Any] = {"type": "person", "name": None, "legal_form": None, "surname": "x"}
        person = await office.relation(**names, **self.NUMBERS)
        body = {"type": "organisation", "name": "n", "legal_form": "bv"}
        changed = made(await office.anna.post(f"/v1/relations/{person['id']}/change-type", json=body), 200)
        assert "799642630" not in str(changed)

    @pytest.mark.parametrize("vat_id", ["NL471249956B03", "NL761859251B01", "NL372589510B03", "NL608579269B01"])
    async def test_a_vat_id_that_may_hold_a_bsn_is_masked(self, office: Tenant, vat_id: str) -> None:
        """It passes both checks: the legal form says it is no BSN, and it is treated as if it were one."""
        trader = await office.relation(legal_form="sole_trader", vat_id=vat_id)
        assert [found["code"] for found in trader["warnings"]] == ["vat_id_like_bsn"]
        listed = (await office.anna.get("/v1/relations")).json()
        assert vat_id[2:11] not in str(trader) + str(listed)
        ob_number = {"ob_number": vat_id.removeprefix("NL")}
        refused = await office.anna.patch(f"/v1/relations/{trader['id']}", json=ob_number)
        problem(refused, 422, "ob_number_in_vat_id", "/vat_id")


@pytest.mark.parametrize(
    "number",
    [
        "7393/24688",
        "739,324,688",
        "739_324_688",
        "739  324  688",
        "739–324–688",
        "７３９３２４６８８",
        "(739)(324)(688)",
    ],
)
async def test_a_reason_holds_no_number(office: Tenant, number: str) -> None:
    relation = await office.relation()
    path = f"/v1/relations/{relation['id']}/citizen-number"
    problem(await office.anna.post(path, json={"reason": f"Aangifte van {number}"}), 422, None, "/reason")
    made(await office.anna.post(path, json={"reason": "Aangiften 2024/2025, 2026-2027"}), 200)
