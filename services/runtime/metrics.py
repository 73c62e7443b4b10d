"""Prometheus metrics of RPCs, on a registry that the caller owns."""

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

    def started(self, method: str) -> None:
        """One more in flight."""
        self._active.labels(method).inc()

    def ended(self, method: str, code: str, seconds: float) -> None:
        """One fewer in flight, and how it ended."""
        self._active.labels(method).dec()
        self._ended.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)
