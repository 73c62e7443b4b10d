"""Prometheus metrics of the detector, on a registry that the caller owns."""

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.detector.domain.assessment import Assessment
from services.detector.domain.drift import Drift

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
# Tenths: what the population stability index of score drift is computed over.
PROBABILITY_BUCKETS = tuple(tenth / 10 for tenth in range(1, 11))


class DetectorMetrics:
    """What the queue does, and what the live model says."""

    def __init__(
        self,
        registry: CollectorRegistry,
        references: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        """Hold scores against *references*: by language, shares of each tenth."""
        self._depth = Gauge(
            "detector_queue_texts", "Texts that wait.", registry=registry
        )
        self._batch = Histogram(
            "detector_batch_texts",
            "Texts in a batch.",
            registry=registry,
            buckets=BATCH_BUCKETS,
        )
        self._seconds = Histogram(
            "detector_batch_seconds",
            "Time the models take for a batch.",
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
        self._refused = Counter(
            "detector_refused_texts", "Refused: queue full.", registry=registry
        )
        self._dropped = Counter(
            "detector_dropped_texts", "Expired in the queue.", registry=registry
        )
        self._verdicts = Counter(
            "detector_verdicts",
            "Texts assessed; abstain_reason is empty unless UNDECIDED.",
            ["language", "verdict", "abstain_reason"],
            registry=registry,
        )
        self._probability = Histogram(
            "detector_ai_probability",
            "Probabilities by language, for drift.",
            ["language"],
            registry=registry,
            buckets=PROBABILITY_BUCKETS,
        )
        self._psi = Gauge(
            "detector_score_psi",
            "Population stability index of the last 2,000 scores of a language, "
            "against the model card's (card) and the 20,000 before (before).",
            ["language", "against"],
            registry=registry,
        )
        self._drift = {
            language: Drift(shares) for language, shares in (references or {}).items()
        }

    def queued(self, texts: int) -> None:
        """So many texts wait now."""
        self._depth.set(texts)

    def ran(self, texts: int, seconds: float) -> None:
        """A batch of so many texts took so long."""
        self._batch.observe(texts)
        self._seconds.observe(seconds)

    def refused(self, texts: int) -> None:
        """So many texts were refused because the queue is full."""
        self._refused.inc(texts)

    def dropped(self, texts: int) -> None:
        """So many texts outlived their deadline in the queue."""
        self._dropped.inc(texts)

    def assessed(self, assessment: Assessment) -> None:
        """The live model said this."""
        language = assessment.language.value
        self._verdicts.labels(
            language, assessment.verdict.value, assessment.abstain_reason.value
        ).inc()
        self._probability.labels(language).observe(assessment.ai_probability)
        drift = self._drift.get(language)
        if drift is not None and drift.add(assessment.ai_probability):
            self._show(language, drift)

    def _show(self, language: str, drift: Drift) -> None:
        found = {"card": drift.from_reference(), "before": drift.from_before()}
        for against, index in found.items():
            if index is not None:
                self._psi.labels(language, against).set(index)
