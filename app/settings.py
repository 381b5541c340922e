"""The only reader of the environment. Every setting is a variable ``ORDNER_<NAME>``."""

import os
from functools import lru_cache
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.crypto import Vault

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Typed settings; secrets have no default, so that a deployment that forgets one does not start."""

    model_config = SettingsConfigDict(env_prefix="ORDNER_", extra="ignore", hide_input_in_errors=True)

    mode: Literal["local", "production"] = Field(
        "production",
        description="`local` also gives invitation links to the administrator and prints readable logs",
    )
    public_url: str = Field("http://127.0.0.1:8000", description="where clients reach this API; used in links")
    invitation_link: str = Field(
        "{public_url}/v1/invitations/{token}/accept",
        description="the address in an invitation; point it at your app, with the token behind a `#`",
    )

    database_url: SecretStr = Field(description="postgresql://user:password@host:port/database")
    migration_database_url: SecretStr | None = Field(
        None, description="the owner's address for `ordner migrate`; by default `database_url`"
    )
    database_role: str = Field(
        "ordner_app",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="the role that requests run as: owns nothing, stands under row-level security",
    )
    database_pool_size: int = Field(10, ge=1, le=200)
    database_pool_timeout_seconds: float = Field(5, gt=0, description="wait for a free connection, then 503")
    database_command_timeout_seconds: float = Field(15, gt=0, description="a statement of a request, then 503")
    database_job_timeout_seconds: float = Field(600, gt=0, description="of a job; some are about 200,000 rows")

    s3_endpoint: str = Field(description="http(s)://host:port of MinIO or any S3 store")
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_region: str = "us-east-1"
    s3_bucket: str = Field("ordner", min_length=3, max_length=63)
    s3_ca_file: str | None = Field(None, description="PEM file that the store's certificate is checked against")
    s3_public_endpoint: str | None = Field(
        None,
        description="when set, downloads are redirected to a signed address there, for at most 5 minutes",
    )
    s3_connect_timeout_seconds: float = Field(5, gt=0)
    s3_read_timeout_seconds: float = Field(30, gt=0)

    smtp_url: SecretStr | None = Field(
        None,
        description="smtp://user:password@host:port, smtp+starttls:// or smtps://; none: no mail goes out",
    )
    mail_from: str = "ordner@localhost"

    file_max_bytes: int = Field(100 * MIB, ge=1, description="largest single file")
    message_max_files: int = Field(100, ge=1)
    json_max_bytes: int = Field(1 * MIB, ge=1024, description="largest JSON body")
    uploads_at_once: int = Field(32, ge=1, description="concurrent upload requests of one process; more wait, then 503")
    uploads_at_once_per_sender: int = Field(16, ge=1, description="of these, by one person or key; more wait, then 429")
    upload_wait_seconds: float = Field(30, gt=0, description="longest wait for a place among the running uploads")
    exports_at_once: int = Field(
        2, ge=1, description="workbooks and lists of rejected rows that one process makes at once; more wait, then 503"
    )
    exports_at_once_per_sender: int = Field(2, ge=1, description="of these and those still sent, by one person or key")
    export_wait_seconds: float = Field(30, gt=0, description="longest wait for a place among them")
    streams_at_once: int = Field(64, ge=1, description="streams of events that one process keeps open; more: 503")
    streams_at_once_per_sender: int = Field(8, ge=1, description="of these, by one person or key; more: 429")
    body_min_bytes_per_second: int = Field(8192, ge=0, description="slower request bodies are cut off")
    body_stall_seconds: float = Field(30, gt=0, description="longest silence within a request body")
    body_total_seconds: float = Field(4 * 3600, gt=0, description="longest wait for one request body altogether")
    header_timeout_seconds: float = Field(10, gt=0)

    citizen_keys: SecretStr | None = Field(
        None,
        description="name:key,... that citizen numbers (BSN) and the secrets of two-step checks are sealed with; "
        "the first is used, the others still read",
    )
    citizen_index_key: SecretStr | None = Field(
        None, description="the key that numbers are found by; it stays the same"
    )

    session_hours: int = Field(12, ge=1)
    invitation_hours: int = Field(7 * 24, ge=1)
    idempotency_hours: int = Field(48, ge=24)
    lease_seconds: int = Field(120, ge=5, description="how long a silent upload keeps what it claimed")
    import_days: int = Field(
        30, ge=1, description="the file of an import and what is kept to undo it are removed after this"
    )
    bin_days: int = Field(30, ge=1, description="a binned item is removed for good after this")

    sign_in_attempts: int = Field(10, ge=1, description="per account in 15 minutes")
    sign_in_attempts_per_address: int = Field(100, ge=1, description="per client address in 15 minutes")
    reveals_per_hour: int = Field(120, ge=1, description="citizen numbers shown in full, per team member or key")
    number_searches_per_hour: int = Field(
        5000,
        ge=1,
        description="searches and matches by a number that may hold a BSN, per team member or key",
    )
    messages_per_hour: int = Field(300, ge=1, description="messages with or without files, per sender")

    cors_origins: list[str] = []
    trusted_proxies: list[str] = Field(
        [], description="addresses of proxies whose X-Forwarded-For counts; none by default"
    )
    docs: bool = True

    @field_validator("s3_endpoint", "s3_public_endpoint")
    @classmethod
    def _plain_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("give http://host:port or https://host:port, without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @model_validator(mode="after")
    def _both_citizen_keys(self) -> Self:
        if self.vault is None and (self.citizen_keys or self.citizen_index_key):
            raise ValueError(
                "give citizen_keys and citizen_index_key, or neither: then nothing is kept that lies sealed"
            )
        return self

    @property
    def vault(self) -> Vault | None:
        """What seals citizen numbers and two-step secrets; None where the server keeps none."""
        if not (self.citizen_keys and self.citizen_index_key):
            return None
        return Vault.parse(self.citizen_keys.get_secret_value(), self.citizen_index_key.get_secret_value())

    @property
    def is_local(self) -> bool:
        return self.mode == "local"


@lru_cache
def get_settings() -> Settings:
    return Settings()


def child_environment() -> dict[str, str]:
    """What any child process may inherit: where programs, zones and certificates are, and no secret."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: os.environ[name] for name in names if name in os.environ}  # noqa: TID251


def uses(name: str) -> bool:
    """Does the environment name this setting?"""
    return bool(os.environ.get(f"ORDNER_{name.upper()}"))  # noqa: TID251


def own_environment() -> dict[str, str]:
    """Our settings, for a child process of ours."""
    return {name: value for name, value in os.environ.items() if name.startswith("ORDNER_")}  # noqa: TID251


def client_key() -> str | None:
    """Whom the command line speaks for when it is a client (``ordner import``)."""
    return os.environ.get("ORDNER_KEY")  # noqa: TID251


def set_environment(values: dict[str, str]) -> None:
    """Settings that local mode found out by starting the servers."""
    os.environ.update(values)  # noqa: TID251


def minio_binary() -> str | None:
    """The MinIO binary that the tests run on, when they shall."""
    return os.environ.get("ORDNER_TEST_MINIO")  # noqa: TID251
