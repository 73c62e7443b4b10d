"""Settings from the environment: frozen, and every fault told at once."""

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as BadEncoding

from services.runtime.roles import known

PREFIX = "TRUEPEN_"
DATABASES = ("postgresql", "sqlite")

KEY_CHARS = 16

S = TypeVar("S", bound="Settings")


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < KEY_CHARS:
        raise ValueError(f"must have at least {KEY_CHARS} characters")
    return key


Key = Annotated[SecretStr, AfterValidator(_long_enough)]
"""What messages are authenticated with: too short a one can be guessed."""


class SettingsError(Exception):
    """The environment is wrong; one line a fault, each names its variable."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("wrong settings:\n" + "\n".join(f"  {f}" for f in faults))
        self.faults = faults


class Settings(BaseSettings):
    """Base of all settings; subclasses set `env_prefix` and their fields.

    class ReaderSettings(Settings):
        model_config = SettingsConfigDict(env_prefix="TRUEPEN_READER_")
        database_url: str = ""
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the environment variable of each field, by field name."""
        prefix = cls.model_config.get("env_prefix", "")
        return {name: (prefix + name).upper() for name in cls.model_fields}


class RuntimeSettings(Settings):
    """How the process runs, whatever it serves."""

    host: str = "127.0.0.1"
    port: int = Field(default=50051, ge=0, le=65535)
    """0 lets the system choose."""
    health_port: int | None = Field(default=None, ge=0, le=65535)
    """Plaintext port on every interface that serves health alone, for probes."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """HTTP port of Prometheus metrics."""
    data_dir: Path = Path("var")
    log_format: Literal["auto", "json", "text"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    clock: Literal["system", "caller"] = "system"
    """`caller` believes the time in each call's metadata: replay and tests."""
    max_message_bytes: int = Field(default=16 * 2**20, ge=2**16)
    max_concurrent_rpcs: int = Field(default=20_000, ge=1)
    """Calls and streams in flight; those beyond it are refused at once."""
    admission: bool = True
    """Refuse calls of a method that is slowed down by the many that it has."""
    admission_slowdown: float = Field(default=2.0, gt=1)
    """How many times longer than alone calls may take before fewer are let in."""
    admission_always: int = Field(default=4, ge=1)
    """Calls of one method at once that are let in however long they take."""
    max_connection_age_s: int | None = Field(default=None, ge=1)
    """Then clients reconnect, and so find new replicas. None: never."""
    unary_cap_s: float = Field(default=30.0, gt=0)
    """Deadline of unary calls that came without one."""
    grace_s: float = Field(default=10.0, ge=0)
    """How long calls in flight may take to finish when the process stops."""
    tls_cert: Path | None = None
    """PEM file of what this process shows to both sides; reread when it changes."""
    tls_key: Path | None = None
    """PEM file of its private key."""
    tls_ca: Path | None = None
    """PEM file of the CAs it believes, several while one replaces another."""
    tls_client_certs: bool = True
    """With a CA: clients must show a certificate it signed. False: never asked."""
    bearer_port: int | None = Field(default=None, ge=0, le=65535)
    """A second TLS port, for callers with a bearer token and no certificate."""
    access_file: Path | None = None
    """YAML: which certificates and tokens have which roles; reread: identity.md."""
    bearer_file: Path | None = None
    """Token shown to the service that this one calls; reread when it changes."""
    insecure: bool = False
    """Allow plaintext beyond the loopback interface, tokens included."""
    anonymous_roles: Annotated[tuple[str, ...], AfterValidator(known)] = ()
    """Roles of plaintext callers who show nothing, a JSON list."""
    trust_loopback: bool = True
    """Plaintext callers on the loopback interface may do everything."""
    caller_rate: float | None = Field(default=None, gt=0)
    """Calls a second that one caller may make. None: no limit."""
    caller_burst: int = Field(default=100, ge=1)
    """Calls that one caller may make at once before its rate counts."""
    caller_concurrency: int | None = Field(default=None, ge=1)
    """Calls and streams that one caller may have in flight. None: no limit."""
    nats_url: str = ""
    """NATS servers with JetStream, by comma. Empty: nothing goes over NATS."""
    nats_credentials: Path | None = None
    """File of the user's JWT and key. None: what the URL says."""
    nats_ca: Path | None = None
    """PEM file of the CAs that sign the servers' certificates. None: the system's."""
    nats_domain: str = ""
    """JetStream domain, where the cluster has several."""
    token_key: Key | None = None
    """Seals page tokens and cursors; the same in every replica. None: a file."""
    token_key_other: Key | None = None
    """Opens what it sealed too: the key to come, or the one that goes."""

    def seal_keys(self) -> tuple[bytes, ...]:
        """Return the keys for `paging.Tokens`, the one that seals first."""
        if self.token_key is None:
            first = key_file(self.data_dir / "token.key")
        else:
            first = self.token_key.get_secret_value().encode()
        if self.token_key_other is None:
            return (first,)
        return first, self.token_key_other.get_secret_value().encode()


class DatabaseSettings(Settings):
    """Base of the settings of a service that keeps rows."""

    database_url: str = ""
    """Empty: SQLite in the data folder."""
    database_url_file: Path | None = None
    """File of the URL instead; reread for each connection, as passwords change."""
    database_threads: int = Field(default=4, ge=1)

    def url_or(self, own: str) -> str:
        """Return the URL as it is now, *own* where none is given."""
        if self.database_url and self.database_url_file is not None:
            names = self.variables()
            both = f"{names['database_url']} and {names['database_url_file']}"
            raise SettingsError([f"{both}: give one of them"])
        if self.database_url_file is None:
            return self._usable("database_url", self.database_url or own)
        try:
            url = self.database_url_file.read_text("utf-8").strip()
        except OSError as error:
            name = self.variables()["database_url_file"]
            raise SettingsError([f"{name}: {error}"]) from error
        return self._usable("database_url_file", url)

    def _usable(self, field: str, url: str) -> str:
        """Return *url*; SettingsError, which does not repeat it, where it is none."""
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            if make_url(url).get_backend_name() in DATABASES:
                return url
        except ArgumentError:
            pass
        problem = "must be postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE"
        raise SettingsError([f"{self.variables()[field]}: {problem}"])


def load(*classes: type[S]) -> tuple[S, ...]:
    """Read each of *classes* from the environment, or raise SettingsError.

    Name every class of the suite, also those this process does not need: a
    `TRUEPEN_` variable that none of them knows is a fault, as typos are.
    """
    faults: list[str] = []
    loaded: list[S] = []
    known: set[str] = set()
    for cls in classes:
        variables = cls.variables()
        known.update(variables.values())
        try:
            loaded.append(cls())
        except ValidationError as error:
            for found in error.errors():
                name = str(found["loc"][0]) if found["loc"] else ""
                faults.append(f"{variables.get(name, name)}: {found['msg']}")
        except BadEncoding as error:
            # It names the field, in quotes, and nothing else that helps.
            named = [v for name, v in variables.items() if f'"{name}"' in str(error)]
            problem = 'must be a JSON list, as ["one", "two"]'
            faults.extend(f"{variable}: {problem}" for variable in named)
    given = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
    faults.extend(f"{name}: no such setting" for name in given - known)
    if faults:
        raise SettingsError(sorted(faults))
    return tuple(loaded)


def key_file(path: Path) -> bytes:
    """Return the key in *path*, which only the owner can read; make it once.

    Raises SettingsError where the data folder cannot hold it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
        return path.read_bytes()
    except OSError as error:
        raise SettingsError([f"TRUEPEN_DATA_DIR: {error}"]) from error
