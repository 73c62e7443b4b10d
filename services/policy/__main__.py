"""Runs policy alone: `python -m services.policy`."""

import sys
from typing import cast

from services.policy.compose import compose
from services.policy.settings import PolicySettings
from services.runtime.connection import Connection
from services.runtime.migrate import NotReadyError
from services.runtime.process import Wiring, run, serving
from services.runtime.settings import RuntimeSettings, SettingsError, load
from truepen.accounts.v1.accounts_service_pb2_grpc import AccountsServiceStub
from truepen.accounts.v1.reports_service_pb2_grpc import ReportsServiceStub

IDEMPOTENT = {
    "truepen.accounts.v1.AccountsService": ["RecordActivities", "GetProfile"],
    "truepen.accounts.v1.ReportsService": ["ResolveReport"],
}
TARGET = "TRUEPEN_POLICY_ACCOUNTS_TARGET"


def main() -> int:
    """Return the exit code: 2 where the settings are wrong."""
    try:
        loaded = load(RuntimeSettings, PolicySettings)
        runtime = cast("RuntimeSettings", loaded[0])
        settings = cast("PolicySettings", loaded[1])
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not settings.accounts_target:
        sys.stderr.write(f"{TARGET}: is required where policy runs alone\n")
        return 2

    async def serve(wiring: Wiring) -> None:
        target = settings.accounts_target
        async with Connection.of(target, IDEMPOTENT, runtime) as accounts:
            policy = compose(
                settings,
                wiring,
                accounts.stub(AccountsServiceStub),
                accounts.stub(ReportsServiceStub),
            )
            async with serving(wiring, [policy.parts]) as server:
                await server.run()

    try:
        return run(runtime, serve)
    except (SettingsError, NotReadyError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
