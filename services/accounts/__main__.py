"""Runs accounts alone: `python -m services.accounts`."""

import sys

from services.accounts.compose import compose
from services.accounts.settings import AccountsSettings
from services.runtime.connection import Connection
from services.runtime.migrate import NotReadyError
from services.runtime.process import Wiring, run, serving
from services.runtime.settings import RuntimeSettings, SettingsError, load
from truepen.detector.v1.detector_service_pb2_grpc import DetectorServiceStub

DETECTOR = "truepen.detector.v1.DetectorService"
READS = ["DetectText", "BatchDetectText"]
"""They change nothing, so they may be tried again."""


async def serve(settings: AccountsSettings, wiring: Wiring) -> None:
    """Serve until told to stop."""
    if not settings.detector_target:
        raise SettingsError(
            ["TRUEPEN_ACCOUNTS_DETECTOR_TARGET: is needed to run alone"]
        )
    target, runtime = settings.detector_target, wiring.runtime
    async with Connection.of(target, {DETECTOR: READS}, runtime) as detector:
        parts = compose(settings, wiring, detector.stub(DetectorServiceStub)).parts
        async with serving(wiring, [parts]) as server:
            await server.run()


def main() -> int:
    """Return the exit code: 2 where the settings or the schema are wrong."""
    try:
        runtime, settings = load(RuntimeSettings, AccountsSettings)
        assert isinstance(runtime, RuntimeSettings)
        assert isinstance(settings, AccountsSettings)
        return run(runtime, lambda wiring: serve(settings, wiring))
    except (SettingsError, NotReadyError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
