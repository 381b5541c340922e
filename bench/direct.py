"""The yardstick: the SDK itself against the same store, no API between. Runs as a process of its own."""

import hashlib
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject

from app.settings import get_settings
from bench.remote import serve

BUCKET = "bench"
READ = 1024 * 1024


@cache
def client() -> Minio:
    settings = get_settings()
    made = Minio(
        endpoint=settings.s3_endpoint.removeprefix("http://"),
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        secure=False,
        region=settings.s3_region,
        http_client=urllib3.PoolManager(maxsize=64, retries=False),
    )
    if not made.bucket_exists(bucket_name=BUCKET):
        made.make_bucket(bucket_name=BUCKET)
    return made


@cache
def content(size: int) -> bytes:
    return os.urandom(size)


class Hashed(io.BytesIO):
    """The SHA-256 of the whole file is made as it is read, as the API does."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.sha256 = hashlib.sha256()

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.sha256.update(piece)
        return piece


def put(clients: int, each: int, size: int, sha256: bool = False, **options: Any) -> dict[str, Any]:
    """``clients`` threads put ``each`` objects one after the other."""
    data, store = content(size), client()
    together = threading.Barrier(clients + 1)

    def one(number: int) -> None:
        together.wait()
        for turn in range(each):
            source = Hashed(data) if sha256 else io.BytesIO(data)
            store.put_object(bucket_name=BUCKET, object_name=f"{number}/{turn}", data=source, length=size, **options)

    with ThreadPoolExecutor(clients) as threads:
        running = [threads.submit(one, number) for number in range(clients)]
        together.wait()
        started = time.monotonic()
        for each_one in running:
            each_one.result()
        return {"seconds": time.monotonic() - started}


def get(bucket: str, keys: list[str]) -> dict[str, Any]:
    """One thread a key reads the whole object, 1 MiB at a time."""
    store = client()

    def one(key: str) -> int:
        response = store.get_object(bucket_name=bucket, object_name=key)
        size = 0
        while piece := response.read(READ):
            size += len(piece)
        response.release_conn()
        return size

    with ThreadPoolExecutor(len(keys)) as threads:
        started = time.monotonic()
        sizes = list(threads.map(one, keys))
        return {"seconds": time.monotonic() - started, "bytes": sum(sizes)}


def clear(bucket: str, keep: list[str]) -> dict[str, Any]:
    """Remove what the last measurement left, so that the store does not grow."""
    names = [found.object_name for found in client().list_objects(bucket_name=bucket, recursive=True)]
    wrong = client().remove_objects(
        bucket_name=bucket, delete_object_list=[DeleteObject(name) for name in names if name not in keep]
    )
    return {"removed": len(names), "wrong": len(list(wrong))}


def state(bucket: str) -> dict[str, Any]:
    """The keys of all objects, and the multipart uploads that are open."""
    keys = [found.object_name for found in client().list_objects(bucket_name=bucket, recursive=True)]
    return {"keys": keys}


if __name__ == "__main__":
    serve({"put": put, "get": get, "clear": clear, "state": state})
