import pytest

from services.detector.domain.assessment import Language
from services.detector.domain.language import language_of
from services.detector.domain.text import normalise
from services.detector.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("今天和朋友去吃了火锅,排队两个小时", Language.ZH),
        ("今天去shopping了 so happy,买了三件T恤", Language.ZH),
        ("這家店的服務真的很好,下次還會再來", Language.ZH),
        ("we went to the market and it was packed", Language.EN),
        ("ngl that was the best game i've seen all year", Language.EN),
        ("this phone is great, love it 太好了", Language.EN),
        ("Je pense que c'est une bonne idée de partir demain", Language.OTHER),
        ("je pense que c est une bonne idee de partir demain", Language.OTHER),
        ("今日はとても天気がいいですね", Language.OTHER),
        ("東京駅の売店で観光図を読む", Language.OTHER),
        ("jintian tianqi hen hao women yiqi qu gongyuan ba", Language.OTHER),
        ("das ist ein sehr schönes Haus und ich mag es", Language.OTHER),
        ("Hoy es un gran día para todos nosotros", Language.OTHER),
        ("여러분 안녕하세요 오늘은 날씨가 좋네요", Language.OTHER),
        ("Здравствуйте, как ваши дела сегодня", Language.OTHER),
        ("1234 5678 !!!", Language.OTHER),
        ("", Language.OTHER),
    ],
)
def test_only_chinese_and_english_are_read(
    model: Model, text: str, language: Language
) -> None:
    assert language_of(normalise(text).text, model.identify) is language
