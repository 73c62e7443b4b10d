"""How connections to a PostgreSQL server are kept and bounded, by configuration."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Pool:
    """What a process holds of a server, and how long it waits for it. Seconds.

    A limit of 0 is none. SQLite, which is no server, knows only of threads.
    """

    overflow: int = 0
    recycle: int = 1_800
    connect_timeout: int = 5
    statement_timeout: float = 0.0
    lock_timeout: float = 0.0

    def connect_args(self, *, durable: bool) -> dict[str, Any]:
        """Return what each connection is opened with."""
        options = {
            "synchronous_commit": "on" if durable else "off",
            "timezone": "UTC",
            "statement_timeout": _ms(self.statement_timeout),
            "lock_timeout": _ms(self.lock_timeout),
            # A transaction that a lost process left open would hold its locks.
            "idle_in_transaction_session_timeout": _ms(self.statement_timeout),
        }
        joined = " ".join(f"-c {name}={value}" for name, value in options.items())
        return {"options": joined, "connect_timeout": self.connect_timeout}


DEFAULT = Pool()
"""As few connections as threads, and no limit to statements."""


class PoolSettings(Settings):
    """Base of the settings of a service that may keep its rows on a server."""

    database_overflow: int = Field(default=0, ge=0)
    """Connections, and threads, beyond `DATABASE_THREADS` while there is a rush."""
    database_recycle_s: int = Field(default=1_800, ge=1)
    """Age at which a connection is replaced before its next use."""
    database_connect_timeout_s: int = Field(default=5, ge=1)
    """How long connecting may take."""
    database_statement_timeout_s: float = Field(default=30.0, ge=0)
    """The server ends a statement, or an idle transaction, after it. 0: never."""
    database_lock_timeout_s: float = Field(default=10.0, ge=0)
    """How long a statement waits for a lock, then `WRITE_CONFLICT`. 0: for ever."""

    @property
    def pool(self) -> Pool:
        """What `Database` takes."""
        return Pool(
            overflow=self.database_overflow,
            recycle=self.database_recycle_s,
            connect_timeout=self.database_connect_timeout_s,
            statement_timeout=self.database_statement_timeout_s,
            lock_timeout=self.database_lock_timeout_s,
        )


def _ms(seconds: float) -> int:
    """Return whole milliseconds; what is more than nothing never becomes nothing."""
    return max(1, round(seconds * 1e3)) if seconds else 0
