"""The object store. Knows keys and bytes, not features; every call has time limits and runs in a thread.

What carries bytes goes out part by part (app.s3), each with a CRC-32 that the store compares: the SDK's
``put_object`` with parallel parts leaves threads behind on every error, and ours must be able to stop anywhere.
"""

import asyncio
import base64
import secrets
import time
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import urllib3
from minio import Minio
from minio.error import S3Error
from urllib3.util import Timeout

from app.multipart import Chunk
from app.s3 import POOLS, ObjectMissing, Refused, SignedRequests, StorageDown, text_of, translated, twice
from app.settings import Settings

T = TypeVar("T")

READ_BYTES = 1024 * 1024
READ_BYTES_FAST = 4 * 1024 * 1024
FAST_SECONDS = 0.05  # in which a client takes a piece
LINK_FOR = timedelta(minutes=5)  # of addresses that leave it (FI-14)


@dataclass(frozen=True)
class Sent:
    """What the store said of a PUT: the entity tag, and the checksum (base64) that it compared."""

    tag: str
    checksum: str


@dataclass(frozen=True)
class StoredObject:
    key: str
    size: int
    modified_at: datetime


def new_key(office_id: UUID) -> str:
    """``<office>/<2 hex>/<128 random bits>``: no name, no date, nothing a user chose."""
    name = secrets.token_hex(16)
    return f"{office_id}/{name[:2]}/{name}"


