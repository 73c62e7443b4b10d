"""What an operator may choose about policy, by `TRUEPEN_POLICY_*`."""

from datetime import datetime
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.runtime.pool import PoolSettings
from services.runtime.settings import DatabaseSettings


class PolicySettings(DatabaseSettings, PoolSettings):
    """How policy runs; what it decides is the ruleset's."""

    model_config = SettingsConfigDict(env_prefix="TRUEPEN_POLICY_")

    accounts_target: str = ""
    """Where accounts is, as `dns:///accounts:50051`, where policy runs alone."""
    ruleset: Path | None = None
    """The ruleset to begin with where none is LIVE. None: the shipped default."""
    step_interval: float | None = Field(None, ge=0)
    """Seconds that replace the ruleset's waiting time between steps."""
    effective_time: datetime | None = None
    """Replaces the instant from which the ruleset applies; with its offset."""
    worker: bool = True
    """Follow accounts and evaluate what changes."""
    worker_shards: int = Field(1, ge=1, le=64)
    """Parts the accounts are followed in; each is led by one replica."""
    events: bool = True
    """With the worker: publish decisions and notices where NATS is configured."""
    events_hand_over: bool = False
    """A published notice counts as handed over. False: `NoticesService` says so."""
    debounce_s: float = Field(2.0, ge=0)
    """How long changes of one account gather; urgent ones do not wait."""
    sweep_s: float = Field(10.0, gt=0)
    """How often measures whose time is over are looked for."""
    lease_s: float = Field(15.0, ge=1)
    """After this long without a sign, another replica takes a part over."""
    max_age_s: float = Field(5.0, ge=0)
    """How long callers, and other replicas, may keep a standing."""
    standing_cache: int = Field(100_000, ge=0)
    """Standings each process keeps in memory."""
    watch_poll_s: float = Field(0.5, gt=0)
    """How often streams look for what other replicas wrote."""
    heartbeat_s: float = Field(10.0, gt=0)
    """How often a stream with nothing to tell says that it lives."""

    def database(self, data_dir: Path) -> str:
        """Return the URL of the database, as it is now."""
        return self.url_or(f"sqlite:///{data_dir}/policy.db")
