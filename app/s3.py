"""One request to the S3 server, signed, and what its answer means.

Signed with the SDK's signer and sent over one connection pool. A header, not a presigned address: in the
latter MinIO ignores a checksum, and an unsigned checksum header is what SeaweedFS and AWS refuse.
"""

import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar, cast
from urllib.parse import SplitResult, urlencode, urlsplit

import structlog
import urllib3
from minio.credentials.credentials import Credentials
from minio.error import MinioException, S3Error
from minio.signer import sign_v4_s3
from minio.time import to_amz_date
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Silent

from app.errors import Unavailable
from app.settings import Settings

log = structlog.get_logger()
T = TypeVar("T")

MAX_GATHERED = 1024  # buffers in one call (IOV_MAX)
MISSING = {"NoSuchKey", "NoSuchUpload", "NoSuchBucket"}


class StorageDown(Unavailable):
    def __init__(self) -> None:
        super().__init__("The file store does not answer. Nothing was stored; try again.", code="storage_unavailable")


class ObjectMissing(Exception):
    """The store has no such object: where a stored row says it should, this is an alarm."""


class Refused(Exception):
    """The store answered with an error status; whether it helps to try again is in ``passing``."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.passing = status >= 500 or status == 429


class Gathering(HTTPConnection):
    """Sends a list of chunks with as few system calls as the socket takes.

    Around every call a thread gives the interpreter's lock away and waits for it: with a call for each chunk, eight
    uploads of 100 MB at once spent a tenth of their CPU on that.
    """

    def send(self, data: Any) -> None:
        if not isinstance(data, list) or self.sock is None:
            super().send(data)
            return
        left = deque(memoryview(chunk) for chunk in data)
        while left:
            sent = self.sock.sendmsg(tuple(islice(left, MAX_GATHERED)))
            while left and sent >= len(left[0]):
                sent -= len(left.popleft())
            if sent:
                left[0] = left[0][sent:]


class GatheringPool(HTTPConnectionPool):
    ConnectionCls = Gathering


# Over TLS every chunk is encrypted by itself: there http.client takes the list apart.
POOLS = {"http": GatheringPool, "https": HTTPSConnectionPool}


class SignedRequests:
    """Requests to one bucket. Blocking: the caller runs them in a thread."""

    def __init__(self, settings: Settings, http: urllib3.PoolManager) -> None:
        self._settings = settings
        self._http = http
        self._credentials = Credentials(
            settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
        )

    def send(
        self,
        method: str,
        key: str,
        query: dict[str, str],
        body: Any = b"",
        headers: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        url = self._url(key, query)
        now = datetime.now(UTC)
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self._settings.s3_region,
            headers={
                **(headers or {}),
                "Host": url.netloc,
                "x-amz-date": to_amz_date(now),
                "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
            },
            credentials=self._credentials,
            content_sha256="UNSIGNED-PAYLOAD",
            date=now,
        )
        response = self._http.request(
            method, url.geturl(), body=body, headers=cast("dict[str, str]", signed), redirect=False
        )
        if response.status >= 300:
            raise Refused(response.status, text_of(response.data, "Code", default="?"))
        return response

    def _url(self, key: str, query: dict[str, str]) -> SplitResult:
        endpoint = urlsplit(self._settings.s3_endpoint)
        return endpoint._replace(path=f"/{self._settings.s3_bucket}/{key}", query=urlencode(sorted(query.items())))


def twice(call: Callable[[], T], *, unanswered: bool = True) -> T:
    """Once more after a passing fault; ``unanswered``: also when the first try may have been done all the same.

    A store that is silent is not asked again: the client would wait for twice the time limit.
    """
    try:
        return call()
    except (HTTPError, Refused) as error:
        again = error.passing if isinstance(error, Refused) else unanswered and not isinstance(error, Silent)
        if not again:
            raise
        log.warning("storage_retry", error=type(error).__name__)
        return call()


def translated(call: Callable[[], T]) -> T:
    try:
        return call()
    except S3Error as error:
        if error.code in MISSING:
            raise ObjectMissing from error
        log.error("storage_refused", code=error.code)
        raise StorageDown from error
    except Refused as refusal:
        log.error("storage_refused", code=str(refusal))
        raise StorageDown from refusal
    except (HTTPError, MinioException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        log.error("storage_unreachable", error=type(error).__name__)
        raise StorageDown from error


def text_of(xml: bytes, tag: str, default: str | None = None) -> str:
    """The first element of that name, in whatever namespace; S3 may answer 200 with an error inside."""
    try:
        found = ET.fromstring(xml).find(f".//{{*}}{tag}")  # noqa: S314 - our own store answers
    except ET.ParseError:
        found = None
    if found is not None and found.text:
        return found.text
    if default is None:
        raise Refused(502, "unexpected answer")
    return default
