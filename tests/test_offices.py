"""The office (kantoor): the tenant, and how one is made."""

import secrets
from uuid import UUID

import pytest
from anyio import to_thread
from typer.testing import CliRunner, Result

from app.access import P, Role
from app.cli import main
from app.db import Database
from app.schemas.offices import OfficeCreate
from app.services import offices
from app.settings import Settings
from tests.factories import Tenant, hostile
from tests.factories.conventions import keeps_etag, made, refuses, refuses_bodies
from tests.factories.people import PASSWORD, caller
from tests.factories.waiting import at_once

pytestmark = pytest.mark.anyio

PATH = "/v1/office"


class TestOffice:
    async def test_read_and_change(self, office: Tenant) -> None:
        before = made(await office.anna.get(PATH), 200)
        assert before == {
            "id": str(office.id),
            "slug": office.slug,
            "name": "Kantoor",
            "keeps_citizen_numbers": True,
            "created_at": before["created_at"],
            "updated_at": before["updated_at"],
            "version": 1,
        }
        changed = made(await office.admin.patch(PATH, json={"name": "Café & Zonen"}), 200)
        assert changed == before | {"name": "Café & Zonen", "version": 2, "updated_at": changed["updated_at"]}
        assert (await office.anna.get("/v1/me")).json()["office"]["name"] == "Café & Zonen"
        await keeps_etag(office.admin, PATH, {"name": "Kantoor"})

    async def test_hostile_values(self, office: Tenant) -> None:
        """IN-01, AZ-04: the short name that people sign in with stays what it is."""
        cases = {"name": (*hostile.NO_LINE, "null"), "slug": ('"anders"', f'"{office.slug}"')}
        await refuses(office.admin, "PATCH", PATH, {}, cases)
        await refuses_bodies(office.admin, "PATCH", PATH, {})

    async def test_who_may(self, office: Tenant) -> None:
        _, manager = await office.member(Role.MANAGER)
        _, henk = await office.linked_contact(await office.relation("1"))
        for client, statuses in (
            (office.anna, (200, 403)),
            (manager, (200, 403)),
            (henk, (403, 403)),
            (await office.key(P.OFFICE_READ), (200, 403)),
        ):
            assert ((await client.get(PATH)).status_code, (await client.patch(PATH, json={})).status_code) == statuses


def data(slug: str, password: str | None = PASSWORD) -> OfficeCreate:
    return OfficeCreate(slug=slug, name="Nieuw", administrator="Bea", email="bea@nieuw.example", password=password)


class TestCreate:
    async def test_empty_with_an_administrator(self, office: Tenant, settings: Settings) -> None:
        slug = f"n-{secrets.token_hex(6)}"
        office_id, invitation = await offices.create(office.db, settings, data(slug))
        assert invitation is None
        async with caller(office) as client:
            signed_in = made(
                await client.post(
                    "/v1/auth/tokens", json={"office": slug, "email": "bea@nieuw.example", "password": PASSWORD}
                )
            )
        bea = office.client(signed_in["token"])
        me = made(await bea.get("/v1/me"), 200)
        assert (me["role"], me["office"]) == ("administrator", {"id": str(office_id), "slug": slug, "name": "Nieuw"})
        assert len(made(await bea.get("/v1/folder-templates"), 200)["items"]) == 4
        for path in ("relations", "contacts", "dossiers", "inbox", "conversations"):
            assert made(await bea.get(f"/v1/{path}"), 200)["items"] == []
        assert len(made(await bea.get("/v1/team-members"), 200)["items"]) == 1

    async def test_same_short_name_at_once(self, db: Database, settings: Settings) -> None:
        slug = f"n-{secrets.token_hex(6)}"

        async def create() -> UUID | str:
            try:
                return (await offices.create(db, settings, data(slug)))[0]
            except Exception as error:
                return type(error).__name__

        made_ids = await at_once(*(create() for _ in range(4)))
        assert sorted(type(each).__name__ for each in made_ids) == ["UUID", "str", "str", "str"]
        assert {each for each in made_ids if isinstance(each, str)} == {"IntegrityError"}


async def run(*arguments: str, stdin: str = "") -> Result:
    """The command in a thread, since it has an event loop of its own."""
    return await to_thread.run_sync(lambda: CliRunner().invoke(main, ["office", "create", *arguments], input=stdin))


class TestCommand:
    async def test_invites_the_administrator(self, office: Tenant) -> None:
        slug = f"c-{secrets.token_hex(6)}"
        done = await run(slug, "Kantoor Nieuw", "--administrator", "Bea", "--email", "bea@nieuw.example")
        assert done.exit_code == 0, done.output
        assert f"office {slug} (" in done.stdout
        token = done.stdout.partition("/v1/invitations/")[2].partition("/accept")[0]
        async with caller(office) as client:
            accepted = await client.post(f"/v1/invitations/{token}/accept", json={"password": PASSWORD})
            assert made(accepted, 200) == {"office": slug, "email": "bea@nieuw.example"}
            body = {"office": slug, "email": "bea@nieuw.example", "password": PASSWORD}
            made(await client.post("/v1/auth/tokens", json=body))

    async def test_password_from_standard_input(self, office: Tenant) -> None:
        slug = f"c-{secrets.token_hex(6)}"
        words = (slug, "Nieuw", "--administrator", "Bea", "--email", "bea@nieuw.example", "--password-stdin")
        done = await run(*words, stdin=f"{PASSWORD}\nnog een regel\n")
        assert done.exit_code == 0, done.output
        assert PASSWORD not in done.output
        assert "/v1/invitations/" not in done.output
        async with caller(office) as client:
            body = {"office": slug, "email": "BEA@nieuw.example", "password": PASSWORD}
            made(await client.post("/v1/auth/tokens", json=body))

    async def test_short_name_is_taken(self, office: Tenant) -> None:
        done = await run(office.slug, "Nieuw", "--administrator", "Bea", "--email", "bea@nieuw.example")
        assert done.exit_code == 1
        assert done.stderr.strip() == "An office with this slug exists already."

    @pytest.mark.parametrize(
        ("slug", "name", "email", "password", "field"),
        [
            ("Nieuw Kantoor", "Nieuw", "bea@nieuw.example", PASSWORD, "slug"),
            ("-x", "Nieuw", "bea@nieuw.example", PASSWORD, "slug"),
            ("x" * 51, "Nieuw", "bea@nieuw.example", PASSWORD, "slug"),
            ("goed", "", "bea@nieuw.example", PASSWORD, "name"),
            ("goed", "Nieuw", "bea", PASSWORD, "email"),
            ("goed", "Nieuw", "bea@nieuw.example", "kort", "password"),
        ],
    )
    async def test_wrong_words(
        self, office: Tenant, slug: str, name: str, email: str, password: str, field: str
    ) -> None:
        words = ("--administrator", "Bea", "--email", email, "--password-stdin", "--", slug, name)
        done = await run(*words, stdin=f"{password}\n")
        assert done.exit_code == 2, done.output
        assert done.stderr.startswith(f"{field}: ")
        assert password not in done.output or password == PASSWORD
