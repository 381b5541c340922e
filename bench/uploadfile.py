"""The ordinary FastAPI way: ``UploadFile``, then ``put_object`` in the thread pool. No sign-in, no database."""

import hashlib
import sys
from typing import Annotated, Any, BinaryIO
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, File, UploadFile
from starlette.concurrency import run_in_threadpool

from app.server import server_config
from bench.direct import BUCKET, READ, client

app = FastAPI()


def _store(file: BinaryIO, size: int, sha256: bool) -> str | None:
    digest = None
    if sha256:
        made = hashlib.sha256()
        while piece := file.read(READ):
            made.update(piece)
        file.seek(0)
        digest = made.hexdigest()
    client().put_object(bucket_name=BUCKET, object_name=f"u/{uuid4()}", data=file, length=size)
    return digest


@app.post("/upload", status_code=201)
async def upload(files: Annotated[list[UploadFile], File()], sha256: bool = False) -> list[dict[str, Any]]:
    stored = []
    for file in files:
        assert file.size is not None
        digest = await run_in_threadpool(_store, file.file, file.size, sha256)
        stored.append({"name": file.filename, "size": file.size, "sha256": digest})
    return stored


if __name__ == "__main__":
    client()
    uvicorn.Server(server_config(app, "127.0.0.1", int(sys.argv[1]), 10)).run()
