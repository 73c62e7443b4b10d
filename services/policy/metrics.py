"""Prometheus metrics of policy, on a registry that the caller owns."""

from prometheus_client import CollectorRegistry, Counter


class PolicyMetrics:
    """Counts what an operator has to look at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._not_judged = Counter(
            "policy_accounts_not_judged",
            "Accounts given up after every attempt to judge them failed.",
            registry=registry,
        )

    def not_judged(self) -> None:
        """One more account was given up until its next change."""
        self._not_judged.inc()
