"""Conversations, messages with files, document requests."""

import json
from typing import Any

import httpx

from tests.factories.clients import Client


async def begin(client: Client, relation: dict[str, Any], *contact_ids: str, subject: str = "Bonnen") -> dict[str, Any]:
    body: dict[str, Any] = {"relation_id": relation["id"], "subject": subject}
    if contact_ids:
        body["contact_ids"] = list(contact_ids)
    answer = await client.post("/v1/conversations", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def send(
    client: Client,
    conversation_id: str,
    *files: Any,
    text: str = "Hierbij.",
    line_id: str | None = None,
    **options: Any,
) -> httpx.Response:
    """A message with files; with a line: the answer to a document request."""
    message = {"text": text} | ({"document_request_line_id": line_id} if line_id else {})
    parts = [("message", (None, json.dumps(message))), *files]
    return await client.post(f"/v1/conversations/{conversation_id}/messages", files=parts, **options)


async def ask(
    client: Client, relation: dict[str, Any], contact_id: str, *folders: dict[str, Any], **values: Any
) -> dict[str, Any]:
    """A document request with one line for each folder."""
    lines = [{"title": f"Stuk {place}", "folder_id": folder["id"]} for place, folder in enumerate(folders)]
    body = {"relation_id": relation["id"], "contact_id": contact_id, "title": "Jaarstukken", "lines": lines}
    answer = await client.post("/v1/document-requests", json=body | values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
