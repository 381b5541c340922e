"""Secrets that are shown once and stored as hashes: tokens, API keys, invitations; passwords; and what lies sealed."""

import base64
import binascii
import hashlib
import hmac
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import anyio
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TokenKind = Literal["ords", "ordk", "ordi"]  # session, API key, invitation
KINDS: Final[tuple[TokenKind, ...]] = ("ords", "ordk", "ordi")

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_BYTES = 32
BODY_LENGTH = 65  # 16 + 32 bytes in base 62
CHECK_LENGTH = 6

# OWASP's second choice: 19 MiB, two passes; 64 MiB would cost five times as long and a login is no bulk job.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hashing = anyio.CapacityLimiter(2)
# Verified when there is no such user, so that the answer takes as long as for a wrong password (AU-03).
_nobody = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class Token:
    """A bearer secret: prefix, office, 256 random bits, checksum.

    The office stands in the token so that its hash is looked up under that office's row-level security;
    the checksum lets scanners recognise a leaked one and refuses typing errors without a query.
    """

    kind: TokenKind
    office_id: UUID
    secret: bytes

    @classmethod
    def make(cls, kind: TokenKind, office_id: UUID) -> "Token":
        return cls(kind, office_id, secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        prefix, _, rest = text.partition("_")
        if prefix not in KINDS or len(rest) != BODY_LENGTH + CHECK_LENGTH or not rest.isascii():
            return None
        body, check = rest[:BODY_LENGTH], rest[BODY_LENGTH:]
        if not secrets.compare_digest(_checksum(prefix + body), check):
            return None
        try:
            raw = _number(body).to_bytes(16 + SECRET_BYTES, "big")
        except (ValueError, OverflowError):
            return None
        return cls(prefix, UUID(bytes=raw[:16]), raw[16:])

    def __str__(self) -> str:
        body = _digits(int.from_bytes(self.office_id.bytes + self.secret, "big"), BODY_LENGTH)
        return f"{self.kind}_{body}{_checksum(self.kind + body)}"

    __repr__ = object.__repr__  # never in a log or a traceback

    @property
    def hash(self) -> bytes:
        """What is stored: 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret).digest()

    @property
    def hint(self) -> str:
        """Its last characters, so that people can tell their keys apart."""
        return f"{self.kind}_…{str(self)[-4:]}"


def _digits(number: int, length: int) -> str:
    out = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        out.append(ALPHABET[rest])
    return "".join(reversed(out))


def _number(text: str) -> int:
    number = 0
    for char in text:
        number = number * 62 + ALPHABET.index(char)
    return number


def _checksum(text: str) -> str:
    return _digits(zlib.crc32(text.encode()), CHECK_LENGTH)


async def hash_password(password: str) -> str:
    """Argon2id, in a thread, at most two at once: a flood of logins must not take all memory."""
    return await to_thread.run_sync(_hasher.hash, password, limiter=_hashing)


async def verify_password(stored: str | None, password: str) -> bool:
    return await to_thread.run_sync(_verify, stored, password, limiter=_hashing)


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _nobody, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


NONCE_BYTES = 12
KEY_BYTES = 32


@dataclass(frozen=True)
class Sealed:
    key_id: str
    secret: bytes


class Vault:
    """Citizen numbers at rest (BSN-04): sealed with AES-256-GCM, found by HMAC-SHA256 under a key of its own.
    The secrets of two-step checks are sealed likewise.

    A sealed value is bound to its place, so that nobody can move it to another row; what it is found by is bound to
    the office, so that the same number looks different in two offices (BSN-06).
    """

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        self.key_id = next(iter(keys))
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_key = index_key

    @classmethod
    def parse(cls, keys: str, index_key: str) -> "Vault":
        """From ``name:key,name:key`` (the first seals, the others still open) and a key, each 32 bytes in base64."""
        given = [item.strip().partition(":") for item in keys.split(",") if item.strip()]
        found = {name: _key(key) for name, _, key in given}
        if not found or len(found) != len(given):
            raise ValueError("give at least one key as name:base64, each name once")
        return cls(found, _key(index_key))

    def seal(self, place: str, value: str) -> Sealed:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(self.key_id, nonce + self._keys[self.key_id].encrypt(nonce, value.encode(), place.encode()))

    def open(self, place: str, sealed: Sealed) -> str:
        """The value; LookupError where its key is not given (any more), InvalidTag where it was tampered with."""
        nonce, secret = sealed.secret[:NONCE_BYTES], sealed.secret[NONCE_BYTES:]
        return self._keys[sealed.key_id].decrypt(nonce, secret, place.encode()).decode()

    def index(self, office_id: UUID, kind: str, value: str) -> bytes:
        """What the value is found by, and nothing can be learned from."""
        return hmac.digest(self._index_key, f"{office_id}\0{kind}\0{value}".encode(), "sha256")

    def mark(self, body: bytes) -> bytes:
        """What a request is recognised by; without the key nobody can try numbers until one fits."""
        return hmac.digest(self._index_key, b"request\0" + body, "sha256")

    __repr__ = object.__repr__


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key is {KEY_BYTES} bytes in base64, such as `openssl rand -base64 {KEY_BYTES}` makes")
    return key
