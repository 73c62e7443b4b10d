"""Prometheus metrics of RPCs, on a registry that the caller owns."""

from functools import cache
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RpcMetrics:
    """Counts RPCs by method and code, times them by method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "rpc_ended", "RPCs ended.", ["method", "code"], registry=registry
        )
        self._seconds = Histogram(
            "rpc_seconds",
            "Time to end.",
            ["method"],
            registry=registry,
            buckets=BUCKETS,
        )
        self._active = Gauge("rpc_active", "In flight.", ["method"], registry=registry)
        # Finding a child by its labels costs more than counting in it.
        self._child = cache(self._children)

    def started(self, method: str) -> None:
        """One more in flight."""
        self._child(method, "OK").active.inc()

    def ended(self, method: str, code: str, seconds: float) -> None:
        """One fewer in flight, and how it ended."""
        child = self._child(method, code)
        child.active.dec()
        child.ended.inc()
        child.seconds.observe(seconds)

    def _children(self, method: str, code: str) -> "_Child":
        return _Child(
            self._active.labels(method),
            self._ended.labels(method, code),
            self._seconds.labels(method),
        )


class _Child(NamedTuple):
    """The metrics of one method and code."""

    active: Gauge
    ended: Counter
    seconds: Histogram
