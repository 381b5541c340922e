"""How a test speaks HTTP."""

import ssl
from typing import Any

import httpx

Client = httpx.AsyncClient
# All is on loopback: reading the world's certificates for each client takes longer than most of what it asks.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client_of(address: str, local_address: str | None = None, timeout: float = 30, **options: Any) -> Client:
    """Of the server there; ``local_address``: where it calls from."""
    transport = httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES, local_address=local_address)
    return Client(base_url=address, timeout=timeout, transport=transport, **options)
