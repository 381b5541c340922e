"""Secrets that are shown once and stored as hashes: tokens, API keys, invitations; and passwords."""

import hashlib
import secrets
import zlib
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import anyio
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

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
