"""The detector as it is wired, with the model that ships."""

from pathlib import Path

import pytest

from services.detector.compose import compose
from services.detector.settings import SHIPPED, DetectorSettings
from services.runtime.local import LocalStub
from services.runtime.process import Wiring, wire
from services.runtime.settings import RuntimeSettings, SettingsError
from truepen.detector.v1 import detector_service_pb2 as pb

shipped = pytest.mark.skipif(
    not (SHIPPED / "card.json").exists(), reason="no model is here"
)


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return wire(RuntimeSettings(data_dir=tmp_path))


@shipped
async def test_what_ships_answers_and_counts(wiring: Wiring) -> None:
    settings = DetectorSettings(shadow_model_dirs=(SHIPPED,))
    composed = compose(settings, wiring)
    stub = LocalStub(composed.servicer)

    await composed.parts.start()
    text = "We went to the new place on the corner and it was really quite good."
    assessment = (await stub.DetectText(pb.DetectTextRequest(text=text))).assessment
    models = (await stub.ListModels(pb.ListModelsRequest())).models
    await composed.parts.stop()

    assert assessment.language == "en"
    assert 0 <= assessment.ai_probability <= 1
    assert [shadow.ai_probability for shadow in assessment.shadows] == [
        assessment.ai_probability
    ]
    assert [model.stage for model in models] == [
        pb.MODEL_STAGE_LIVE,
        pb.MODEL_STAGE_SHADOW,
    ]
    counted = wiring.registry.get_sample_value("detector_batch_texts_count")
    assert counted == 1


def test_a_folder_without_a_model_is_a_wrong_setting(
    wiring: Wiring, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="LIVE model"):
        compose(DetectorSettings(model_dir=tmp_path), wiring)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEPEN_DETECTOR_MODEL_DIR", "/models/a")
    monkeypatch.setenv("TRUEPEN_DETECTOR_SHADOW_MODEL_DIRS", '["/models/b"]')
    monkeypatch.setenv("TRUEPEN_DETECTOR_MAX_BATCH_TEXTS", "8")

    settings = DetectorSettings()

    assert settings.model_dir == Path("/models/a")
    assert settings.shadow_model_dirs == (Path("/models/b"),)
    assert settings.limits().max_batch_texts == 8
