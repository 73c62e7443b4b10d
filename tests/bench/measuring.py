"""How everything here is measured: in turns, several rounds, medians.

The machine is rarely ours alone. A baseline and what is held against it take
turns within one run, so that what others do meets both; the median of the
rounds is told with its quartiles. What matters is the ratio, not the number.
"""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """Median and quartiles of several rounds."""

    median: float
    low: float
    high: float


def in_turns(
    works: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Run each of *works* once a round; return what each returned, by name."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return found


def summary(values: list[float]) -> Found:
    """Median and quartiles of *values*."""
    if len(values) == 1:
        return Found(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Found(median, low, high)


def ratios(found: Mapping[str, list[float]], name: str, base: str) -> Found:
    """Ratio of *name* to *base*, round by round."""
    return summary([a / b for a, b in zip(found[name], found[base], strict=True)])


def cpu_us(work: Callable[[], object], times: int) -> float:
    """CPU time of one call in microseconds."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times * 1e6


def say(what: str, found: Found, unit: str, goal: str = "", **more: Any) -> None:
    """Write one measurement as a line of JSON."""
    row = {
        "what": what,
        "median": shortened(found.median),
        "quartiles": [shortened(found.low), shortened(found.high)],
        "unit": unit,
        "goal": goal,
        **more,
    }
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def shortened(value: float) -> float:
    """Four digits are more than any of this repeats."""
    return float(f"{value:.4g}")


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }


def processor() -> str:
    """Name of the processor, where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf8") as lines:  # noqa: PTH123
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor()
    return platform.processor()
