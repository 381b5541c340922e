"""Files and uploads."""

from typing import Any

import httpx

from app.demo import pdf

Files = list[tuple[str, tuple[str, bytes, str]]]


def make_file(name: str = "stuk.pdf", content: bytes | None = None, media_type: str = "application/pdf") -> Any:
    """One ``files`` part; by default a small real PDF."""
    return ("files", (name, pdf(name) if content is None else content, media_type))


async def upload(client: httpx.AsyncClient, folder: dict[str, Any], *files: Any, **options: Any) -> httpx.Response:
    return await client.post(f"/v1/folders/{folder['id']}/items", files=list(files) or [make_file()], **options)
