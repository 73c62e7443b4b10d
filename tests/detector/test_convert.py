"""Values to messages: nothing is lost, and every limit is named."""

import pytest

from services.detector import convert
from services.detector.domain.assessment import AbstainReason, Language, Verdict
from services.detector.panel import Finding, Stage
from services.runtime.errors import InvalidField, NotFound, TextTooLong
from tests.detector.fakes import FakeAssessor, a_model
from truepen.detector.v1 import detector_service_pb2 as pb

LIVE = a_model(FakeAssessor("d1"))
SHADOW = a_model(FakeAssessor("d2"), Stage.SHADOW)


def test_every_word_of_the_domain_has_one_on_the_wire() -> None:
    assert set(convert.VERDICTS) == set(Verdict)
    assert set(convert.ABSTAIN_REASONS) == set(AbstainReason)
    assert set(convert.LANGUAGES) == set(Language)
    assert set(convert.STAGES) == set(Stage)


def test_an_assessment_arrives_whole() -> None:
    finding = Finding(
        FakeAssessor("d1").assess("text"), (FakeAssessor("d2").assess(""),)
    )

    assert convert.to_assessment(finding) == pb.Assessment(
        verdict=pb.VERDICT_AI_GENERATED,
        ai_probability=0.75,
        log_likelihood_ratio=1.5,
        segments=[pb.Segment(start=0, end=4, ai_probability=0.75)],
        reasons=[pb.Reason(code="FAKE", text_zh="假", text_en="Fake")],
        language="en",
        chars_scored=4,
        model_version="1",
        model_digest="d1",
        shadows=[
            pb.ShadowAssessment(
                verdict=pb.VERDICT_AI_GENERATED,
                ai_probability=0.75,
                log_likelihood_ratio=1.5,
                model_digest="d2",
            )
        ],
    )


@pytest.mark.parametrize("text", ["x", "\x00", "\n", "𝓽" * 100_000, "🙂‍↔️\u202e"])
def test_any_text_within_the_limit_is_accepted(text: str) -> None:
    assert convert.check_text("text", text) == text


def test_a_text_of_one_character_too_many_names_its_field() -> None:
    with pytest.raises(TextTooLong) as caught:
        convert.check_text("texts[7]", "x" * 100_001)

    assert caught.value.reason == "TEXT_TOO_LONG"
    assert caught.value.violations[0].field == "texts[7]"


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(InvalidField, match="must not be empty"):
        convert.check_text("text", "")


@pytest.mark.parametrize("number", [0, 257])
def test_a_batch_holds_1_to_256_texts(number: int) -> None:
    with pytest.raises(InvalidField, match="1 to 256"):
        convert.check_batch(["x"] * number)


def test_a_mark_has_at_most_128_characters() -> None:
    request = pb.StreamDetectTextRequest(correlation_id="c" * 129, text="x")

    with pytest.raises(InvalidField) as caught:
        convert.check_item(request)

    assert caught.value.violations[0].field == "correlation_id"


def test_models_are_found_by_digest_and_as_the_live_one() -> None:
    models = (LIVE, SHADOW)

    assert convert.find_model("models/d2", models) is SHADOW
    assert convert.find_model("models/live", models) is LIVE


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(NotFound):
        convert.find_model("models/d3", (LIVE,))


@pytest.mark.parametrize("name", ["", "d1", "models/", "models/d1/x", "accounts/d1"])
def test_what_names_no_model_is_invalid(name: str) -> None:
    with pytest.raises(InvalidField):
        convert.find_model(name, (LIVE,))


def test_a_list_leaves_the_card_out() -> None:
    assert convert.to_model(LIVE, with_card=False).card_json == ""
    assert "tests" in convert.to_model(LIVE, with_card=True).card_json
