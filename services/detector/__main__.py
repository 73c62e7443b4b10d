"""Runs the detector alone: `python -m services.detector`."""

import sys

from services.detector.compose import compose
from services.detector.settings import DetectorSettings
from services.runtime.process import Wiring, run, serving
from services.runtime.settings import RuntimeSettings, SettingsError, load


async def serve(settings: DetectorSettings, wiring: Wiring) -> None:
    """Serve until told to stop."""
    async with serving(wiring, [compose(settings, wiring).parts]) as server:
        await server.run()


def main() -> int:
    """Return the exit code: 2 where the settings or the model are wrong."""
    try:
        runtime, settings = load(RuntimeSettings, DetectorSettings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    assert isinstance(runtime, RuntimeSettings)
    assert isinstance(settings, DetectorSettings)
    return run(runtime, lambda wiring: serve(settings, wiring))


if __name__ == "__main__":
    sys.exit(main())
