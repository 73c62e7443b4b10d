"""Prometheus metrics of RPCs, on a registry that the caller owns."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BOUNDS = (*map(str, map(float, BUCKETS)), "+Inf")


class RpcMetrics(Collector):
    """Counts RPCs by method and code, times them by method.

    Counted in plain numbers by the one event loop that serves, and made into
    metrics when they are asked for: four locks a call cost more than they tell.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tallies: dict[str, _Tally] = {}
        registry.register(self)

    def started(self, method: str) -> None:
        """One more in flight."""
        tally = self._tallies.get(method)
        if tally is None:
            tally = self._tallies[method] = _Tally()
        tally.active += 1

    def ended(self, method: str, code: str, seconds: float) -> None:
        """One fewer in flight, and how it ended."""
        tally = self._tallies[method]
        tally.active -= 1
        tally.ended[code] = tally.ended.get(code, 0) + 1
        tally.seconds += seconds
        tally.buckets[bisect_left(BUCKETS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield what was counted so far."""
        ended = CounterMetricFamily("rpc_ended", "RPCs ended.", labels=_BY_CODE)
        seconds = HistogramMetricFamily("rpc_seconds", "Time to end.", labels=_BY)
        active = GaugeMetricFamily("rpc_active", "In flight.", labels=_BY)
        for method, tally in list(self._tallies.items()):
            for code, count in list(tally.ended.items()):
                ended.add_metric([method, code], count)
            below = list(zip(_BOUNDS, accumulate(tally.buckets), strict=True))
            seconds.add_metric([method], below, tally.seconds)
            active.add_metric([method], tally.active)
        yield from (ended, seconds, active)

    def describe(self) -> Iterable[Metric]:
        """Yield the names, which stay what they are."""
        return self.collect()


_BY, _BY_CODE = ["method"], ["method", "code"]


class _Tally:
    """What was counted of one method."""

    __slots__ = ("active", "buckets", "ended", "seconds")

    def __init__(self) -> None:
        self.active = 0
        self.ended = {"OK": 0}
        self.seconds = 0.0
        self.buckets = [0] * len(_BOUNDS)
