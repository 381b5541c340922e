"""What lies in the MinIO that we started, read from its disk: MinIO lists open uploads for an exact key only."""

import contextlib
import shutil
from pathlib import Path

import psutil


def minio() -> psutil.Process:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.name() == "minio":
                return child
    raise SystemExit("there is no MinIO among our processes")


def data_directory(server: psutil.Process) -> Path:
    return Path(server.cwd()) / "data"


def open_uploads(data: Path) -> int:
    """``multipart/<hash of bucket and key>/<upload>``, one directory each."""
    return sum(1 for _ in (data / ".minio.sys" / "multipart").glob("*/*"))


def empty_trash(data: Path) -> None:
    """MinIO keeps what was deleted for minutes; in memory that would not fit."""
    for path in (data / ".minio.sys" / "tmp" / ".trash").glob("*"):
        shutil.rmtree(path, ignore_errors=True)


def free_gib(data: Path) -> float:
    return shutil.disk_usage(data).free / 1024**3
