"""What accounts asks of detector, over a stub that is local or remote alike."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from services.accounts.domain.activities import Score, Verdict
from services.accounts.outcomes import Outcome, Refusal, Version
from services.runtime.status import from_status
from truepen.detector.v1 import detector_service_pb2 as pb

VERDICTS = {
    pb.VERDICT_HUMAN: Verdict.HUMAN,
    pb.VERDICT_AI_ASSISTED: Verdict.AI_ASSISTED,
    pb.VERDICT_AI_GENERATED: Verdict.AI_GENERATED,
}


class Detector:
    """The detector, in this process or another.

    Raises ServiceErrors only: DependencyUnavailable where it does not answer.
    """

    def __init__(self, stub: Any) -> None:
        """Take the stub, a LocalStub or a RemoteStub."""
        self._stub = stub

    async def score(
        self,
        texts: Sequence[tuple[Version, str]],
        now: datetime,
        timeout: float,  # noqa: ASYNC109  # it travels with the call
    ) -> list[Outcome]:
        """Return the outcome of each of *texts*, in order."""
        request = pb.BatchDetectTextRequest(texts=[text for _, text in texts])
        response = await self._stub.BatchDetectText(request, timeout=timeout)
        return [
            _outcome(result, version, now)
            for (version, _), result in zip(texts, response.results, strict=True)
        ]


def _outcome(result: pb.DetectResult, version: Version, now: datetime) -> Outcome:
    if not result.HasField("assessment"):
        error = from_status(result.error)
        passing = error.retry_after is not None
        return Refusal(result.error.SerializeToString(), passing)
    return tuple(_scores(result.assessment, version, now))


def _scores(found: pb.Assessment, version: Version, now: datetime) -> Iterator[Score]:
    words: list[pb.Assessment | pb.ShadowAssessment] = [found, *found.shadows]
    for place, word in enumerate(words):
        yield Score(
            activity_id=version.content,
            text_time=version.text_time,
            log_likelihood_ratio=word.log_likelihood_ratio,
            ai_probability=word.ai_probability,
            verdict=VERDICTS.get(word.verdict, Verdict.UNDECIDED),
            language=found.language,
            chars_scored=found.chars_scored,
            model_digest=word.model_digest,
            score_time=now,
            shadow=place > 0,
        )