class Storage:
    """One bucket of an S3 store (MinIO, SeaweedFS, Ceph, AWS)."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.s3_bucket
        self.settings = settings
        self._http = urllib3.PoolManager(
            maxsize=64,
            retries=False,
            timeout=Timeout(connect=settings.s3_connect_timeout_seconds, read=settings.s3_read_timeout_seconds),
            cert_reqs="CERT_REQUIRED",
            ca_certs=settings.s3_ca_file,
        )
        self._http.pool_classes_by_scheme = POOLS
        self._requests = SignedRequests(settings, self._http)
        self._client = self._minio(settings.s3_endpoint)
        self._public = self._minio(settings.s3_public_endpoint) if settings.s3_public_endpoint else None
        self._threads = ThreadPoolExecutor(48, thread_name_prefix="s3")

    def _minio(self, endpoint: str) -> Minio:
        parts = urlsplit(endpoint)
        return Minio(
            endpoint=parts.netloc,
            access_key=self.settings.s3_access_key.get_secret_value(),
            secret_key=self.settings.s3_secret_key.get_secret_value(),
            secure=parts.scheme == "https",
            region=self.settings.s3_region,
            http_client=self._http,
        )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    def submit(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> "asyncio.Future[T]":
        """Run a blocking call of the store in a thread, with this module's errors for the network's."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, partial(translated, partial(call, *args, **kwargs)))

    # -- the bucket ------------------------------------------------------------------------------------------

    async def ensure_bucket(self) -> None:
        """Make the bucket when it is missing and we may; StorageDown or PermissionError say what is wrong."""
        await self.submit(self._ensure_bucket)

    def _ensure_bucket(self) -> None:
        try:
            if not self._client.bucket_exists(bucket_name=self.bucket):
                self._client.make_bucket(bucket_name=self.bucket, location=self.settings.s3_region)
        except S3Error as error:
            if error.code == "BucketAlreadyOwnedByYou":
                return
            if error.code in ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
                raise PermissionError(f"bucket {self.bucket!r}: {error.code}") from error
            raise

    async def ping(self) -> None:
        await self.submit(self._client.bucket_exists, bucket_name=self.bucket)

    # -- writing ---------------------------------------------------------------------------------------------

    def put(self, key: str, chunks: list[Chunk], length: int, crc: int) -> "asyncio.Future[Sent]":
        """One PUT of a whole object."""
        return self.submit(self._put, key, {}, chunks, length, crc)

    def put_part(
        self, key: str, upload_id: str, number: int, chunks: list[Chunk], length: int, crc: int
    ) -> "asyncio.Future[Sent]":
        query = {"partNumber": str(number), "uploadId": upload_id}
        return self.submit(self._put, key, query, chunks, length, crc)

    def _put(self, key: str, query: dict[str, str], chunks: list[Chunk], length: int, crc: int) -> "Sent":
        checksum = base64.b64encode(crc.to_bytes(4, "big")).decode()
        headers = {"Content-Length": str(length), "x-amz-checksum-crc32": checksum}
        # The bytes lie in memory, so a passing fault of the store is hidden by sending them once more.
        response = twice(lambda: self._requests.send("PUT", key, query, [chunks], headers))
        return Sent(str(response.headers["ETag"]), checksum)

    async def start_upload(self, key: str) -> str:
        headers = {"x-amz-checksum-algorithm": "CRC32"}
        return await self.submit(self._start_upload, key, headers)

    def _start_upload(self, key: str, headers: dict[str, str]) -> str:
        # Not again when the answer was lost: an upload that nobody knows of would stay open.
        send = partial(self._requests.send, "POST", key, {"uploads": ""}, b"", headers)
        return text_of(twice(send, unanswered=False).data, "UploadId")

    async def complete_upload(self, key: str, upload_id: str, parts: "list[Sent]", size: int) -> None:
        """Join the parts. A lost answer is settled by looking: the object is there whole, or it is not."""
        root = ET.Element("CompleteMultipartUpload", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
        for number, sent in enumerate(parts, 1):
            part = ET.SubElement(root, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = sent.tag
            ET.SubElement(part, "ChecksumCRC32").text = sent.checksum
        try:
            await self.submit(self._complete, key, upload_id, ET.tostring(root))
        except StorageDown:
            if await self.size_of(key) != size:
                raise

    def _complete(self, key: str, upload_id: str, body: bytes) -> None:
        def send() -> None:
            response = self._requests.send("POST", key, {"uploadId": upload_id}, body)
            text_of(response.data, "ETag")  # S3 may say 200 and put an error inside

        twice(send)

    async def delete(self, key: str, upload_id: str | None = None) -> None:
        """Remove the object and every upload to its key that was left open. Nothing there is fine."""
        await self.submit(self._delete, key, upload_id)

    def _delete(self, key: str, upload_id: str | None) -> None:
        uploads = set(self._open_uploads(key)) | ({upload_id} if upload_id else set())
        for upload in uploads:
            try:
                self._requests.send("DELETE", key, {"uploadId": upload})
            except Refused as refusal:
                if refusal.status != 404:
                    raise
        self._client.remove_object(bucket_name=self.bucket, object_name=key)

    def _open_uploads(self, prefix: str | None) -> Iterator[str]:
        # The SDK keeps this call private; pinned below 8, and the tests on both stores would notice.
        found = self._client._list_multipart_uploads(self.bucket, prefix=prefix)  # noqa: SLF001
        return (str(upload.upload_id) for upload in found.uploads)

    async def open_uploads(self, key: str | None = None) -> list[str]:
        """Ids of multipart uploads that were begun and neither joined nor given up. MinIO wants the exact key."""
        return await self.submit(lambda: list(self._open_uploads(key)))

    # -- reading ---------------------------------------------------------------------------------------------

    async def size_of(self, key: str) -> int | None:
        try:
            found = await self.submit(self._client.stat_object, bucket_name=self.bucket, object_name=key)
        except ObjectMissing:
            return None
        return int(found.size or 0)

    async def open(self, key: str, offset: int = 0, length: int = 0) -> AsyncIterator[bytes]:
        """The bytes in pieces (``length`` 0: to the end). ObjectMissing before the first of them."""
        response = await self.submit(
            self._client.get_object, bucket_name=self.bucket, object_name=key, offset=offset, length=length
        )
        return self._pieces(response)

    async def _pieces(self, response: urllib3.BaseHTTPResponse) -> AsyncIterator[bytes]:
        """Large ones while the client takes them at once; a slow one holds little memory."""
        whole = False
        size = READ_BYTES
        try:
            while piece := await self.submit(response.read, size):
                before = time.monotonic()
                yield piece
                size = READ_BYTES_FAST if time.monotonic() - before < FAST_SECONDS else READ_BYTES
            whole = True
        finally:
            if not whole:
                response.close()  # unread bytes would otherwise go to the connection's next user
            response.release_conn()

    def link(self, key: str, headers: dict[str, str]) -> str | None:
        """A signed address for a client, where the store has a public side; with the headers it must answer."""
        if self._public is None:
            return None
        return self._public.get_presigned_url("GET", self.bucket, key, expires=LINK_FOR, response_headers=dict(headers))

    async def list(self, prefix: str = "") -> list[StoredObject]:
        def listed() -> list[StoredObject]:
            found = self._client.list_objects(bucket_name=self.bucket, prefix=prefix, recursive=True)
            return [StoredObject(item.object_name, int(item.size), item.last_modified) for item in found]

        return await self.submit(listed)
