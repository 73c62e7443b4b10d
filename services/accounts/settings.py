"""What an operator may choose about accounts, by `TRUEPEN_ACCOUNTS_*`."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from pydantic import AwareDatetime, Field
from pydantic_settings import SettingsConfigDict

from services.runtime.pool import PoolSettings
from services.runtime.settings import DatabaseSettings, Key, key_file

MAX_KEY_BYTES = 64
RULE_TIME = datetime(2026, 3, 10, tzinfo=timezone(timedelta(hours=8)))
"""The platform's rule was made public on that day, in Beijing."""


class AccountsSettings(DatabaseSettings, PoolSettings):
    """How accounts runs."""

    model_config = SettingsConfigDict(env_prefix="TRUEPEN_ACCOUNTS_")

    durable: bool = True
    """Acknowledge only what would survive a power cut. False: a crash alone."""
    detector_target: str = ""
    """Where detector is, as `dns:///detector:50051`, where accounts runs alone."""
    fingerprint_key: Key | None = None
    """HMAC key of fingerprints; the same in every replica. None: a file."""
    fingerprint_key_other: Key | None = None
    """Knows again what it made: the key to come, or the one that goes."""
    ingest: bool = True
    """Take activities from NATS, where `TRUEPEN_NATS_URL` names one."""
    ingest_batch: int = Field(64, ge=1, le=1_000)
    """Messages taken from NATS at once."""
    effective_time: AwareDatetime = RULE_TIME
    """Posts from before it never count towards reliance."""
    score_batch: int = Field(64, ge=1, le=256)
    """Texts sent to detector at once."""
    score_in_flight: int = Field(2, ge=1)
    """Batches at detector at once, from this process."""
    score_timeout_s: float = Field(30.0, gt=0)
    """How long detector may take for a batch."""
    score_lease_s: float = Field(60.0, ge=1)
    """After this long without an outcome another replica takes a text over."""
    score_attempts: int = Field(5, ge=1)
    """Refusals of one text before it becomes a dead letter."""
    poll_s: float = Field(0.5, gt=0)
    """How often work that other replicas left behind is looked for."""
    heartbeat_s: float = Field(5.0, gt=0)
    """How often a stream with nothing to tell says that it lives."""
    compare_every_s: float = Field(3600.0, ge=0)
    """How often accounts are compared with one another. 0: never."""
    compare_days: int = Field(14, ge=1, le=90)
    """Over what they did in how many days."""
    reports_per_minute: int = Field(10, ge=1)
    """Reports that one reporter may make within a minute."""
    reports_per_day: int = Field(100, ge=1)
    """Reports that one reporter may make within a day."""

    def database(self, data_dir: Path) -> str:
        """Return the URL of the database, as it is now."""
        return self.url_or(f"sqlite:///{data_dir}/accounts.db")

    def hmac_keys(self, data_dir: Path) -> tuple[bytes, ...]:
        """Return the keys of fingerprints, the one that makes them first."""
        given = (self.fingerprint_key, self.fingerprint_key_other)
        keys = tuple(
            key.get_secret_value().encode()[:MAX_KEY_BYTES] for key in given if key
        )
        if self.fingerprint_key is None:  # embedded, a file made once
            return key_file(data_dir / "fingerprint.key"), *keys
        return keys
