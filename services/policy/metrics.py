"""Prometheus metrics of policy, on a registry that the caller owns."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.policy.domain.events import DecisionMade
from services.policy.domain.tiers import CaseKind
from services.policy.storage.gauges import Sample, Waiting

SECONDS_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)


class PolicyMetrics:
    """What is decided, and how far behind the work is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._not_judged = Counter(
            "policy_accounts_not_judged",
            "Accounts given up after every attempt to judge them failed.",
            registry=registry,
        )
        self._decisions = Counter(
            "policy_decisions",
            "Decisions by rules, by the tiers that they impose.",
            ["tier", "interaction"],
            registry=registry,
        )
        self._rule_decisions = Counter(
            "policy_rule_decisions",
            "Decisions that a rule took part in, by the tier that they impose.",
            ["rule", "tier"],
            registry=registry,
        )
        self._lag = Histogram(
            "policy_evidence_to_standing_seconds",
            "From evidence durable in accounts to the account judged on it.",
            ["urgent"],
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
        self._waiting = Gauge(
            "policy_worker_waiting_accounts",
            "Changed accounts that wait to be judged.",
            ["work"],
            registry=registry,
        )
        self._cursor_lag = Gauge(
            "policy_cursor_lag_seconds",
            "Since the oldest change came that the stored cursor does not cover.",
            ["work"],
            registry=registry,
        )
        self._heard = Gauge(
            "policy_feed_heard_timestamp_seconds",
            "When the feed of accounts last gave a sign, seconds since 1970.",
            ["work"],
            registry=registry,
        )
        self._leads = Gauge(
            "policy_leads",
            "Whether this process does this background work: 1 or 0.",
            ["work"],
            registry=registry,
        )

    def not_judged(self) -> None:
        """One more account was given up until its next change."""
        self._not_judged.inc()

    def decided(self, made: DecisionMade) -> None:
        """A rule's decision was recorded."""
        self._decisions.labels(made.tier.name, made.interaction.name).inc()
        for rule in made.rules:
            self._rule_decisions.labels(rule, made.tier.name).inc()

    def judged(self, seconds: float, *, urgent: bool) -> None:
        """An account was judged so long after its evidence was durable."""
        self._lag.labels(str(urgent).lower()).observe(max(seconds, 0.0))

    def heard(self, work: str) -> None:
        """The feed that *work* follows said something."""
        self._heard.labels(work).set_to_current_time()

    def behind(self, work: str, waiting: int, seconds: float) -> None:
        """So many accounts wait, and the stored cursor is so far behind."""
        self._waiting.labels(work).set(waiting)
        self._cursor_lag.labels(work).set(seconds)

    def leads(self, work: str, *, leads: bool) -> None:
        """This process does *work* now, or no longer."""
        self._leads.labels(work).set(leads)


class PolicyGauges:
    """What waits for people, for the platform and for the clock."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, about: str, *labels: str) -> Gauge:
            return Gauge(f"policy_{name}", about, labels, registry=registry)

        self._cases = gauge("cases", "Undecided cases.", "kind")
        self._case_age = gauge(
            "case_age_seconds",
            "Age of the oldest undecided case; BAN_CONFIRMATION: provisional bans.",
            "kind",
        )
        self._appeals = gauge("appeals", "Unanswered appeals.")
        self._appeal_age = gauge(
            "appeal_age_seconds",
            "Age of the oldest unanswered appeal, of the 100 due first.",
        )
        self._appeals_late = gauge("appeals_late", "Appeals whose answer is late.")
        self._breaker = gauge(
            "breaker_open", "Whether a breaker holds something back: 1.", "breaker"
        )
        self._notices = gauge(
            "outbox_notices", "Notices not handed over, of the newest 5,000."
        )
        self._notice_age = gauge(
            "outbox_age_seconds", "Age of the oldest of them; 0 where none waits."
        )
        self._findings = gauge(
            "outbox_findings", "Findings that accounts was not told yet."
        )
        self._sweep_lag = gauge(
            "sweep_lag_seconds", "Since a standing was due that is not swept yet."
        )

    def show(self, sample: Sample, now: datetime) -> None:
        """Show how things are *now*."""
        for kind in CaseKind:
            waiting = sample.cases.get(kind, Waiting())
            self._cases.labels(kind.value).set(waiting.count)
            self._case_age.labels(kind.value).set(_age(waiting.since, now))
        self._appeals.set(sample.appeals.count)
        self._appeal_age.set(_age(sample.appeals.since, now))
        self._appeals_late.set(sample.late_appeals)
        for name, is_open in sample.breakers.items():
            self._breaker.labels(name).set(is_open)
        self._notices.set(sample.notices.count)
        self._notice_age.set(_age(sample.notices.since, now))
        self._findings.set(sample.findings)
        self._sweep_lag.set(_age(sample.sweep_due, now))


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
