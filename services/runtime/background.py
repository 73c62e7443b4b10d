"""Work that goes on beside the calls, from the start of a process to its end."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CollectorRegistry, Counter

log = structlog.get_logger()

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0


class Background:
    """Runs the works of one service until `stop`.

    A work looks after the failures it knows. What else it raises is a bug of
    ours: it is logged and counted, and the work is begun again, ever more
    slowly. Ending the process instead would take the calls down with it.
    """

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        """Count what breaks as `{service}_work_failures_total`."""
        self._broke = Counter(
            f"{service}_work_failures",
            "How often work beside the calls broke and was begun again.",
            ["work"],
            registry=registry,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin *work*, which runs until it is cancelled."""
        self._broke.labels(name)  # told as 0 until it breaks

        def broke(error: Exception, pause: float) -> None:
            self._broke.labels(name).inc()
            log.error("work broke", work=name, pause_s=pause, exc_info=error)

        kept = keep_on(work, (Exception,), broke, LONGEST_PAUSE)
        self._tasks.append(asyncio.create_task(kept, name=name))

    async def stop(self) -> None:
        """Cancel all of it, and wait until it has ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def keep_on(
    work: Callable[[], Awaitable[None]],
    faults: tuple[type[Exception], ...],
    broke: Callable[[Exception, float], None],
    longest_pause: float,
) -> None:
    """Do *work* until cancelled; after one of *faults* begin anew, ever more slowly.

    *broke* is told the fault, while it is handled, and the seconds until then. What
    had gone well for longer than the longest pause begins anew after the first.
    """
    pause = FIRST_PAUSE
    while True:
        begun = asyncio.get_running_loop().time()
        try:
            await work()
        except faults as error:
            broke(error, pause)
        if asyncio.get_running_loop().time() - begun > longest_pause:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(2 * pause, longest_pause)
