"""Mail out, from jobs only: a request never waits for a mail server."""

from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
from email_validator import validate_email

from app.clock import OFFICE_CLOCK
from app.db import Database
from app.models import Office
from app.services import invitations
from app.settings import Settings
from app.storage import Storage

TIMEOUT_SECONDS = 20

TEXTS = {
    "nl": (
        "Uw toegang tot het dossier bij {office}",
        (
            "Beste {name},\n\n{office} nodigt u uit voor uw online dossier.\nKies hier uw wachtwoord:\n\n{link}\n\n"
            "De link werkt één keer en vervalt op {expires}.\n"
        ),
    ),
    "en": (
        "Your access to the dossier at {office}",
        (
            "Dear {name},\n\n{office} invites you to your online dossier.\nChoose your password here:\n\n{link}\n\n"
            "The link works once and expires on {expires}.\n"
        ),
    ),
}


async def send_invitation(db: Database, _: Storage, settings: Settings, payload: dict[str, Any]) -> None:
    """The job behind an invitation. Its token is committed before the mail goes out, so that the link works."""
    office_id = UUID(payload["office_id"])
    expires_at = datetime.fromisoformat(payload["expires_at"])
    async with db.transaction(office_id) as session:
        prepared = await invitations.prepare_mail(session, office_id, payload["kind"], UUID(payload["id"]), expires_at)
        office = await session.get_one(Office, office_id)
    if prepared is None:
        return
    person, token = prepared
    subject, text = TEXTS[getattr(person, "language", "nl")]
    words = {
        "office": office.name,
        "name": person.name,
        "link": invitations.link(settings, token),
        "expires": expires_at.astimezone(OFFICE_CLOCK).strftime("%d-%m-%Y"),
    }
    await send(settings, person.email, subject.format(**words), text.format(**words))


async def send(settings: Settings, to: str, subject: str, text: str) -> None:
    assert settings.smtp_url is not None
    server = urlsplit(settings.smtp_url.get_secret_value())
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, deliverable(to), subject
    message.set_content(text)
    await aiosmtplib.send(
        message,
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        start_tls=True if server.scheme == "smtp+starttls" else None,
        timeout=TIMEOUT_SECONDS,
    )


def deliverable(address: str) -> str:
    """The domain in its ASCII form (RFC 5890), which every mail server takes."""
    parts = validate_email(address, check_deliverability=False)
    return f"{parts.local_part}@{parts.ascii_domain}"
