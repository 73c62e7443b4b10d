"""Runs the detector alone: `python -m services.detector`."""

import asyncio
import sys

from prometheus_client import CollectorRegistry, start_http_server

from services.detector.compose import compose
from services.detector.model import ModelFault
from services.detector.settings import DetectorSettings
from services.runtime.clock import SystemClock
from services.runtime.concerns import standard
from services.runtime.logs import configure_logs
from services.runtime.paging import Tokens
from services.runtime.serve import Server
from services.runtime.settings import RuntimeSettings, SettingsError, load


async def serve(runtime: RuntimeSettings, settings: DetectorSettings) -> None:
    """Serve until told to stop."""
    registry = CollectorRegistry()
    parts = compose(settings, SystemClock(), registry, Tokens(runtime.seal_key()))
    if runtime.metrics_port is not None:
        start_http_server(runtime.metrics_port, registry=registry)
    chain = standard(runtime, parts.roles, {}, registry)
    await parts.start()
    try:
        async with Server([parts.service], chain, runtime) as server:
            await server.run()
    finally:
        await parts.stop()


def main() -> int:
    """Return the exit code: 2 where the settings or the model are wrong."""
    try:
        runtime, settings = load(RuntimeSettings, DetectorSettings)
        assert isinstance(runtime, RuntimeSettings)
        assert isinstance(settings, DetectorSettings)
        configure_logs(runtime.log_format, runtime.log_level)
        asyncio.run(serve(runtime, settings))
    except (SettingsError, ModelFault) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
