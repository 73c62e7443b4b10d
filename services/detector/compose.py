"""Wires the detector: settings in, a service to serve out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.detector.batching import Batcher
from services.detector.detect import Detector
from services.detector.domain.drift import BINS
from services.detector.metrics import DetectorMetrics
from services.detector.model import Model, ModelFault
from services.detector.panel import LoadedModel, Panel, Stage
from services.detector.server import SERVICE, DetectorServicer
from services.detector.settings import DetectorSettings
from services.runtime.clock import Clock
from services.runtime.process import Parts, Wiring
from services.runtime.serve import Service
from services.runtime.settings import SettingsError
from truepen.detector.v1.detector_service_pb2_grpc import (
    add_DetectorServiceServicer_to_server,
)

ROLES = {f"/{SERVICE}/": frozenset({"writer", "reader", "engineer", "admin"})}


@dataclass(frozen=True, slots=True)
class DetectorParts:
    """What a process needs to serve the detector, and to call it in process."""

    parts: Parts
    servicer: DetectorServicer


def compose(settings: DetectorSettings, wiring: Wiring) -> DetectorParts:
    """Load the models and wire them up; SettingsError where one cannot be served."""
    live = load(settings.model_dir, Stage.LIVE, wiring.clock)
    metrics = DetectorMetrics(wiring.registry, references(live))
    shadows = [
        load(folder, Stage.SHADOW, wiring.clock)
        for folder in settings.shadow_model_dirs
    ]
    panel = Panel(live, shadows, metrics.assessed)
    batcher = Batcher(panel.detect, settings.limits(), metrics)
    servicer = DetectorServicer(batcher, panel.models, wiring.tokens)
    service = Service(SERVICE, add_DetectorServiceServicer_to_server, servicer)
    parts = Parts([service], ROLES, batcher.start, batcher.stop)
    return DetectorParts(parts, servicer)


def references(live: LoadedModel) -> dict[str, Sequence[float]]:
    """Return how the live model's scores were spread where it was measured.

    By language, the share of texts in each tenth; empty where the card is silent.
    """
    told: dict[str, Any] = json.loads(live.card_json).get("metrics", {})
    found: dict[str, Sequence[float]] = {}
    for language in live.languages:
        tenths = told.get(language, {}).get("reliability", [])
        whole = len(tenths) == BINS
        found[language] = [tenth["share"] for tenth in tenths] if whole else []
    return found


def load(directory: Path, stage: Stage, clock: Clock) -> LoadedModel:
    """Load the model in *directory*; SettingsError where it cannot be served."""
    try:
        model = Model(directory)
    except ModelFault as error:
        raise SettingsError([f"{stage} model: {error}"]) from error
    return LoadedModel(
        digest=model.digest,
        version=model.card.version,
        stage=stage,
        languages=tuple(language.value for language in model.card.languages),
        card_json=json.dumps(model.raw_card, ensure_ascii=False),
        load_time=clock.now(),
        assessor=Detector(model),
    )
