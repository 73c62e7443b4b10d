"""Messages to values and back; where the limits of the contract are enforced."""

from services.detector.domain.assessment import (
    AbstainReason,
    Assessment,
    Language,
    Verdict,
)
from services.detector.panel import Finding, LoadedModel, Stage
from services.runtime.errors import (
    InvalidField,
    NotFound,
    ServiceError,
    TextTooLong,
)
from services.runtime.status import to_status
from truepen.detector.v1 import detector_service_pb2 as pb

MAX_TEXT_CHARS = 100_000
MAX_TEXTS = 256
MAX_CORRELATION_ID_CHARS = 128

VERDICTS = {
    Verdict.HUMAN: pb.VERDICT_HUMAN,
    Verdict.AI_ASSISTED: pb.VERDICT_AI_ASSISTED,
    Verdict.AI_GENERATED: pb.VERDICT_AI_GENERATED,
    Verdict.UNDECIDED: pb.VERDICT_UNDECIDED,
}
ABSTAIN_REASONS = {
    AbstainReason.NONE: pb.ABSTAIN_REASON_UNSPECIFIED,
    AbstainReason.TOO_SHORT: pb.ABSTAIN_REASON_TOO_SHORT,
    AbstainReason.UNSUPPORTED_LANGUAGE: pb.ABSTAIN_REASON_UNSUPPORTED_LANGUAGE,
    AbstainReason.OUT_OF_DISTRIBUTION: pb.ABSTAIN_REASON_OUT_OF_DISTRIBUTION,
    AbstainReason.LOW_CONFIDENCE: pb.ABSTAIN_REASON_LOW_CONFIDENCE,
}
# BCP 47 has no tag for "anything else"; `und` says that none is known.
LANGUAGES = {Language.ZH: "zh", Language.EN: "en", Language.OTHER: "und"}
STAGES = {
    Stage.LIVE: pb.MODEL_STAGE_LIVE,
    Stage.SHADOW: pb.MODEL_STAGE_SHADOW,
}


def check_text(field: str, text: str) -> str:
    """Return *text*; raise InvalidField or TextTooLong, naming *field*."""
    if not text:
        raise InvalidField(field, "must not be empty")
    if len(text) > MAX_TEXT_CHARS:
        raise TextTooLong(field, MAX_TEXT_CHARS)
    return text


def check_batch(texts: list[str]) -> list[str]:
    """Return *texts* if their number is right; each is judged on its own."""
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise InvalidField("texts", f"must hold 1 to {MAX_TEXTS} texts")
    return texts


def check_item(request: pb.StreamDetectTextRequest) -> str:
    """Return the text of one message on the stream."""
    if len(request.correlation_id) > MAX_CORRELATION_ID_CHARS:
        problem = f"must have at most {MAX_CORRELATION_ID_CHARS} characters"
        raise InvalidField("correlation_id", problem)
    return check_text("text", request.text)


def find_model(name: str, models: tuple[LoadedModel, ...]) -> LoadedModel:
    """Return the model that *name*, `models/{digest}` or `models/live`, names."""
    collection, _, key = name.partition("/")
    if collection != "models" or not key or "/" in key:
        raise InvalidField("name", "must be models/{digest} or models/live")
    for model in models:
        if key == model.digest or (key == "live" and model.stage is Stage.LIVE):
            return model
    raise NotFound("model", name)


def to_assessment(finding: Finding) -> pb.Assessment:
    """Render what was found."""
    found = finding.assessment
    return pb.Assessment(
        verdict=VERDICTS[found.verdict],
        ai_probability=found.ai_probability,
        log_likelihood_ratio=found.log_likelihood_ratio,
        segments=[
            pb.Segment(start=s.start, end=s.end, ai_probability=s.ai_probability)
            for s in found.segments
        ],
        reasons=[
            pb.Reason(code=reason.code, text_zh=reason.zh, text_en=reason.en)
            for reason in found.reasons
        ],
        language=LANGUAGES[found.language],
        chars_scored=found.chars_scored,
        abstain_reason=ABSTAIN_REASONS[found.abstain_reason],
        model_version=found.model_version,
        model_digest=found.model_digest,
        shadows=[to_shadow(shadow) for shadow in finding.shadows],
    )


def to_shadow(found: Assessment) -> pb.ShadowAssessment:
    """Render what a model in SHADOW said."""
    return pb.ShadowAssessment(
        verdict=VERDICTS[found.verdict],
        ai_probability=found.ai_probability,
        log_likelihood_ratio=found.log_likelihood_ratio,
        model_digest=found.model_digest,
    )


def to_result(finding: Finding) -> pb.DetectResult:
    """Render the outcome of one text of several."""
    return pb.DetectResult(assessment=to_assessment(finding))


def to_error(error: ServiceError) -> pb.DetectResult:
    """Render why one text of several has no assessment."""
    return pb.DetectResult(error=to_status(error))


def to_model(model: LoadedModel, *, with_card: bool) -> pb.Model:
    """Render *model*; lists leave the card out."""
    message = pb.Model(
        name=f"models/{model.digest}",
        version=model.version,
        stage=STAGES[model.stage],
        card_json=model.card_json if with_card else "",
        languages=model.languages,
    )
    message.load_time.FromDatetime(model.load_time)
    return message
