"""Invitations by mail: a job in the caller's own transaction, sent by the worker to an SMTP server."""

import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.access import Actor, ActorKind
from app.db import Database
from app.models import TeamMember
from app.services import invitations
from app.settings import Settings
from app.worker import MAX_TRIES, retry_delay
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.mail import Mailbox, forget_jobs, is_done, jobs, mail_server, make_due, workers
from tests.factories.people import PASSWORD, caller, sign_in
from tests.factories.waiting import eventually

pytestmark = pytest.mark.anyio

LINK = re.compile(r"http\S+/v1/invitations/(ordi_\w+)/accept")


@pytest.fixture
async def mailbox(app: FastAPI, db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        monkeypatch.setattr(app.state.settings, "smtp_url", SecretStr(server.url))
        yield server
        await forget_jobs(db)


async def invited(office: Tenant, number: str = "1", email: str = "henk@vries.nl", **values: str) -> str:
    """The path of a contact, invited by Anna."""
    body = {"number": number, "email": email, "surname": "Vries", **values}
    path = f"/v1/contacts/{made(await office.anna.post('/v1/contacts', json=body))['id']}"
    answer = made(await office.anna.post(f"{path}/invitation"))
    assert answer == {"expires_at": answer["expires_at"], "delivery": "mail", "token": None, "link": None}
    return path


async def accepted(office: Tenant, mail: Any) -> int:
    """The link of the mail, followed."""
    found = LINK.search(mail.get_content())
    assert found, mail.get_content()
    async with caller(office) as client:
        answer = await client.post(f"/v1/invitations/{found[1]}/accept", json={"password": PASSWORD})
    return answer.status_code


class TestSent:
    async def test_link_works_once(self, office: Tenant, db: Database, settings: Settings, mailbox: Mailbox) -> None:
        made(await office.admin.patch("/v1/office", json={"name": "Café: Ärger & Zn."}), 200)
        await invited(office, first_names="Hénk", email="Henk@Vries.nl")
        assert await jobs(db) == [("queued", 0, True)]
        async with workers(settings):
            await eventually(lambda: mailbox.has(1), "the mail is there")
            await eventually(lambda: is_done(db), "the job is done")
        recipients, mail = mailbox.mails[0]
        assert recipients == ["Henk@vries.nl"]
        assert (mail["To"], mail["From"]) == ("Henk@vries.nl", settings.mail_from)
        assert mail["Subject"] == "Uw toegang tot het dossier bij Café: Ärger & Zn."
        assert "Beste Hénk Vries," in mail.get_content()
        assert [await accepted(office, mail) for _ in range(2)] == [200, 404]
        async with caller(office) as client:
            made(await sign_in(client, office, "henk@vries.nl"))

    async def test_words_of_the_contact_s_language_and_of_the_member(
        self, office: Tenant, settings: Settings, mailbox: Mailbox
    ) -> None:
        await invited(office, language="en")
        made(await office.admin.post(f"/v1/team-members/{office.anna_id}/invitation"))
        async with workers(settings):
            await eventually(lambda: mailbox.has(2), "both mails are there")
        assert sorted(mail["Subject"] for _, mail in mailbox.mails) == [
            "Uw toegang tot het dossier bij Kantoor",
            "Your access to the dossier at Kantoor",
        ]

    async def test_production_gives_the_link_to_nobody_else(
        self, office: Tenant, app: FastAPI, settings: Settings, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        local = settings.model_copy()
        monkeypatch.setattr(app.state.settings, "mode", "production")
        path = await invited(office)
        answer = made(await office.admin.post(f"{path}/invitation"))
        assert (answer["delivery"], answer["token"], answer["link"]) == ("mail", None, None)
        async with workers(local):
            await eventually(lambda: mailbox.has(2), "a mail for each invitation")
        assert await accepted(office, mailbox.mails[1][1]) == 200

    async def test_many_workers_send_each_once(
        self, office: Tenant, db: Database, settings: Settings, mailbox: Mailbox
    ) -> None:
        emails = {f"c{place}@vries.nl" for place in range(6)}
        for place, email in enumerate(sorted(emails)):
            await invited(office, str(place), email)
        async with workers(settings, 2):
            await eventually(lambda: is_done(db), "all jobs are done")
        assert sorted(recipients[0] for recipients, _ in mailbox.mails) == sorted(emails)

    async def test_address_of_a_domain_with_accents(
        self, office: Tenant, db: Database, settings: Settings, mailbox: Mailbox
    ) -> None:
        """Any mail server takes the domain in its ASCII form (RFC 5890)."""
        await invited(office, email="henk@café.nl")
        async with workers(settings):
            await eventually(lambda: mailbox.has(1), "the mail is there")
        recipients, mail = mailbox.mails[0]
        assert recipients == ["henk@xn--caf-dma.nl"]
        assert await accepted(office, mail) == 200

    async def test_address_with_accents_before_the_at(
        self, office: Tenant, app: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """For a server that says SMTPUTF8 (RFC 6531)."""
        async with mail_server(utf8=True) as server:
            monkeypatch.setattr(app.state.settings, "smtp_url", SecretStr(server.url))
            await invited(office, email="jörg@vries.nl")
            async with workers(settings):
                await eventually(lambda: server.has(1), "the mail is there")
        assert server.mails[0][0] == ["jörg@vries.nl"]
        assert await accepted(office, server.mails[0][1]) == 200


class TestNotSent:
    async def test_no_commit_no_job(self, office: Tenant, db: Database, settings: Settings, mailbox: Mailbox) -> None:
        """The job leaves in the transaction of the change; what is rolled back sends nothing."""

        actor = Actor(office.id, ActorKind.TEAM_MEMBER, office.admin_id, "Bea", frozenset())

        async def undone() -> None:
            async with db.transaction(office.id) as session:
                member = await session.get_one(TeamMember, (office.id, office.anna_id))
                await invitations.invite(session, settings, actor, member)
                raise ConnectionError

        with pytest.raises(ConnectionError):
            await undone()
        assert await jobs(db) == []

    async def test_refused_request_sends_nothing(self, office: Tenant, db: Database, mailbox: Mailbox) -> None:
        path = await invited(office)
        made(await office.anna.patch(path, json={"login_status": "blocked"}), 200)
        await make_due(db)
        before = await jobs(db)
        problem(await office.anna.post(f"{path}/invitation"), 409, "blocked")
        assert await jobs(db) == before

    async def test_blocked_or_moved_meanwhile(
        self, office: Tenant, db: Database, settings: Settings, mailbox: Mailbox
    ) -> None:
        """AZ-05: what is sent is what holds then: nothing to the blocked, and to the new address."""
        blocked, moved = await invited(office), await invited(office, "2", "fout@vries.nl")
        made(await office.anna.patch(blocked, json={"login_status": "blocked"}), 200)
        made(await office.anna.patch(moved, json={"email": "goed@vries.nl"}), 200)
        async with workers(settings):
            await eventually(lambda: is_done(db), "both jobs are done")
        assert [recipients for recipients, _ in mailbox.mails] == [["goed@vries.nl"]]
        assert await accepted(office, mailbox.mails[0][1]) == 200


class TestRetried:
    async def test_server_that_is_down(
        self, office: Tenant, app: FastAPI, db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """OP-01: nothing is lost; the next try comes later, by any worker."""
        with socket.socket() as taken:  # bound and not listening: refused at once, and by nobody else
            taken.bind(("127.0.0.1", 0))
            nowhere = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
            monkeypatch.setattr(app.state.settings, "smtp_url", SecretStr(nowhere))
            await invited(office)
            async with workers(settings):
                await eventually(lambda: self.tried(db, 1), "it was tried")
        assert await jobs(db) == [("queued", 1, False)]
        async with mail_server() as server:
            monkeypatch.setattr(app.state.settings, "smtp_url", SecretStr(server.url))
            await make_due(db)
            async with workers(settings):
                await eventually(lambda: server.has(1), "the mail is there")
                await eventually(lambda: is_done(db), "the job is done")
        assert await accepted(office, server.mails[0][1]) == 200

    async def test_server_that_says_later(
        self, office: Tenant, db: Database, settings: Settings, mailbox: Mailbox
    ) -> None:
        mailbox.answer = "451 greylisted"
        await invited(office)
        async with workers(settings):
            await eventually(lambda: self.tried(db, 1), "it was tried")
            assert mailbox.mails == []
            mailbox.answer = None
        await make_due(db)
        async with workers(settings):
            await eventually(lambda: is_done(db), "the job is done")
        assert (mailbox.refused, len(mailbox.mails)) == (1, 1)

    async def tried(self, db: Database, times: int) -> bool:
        return [job[1] for job in await jobs(db) if job[0] == "queued"] == [times]

    def test_later_and_later_for_an_hour_at_most(self) -> None:
        delays = [retry_delay(tries).total_seconds() for tries in range(MAX_TRIES)]
        assert delays[:3] == [10, 20, 40]
        assert delays == sorted(delays)
        assert max(delays) == 3600
