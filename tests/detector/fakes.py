"""Stand-ins for models: they answer at once and remember what they were asked."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from services.detector.domain.assessment import (
    AbstainReason,
    Assessment,
    Language,
    Reason,
    Segment,
    Verdict,
)
from services.detector.panel import LoadedModel, Stage


class FakeAssessor:
    """Calls every text AI; raises on those that hold `bad`; waits at a gate."""

    def __init__(self, digest: str = "d1") -> None:
        self.digest = digest
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self._asked = threading.Semaphore(0)

    async def asked(self) -> None:
        """Wait until one more batch has begun."""
        await asyncio.to_thread(self._asked.acquire)

    def detect(self, texts: Sequence[str]) -> list[Assessment]:
        self.batches.append(list(texts))
        self._asked.release()
        self.gate.wait(10)
        if any("bad" in text for text in texts):
            raise RuntimeError("secret of the model")
        return [self.assess(text) for text in texts]

    def assess(self, text: str) -> Assessment:
        return Assessment(
            verdict=Verdict.AI_GENERATED,
            ai_probability=0.75,
            log_likelihood_ratio=1.5,
            language=Language.EN,
            chars_scored=len(text),
            abstain_reason=AbstainReason.NONE,
            reasons=(Reason("FAKE", "假", "Fake"),),
            segments=(Segment(0, len(text), 0.75),),
            model_version="1",
            model_digest=self.digest,
        )


def a_model(assessor: FakeAssessor, stage: Stage = Stage.LIVE) -> LoadedModel:
    return LoadedModel(
        digest=assessor.digest,
        version="1",
        stage=stage,
        languages=("zh", "en"),
        card_json='{"intended_use": "tests"}',
        load_time=datetime(2026, 3, 10, tzinfo=UTC),
        assessor=assessor,
    )


class Tally:
    """Counts what the batcher tells its watcher."""

    def __init__(self) -> None:
        self.depth: list[int] = []
        self.batches: list[int] = []
        self.refusals = 0
        self.drops = 0

    def queued(self, texts: int) -> None:
        self.depth.append(texts)

    def ran(self, texts: int, seconds: float) -> None:
        self.batches.append(texts)

    def refused(self, texts: int) -> None:
        self.refusals += texts

    def dropped(self, texts: int) -> None:
        self.drops += texts
