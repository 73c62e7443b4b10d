from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.detector.detect import Detector
from services.detector.domain.assessment import AbstainReason, Language, Verdict
from services.detector.domain.calibration import EVIDENCE_CAP
from services.detector.model import Model

# People: Lu Xun, Autumn Night (1924), and Mark Twain, Huckleberry Finn (1884).
ZH_PERSON = (
    "在我的后园,可以看见墙外有两株树,一株是枣树,还有一株也是枣树。"
    "这上面的夜的天空,奇怪而高,我生平没有见过这样的奇怪而高的天空。"
)
ZH_MACHINE = (
    "在快节奏的现代生活中,我们常常忽略了内心的声音。其实,真正的幸福并不在于拥有多少,"
    "而在于学会珍惜当下的每一刻。首先,我们可以尝试放慢脚步,感受生活中的点滴美好;其次,"
    "保持积极乐观的心态,勇敢面对挑战;最后,不断提升自我,让每一天都充满意义。"
    "总之,愿我们都能在平凡的日子里,发现不平凡的自己,绽放属于自己的光芒。"
)
EN_PERSON = (
    "You don't know about me without you have read a book by the name of The "
    "Adventures of Tom Sawyer; but that ain't no matter. That book was made by "
    "Mr. Mark Twain, and he told the truth, mainly."
)
EN_MACHINE = (
    "In conclusion, effective time management plays a crucial role in achieving both "
    "personal and professional success. By setting clear goals, prioritizing essential "
    "tasks, and maintaining a healthy balance, individuals can significantly enhance "
    "their productivity. Furthermore, embracing these strategies not only reduces stress "
    "but also fosters a sense of accomplishment and overall well-being."
)
FRENCH = "Je pense que c'est une très bonne idée de partir demain matin avec eux"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(Model())


def probability(detector: Detector, text: str) -> float:
    return detector.detect([text])[0].ai_probability


@pytest.mark.parametrize(
    ("person", "machine"), [(ZH_PERSON, ZH_MACHINE), (EN_PERSON, EN_MACHINE)]
)
def test_machine_prose_scores_above_a_persons(
    detector: Detector, person: str, machine: str
) -> None:
    human, ai = detector.detect([person, machine])

    assert ai.ai_probability > 0.8 > human.ai_probability
    assert ai.log_likelihood_ratio > 0 > human.log_likelihood_ratio
    assert human.verdict is not Verdict.AI_GENERATED


def test_french_is_not_called_human(detector: Detector) -> None:
    found = detector.detect([FRENCH])[0]

    assert found.verdict is Verdict.UNDECIDED
    assert found.abstain_reason is AbstainReason.UNSUPPORTED_LANGUAGE
    assert found.language is Language.OTHER
    assert found.log_likelihood_ratio == 0


@pytest.mark.parametrize("text", ["", "  \n", "\u200b\u200b"])
def test_a_blank_text_is_too_short_and_of_no_language(
    detector: Detector, text: str
) -> None:
    found = detector.detect([text])[0]

    assert found.verdict is Verdict.UNDECIDED
    assert found.abstain_reason is AbstainReason.TOO_SHORT
    assert found.log_likelihood_ratio == 0


@pytest.mark.parametrize("text", ["好的", "ok thanks", "哈哈哈哈哈哈哈哈哈哈哈哈"])
def test_too_little_text_is_evidence_of_nothing(detector: Detector, text: str) -> None:
    found = detector.detect([text])[0]

    assert found.verdict is Verdict.UNDECIDED
    assert found.log_likelihood_ratio == 0


def test_a_list_of_prices_is_out_of_distribution(detector: Detector) -> None:
    text = (
        "价格表 12.5 / 13.8 / 99.0 / 45.2 / 33.1 / 87.6 / 120 / 45 / 66 / 78 元 5 元 8"
    )

    found = detector.detect([text])[0]

    assert found.abstain_reason is AbstainReason.OUT_OF_DISTRIBUTION


@pytest.mark.parametrize("text", [ZH_MACHINE, EN_MACHINE])
@pytest.mark.parametrize(
    "disguise",
    [
        "\u200b".join,
        lambda text: text.replace("a", "а").replace("e", "е").replace("o", "о"),
        lambda text: text.replace(" ", "\u2003"),
        str.upper,
        lambda text: "**" + text + "**",
        lambda text: text + " 😀🔥",
    ],
    ids=["zero-width", "homoglyph", "spaces", "case", "markdown", "emoji"],
)
def test_a_disguise_does_not_move_the_probability(
    detector: Detector, text: str, disguise: object
) -> None:
    plain = probability(detector, text)

    disguised = probability(detector, disguise(text))  # type: ignore[operator]

    assert disguised == pytest.approx(plain, abs=0.05)


def test_a_disguise_is_a_reason(detector: Detector) -> None:
    found = detector.detect(["\u200b".join(ZH_MACHINE)])[0]

    assert "EVASION_ZERO_WIDTH" in [reason.code for reason in found.reasons]


def test_every_assessment_has_a_reason(detector: Detector) -> None:
    for found in detector.detect([ZH_PERSON, ZH_MACHINE, EN_MACHINE, FRENCH, ""]):
        assert found.reasons
        assert all(reason.zh and reason.en for reason in found.reasons)


def test_segments_cover_the_text_as_submitted(detector: Detector) -> None:
    text = "😀 " + (ZH_MACHINE + "\n\n") * 4

    found = detector.detect([text])[0]

    ends = [segment.end for segment in found.segments]
    assert len(ends) > 1
    assert [s.start for s in found.segments][1:] == ends[:-1]
    assert ends[-1] == len(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None), max_size=120), max_size=6))
def test_any_strings_get_one_assessment_each(
    detector: Detector, texts: list[str]
) -> None:
    found = detector.detect(texts)

    assert len(found) == len(texts)
    for assessment in found:
        assert 0 <= assessment.ai_probability <= 1
        assert abs(assessment.log_likelihood_ratio) <= EVIDENCE_CAP
        undecided = assessment.verdict is Verdict.UNDECIDED
        assert undecided == (assessment.abstain_reason is not AbstainReason.NONE)


def test_company_does_not_change_an_assessment(detector: Detector) -> None:
    alone = detector.detect([ZH_MACHINE])[0]

    together = detector.detect([EN_PERSON, ZH_MACHINE, "\ud800", ZH_MACHINE * 5])[1]

    # Quantised sums depend on how a batch was padded, in the last digits only.
    assert together.ai_probability == pytest.approx(alone.ai_probability, abs=0.03)
    assert replace(together, ai_probability=0, log_likelihood_ratio=0) == replace(
        alone, ai_probability=0, log_likelihood_ratio=0
    )


def test_threads_may_share_a_detector(detector: Detector) -> None:
    expected = detector.detect([EN_MACHINE])

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(detector.detect, [[EN_MACHINE]] * 16))

    assert all(answer == expected for answer in found)
