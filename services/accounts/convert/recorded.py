"""Activities as they are kept, and what the detector said of them, for the wire."""

from services.accounts.arrivals import ScoreState
from services.accounts.convert.fields import timestamp
from services.accounts.domain.activities import Score
from services.accounts.domain.times import to_us
from truepen.accounts.v1 import activities_pb2 as pb


def score_message(score: Score, shadows: tuple[Score, ...] = ()) -> pb.ActivityScore:
    """Render *score* and what models in shadow said."""
    return pb.ActivityScore(
        ai_probability=score.ai_probability,
        log_likelihood_ratio=score.log_likelihood_ratio,
        verdict=score.verdict.value,
        language=score.language,
        chars_scored=score.chars_scored,
        model_digest=score.model_digest,
        score_time=timestamp(to_us(score.score_time)),
        shadow_scores=[score_message(shadow) for shadow in shadows],
    )


def split_scores(scores: list[Score]) -> pb.ActivityScore | None:
    """Render the latest score that counts, with its shadows; None without one."""
    live = [score for score in scores if not score.shadow]
    if not live:
        return None
    latest = max(live, key=lambda score: (score.score_time, score.model_digest))
    return score_message(latest, tuple(s for s in scores if s.shadow))


def recorded_message(
    account: str,
    facts: bytes,
    kept: tuple[int, int, int, ScoreState],
    scores: list[Score],
) -> pb.RecordedActivity:
    """Render an activity as it is kept: record time, length, revision, state."""
    record_us, length, revision, state = kept
    told = pb.Activity.FromString(facts)
    return pb.RecordedActivity(
        name=f"accounts/{account}/activities/{told.id}",
        type=told.type,
        event_time=told.event_time,
        record_time=timestamp(record_us),
        target=told.target if told.HasField("target") else None,
        text_length=length,
        score_state=pb.ScoreState.ValueType(state.value),
        score=split_scores(scores),
        declared_ai=told.declared_ai if told.HasField("declared_ai") else None,
        composed_with=told.composed_with if told.HasField("composed_with") else None,
        published_with=told.published_with if told.HasField("published_with") else None,
        visibility=told.visibility,
        content_kind=told.content_kind,
        revision=revision,
    )
