"""Wires the detector: settings in, a service to serve out."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.detector.batching import Batcher
from services.detector.detect import Detector
from services.detector.metrics import DetectorMetrics
from services.detector.model import Model
from services.detector.panel import LoadedModel, Panel, Stage
from services.detector.server import SERVICE, DetectorServicer
from services.detector.settings import DetectorSettings
from services.runtime.clock import Clock
from services.runtime.paging import Tokens
from services.runtime.serve import Service
from truepen.detector.v1.detector_service_pb2_grpc import (
    add_DetectorServiceServicer_to_server,
)

ROLES: Mapping[str, frozenset[str]] = {
    f"/{SERVICE}/": frozenset({"writer", "reader", "engineer", "admin"}),
}


@dataclass(frozen=True, slots=True)
class DetectorParts:
    """What a process needs to serve the detector."""

    servicer: DetectorServicer
    service: Service
    roles: Mapping[str, frozenset[str]]
    start: Callable[[], Awaitable[None]]
    """To be called before the server starts."""
    stop: Callable[[], Awaitable[None]]
    """To be called once the server has stopped."""


def compose(
    settings: DetectorSettings,
    clock: Clock,
    registry: CollectorRegistry,
    tokens: Tokens,
) -> DetectorParts:
    """Load the models and wire them up; ModelFault where one cannot be served."""
    metrics = DetectorMetrics(registry)
    live = load(settings.model_dir, Stage.LIVE, clock)
    shadows = [load(d, Stage.SHADOW, clock) for d in settings.shadow_model_dirs]
    panel = Panel(live, shadows, metrics.assessed)
    batcher = Batcher(panel.detect, settings.limits(), metrics)
    servicer = DetectorServicer(batcher, panel.models, tokens)
    service = Service(SERVICE, add_DetectorServiceServicer_to_server, servicer)
    return DetectorParts(servicer, service, ROLES, batcher.start, batcher.stop)


def load(directory: Path, stage: Stage, clock: Clock) -> LoadedModel:
    """Load the model in *directory*; ModelFault where it cannot be served."""
    model = Model(directory)
    return LoadedModel(
        digest=model.digest,
        version=model.card.version,
        stage=stage,
        languages=tuple(language.value for language in model.card.languages),
        card_json=json.dumps(model.raw_card, ensure_ascii=False),
        load_time=clock.now(),
        assessor=Detector(model),
    )
