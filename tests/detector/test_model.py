import json
import shutil
from pathlib import Path

import pytest

from services.detector.domain.assessment import Language
from services.detector.model import CARD, PACKAGED, Model, ModelFault


def altered(tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(PACKAGED, copy)
    return copy


def test_the_packaged_model_is_what_its_card_says() -> None:
    model = Model()

    assert model.digest == model.raw_card["digest"]
    assert set(model.card.languages) == {Language.ZH, Language.EN}


def test_the_packaged_files_stay_within_their_budget() -> None:
    size = sum(path.stat().st_size for path in PACKAGED.iterdir())

    assert size <= 50_000_000


def test_a_changed_threshold_is_noticed(tmp_path: Path) -> None:
    directory = altered(tmp_path)
    card = json.loads((directory / CARD).read_text())
    card["languages"]["zh"]["cheap"][0]["thresholds"]["generated"] = -9.0
    (directory / CARD).write_text(json.dumps(card))

    with pytest.raises(ModelFault, match="digest"):
        Model(directory)


def test_a_changed_weight_is_noticed(tmp_path: Path) -> None:
    directory = altered(tmp_path)
    weights = bytearray((directory / "ngram_pieces_zh.onnx").read_bytes())
    weights[len(weights) // 2] ^= 1
    (directory / "ngram_pieces_zh.onnx").write_bytes(weights)

    with pytest.raises(ModelFault, match="digest"):
        Model(directory)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 1}'])
def test_a_malformed_card_is_a_fault(tmp_path: Path, content: str) -> None:
    (tmp_path / CARD).write_text(content)

    with pytest.raises(ModelFault):
        Model(tmp_path)


def test_a_missing_directory_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ModelFault):
        Model(tmp_path / "nowhere")


def test_no_measured_population_is_accused_beyond_the_budget() -> None:
    metrics = Model().raw_card["metrics"]
    rates = {n: m.get("false_positives") for n, m in metrics.items()}

    assert all(rates[language]["value"] <= 0.01 for language in ("zh", "en"))
    assert all(rate["value"] <= 0.02 for rate in rates.values() if rate)


def test_people_do_not_drift_towards_guilt() -> None:
    metrics = Model().raw_card["metrics"]
    ratios = {n: m.get("mean_ratio_of_people", 0.0) for n, m in metrics.items()}

    assert ratios["zh"] <= 1
    assert ratios["en"] <= 1
    # A population of a hundred essays is known to a few hundredths.
    assert max(ratios.values()) <= 1.1


def test_a_text_scores_the_same_in_any_company() -> None:
    model = Model()
    assert model.encoder is not None
    texts = [
        "今天下雨没带伞",
        "A day at the lake with my sister. " * 8,
        "好",
        "ok then",
    ]

    together = model.encoder.skim(texts)
    alone = [model.encoder.skim([text])[0] for text in texts]

    assert [one.machine for one in together] == [one.machine for one in alone]
    read = model.encoder.read(together)
    assert read.tolist() == [model.encoder.read([one])[0].tolist() for one in alone]
