"""The three services in one process: policy -> accounts -> detector, by wiring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self, cast

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.local import LocalStub
from services.runtime.process import Wiring, serving
from services.runtime.serve import Server
from services.runtime.settings import RuntimeSettings, load

_Loaded = tuple[RuntimeSettings, DetectorSettings, AccountsSettings, PolicySettings]


@dataclass(frozen=True, slots=True)
class SuiteSettings:
    """Settings of the process and of each service."""

    runtime: RuntimeSettings
    detector: DetectorSettings
    accounts: AccountsSettings
    policy: PolicySettings

    @classmethod
    def from_environment(cls) -> Self:
        """Read them; raises SettingsError with every fault."""
        loaded = load(
            RuntimeSettings, DetectorSettings, AccountsSettings, PolicySettings
        )
        return cls(*cast("_Loaded", loaded))


@asynccontextmanager
async def suite(settings: SuiteSettings, wiring: Wiring) -> AsyncIterator[Server]:
    """Serve all three on one port; each sees the next one in this process."""
    # Who only wants the settings, as `truepen migrate`, needs no models' libraries.
    from services.accounts.compose import compose as compose_accounts
    from services.detector.compose import compose as compose_detector
    from services.policy.compose import compose as compose_policy

    detector = compose_detector(settings.detector, wiring)
    accounts = compose_accounts(settings.accounts, wiring, LocalStub(detector.servicer))
    policy = compose_policy(
        settings.policy,
        wiring,
        LocalStub(accounts.servicer),
        LocalStub(accounts.reports_servicer),
    )
    parts = [detector.parts, accounts.parts, policy.parts]
    async with serving(wiring, parts) as server:
        yield server
