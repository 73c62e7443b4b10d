"""Settings from the environment: frozen, and every fault told at once."""

import os
import secrets
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as BadEncoding

PREFIX = "TRUEPEN_"

S = TypeVar("S", bound="Settings")


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
    max_concurrent_rpcs: int | None = Field(default=None, ge=1)
    """Calls beyond it are refused at once. None: no limit."""
    max_connection_age_s: int | None = Field(default=None, ge=1)
    """Then clients reconnect, and so find new replicas. None: never."""
    unary_cap_s: float = Field(default=30.0, gt=0)
    """Deadline of unary calls that came without one."""
    grace_s: float = Field(default=10.0, ge=0)
    """How long calls in flight may take to finish when the process stops."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    """PEM files. With a CA, clients must show a certificate it signed."""
    insecure: bool = False
    """Allow plaintext beyond the loopback interface."""
    trust_loopback: bool = True
    """Plaintext callers on the loopback interface may do everything."""
    token_key: SecretStr | None = None
    """Seals page tokens and cursors; the same in every replica. None: a file."""

    def seal_key(self) -> bytes:
        """Return the key for `paging.Tokens`."""
        if self.token_key is not None:
            return self.token_key.get_secret_value().encode()
        return key_file(self.data_dir / "token.key")


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
            faults.append(f"{cls.__name__}: {error}")
    given = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
    faults.extend(f"{name}: no such setting" for name in given - known)
    if faults:
        raise SettingsError(sorted(faults))
    return tuple(loaded)


def key_file(path: Path) -> bytes:
    """Return the key in *path*, which only the owner can read; make it once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
