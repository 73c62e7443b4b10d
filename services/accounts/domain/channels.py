"""Evidence by independent kind, each a capped log-likelihood ratio or silence."""

from collections.abc import Mapping
from math import log

import numpy as np

from services.accounts.domain.activities import ClientKind, InputMode, LabelKind
from services.accounts.domain.evidence import (
    Channel,
    ChannelKind,
    ChannelState,
    Coordination,
    ReportSummary,
    Signal,
    abstaining,
)
from services.accounts.domain.fitted import TEMPLATE, TEMPO
from services.accounts.domain.history import History
from services.accounts.domain.items import Items
from services.accounts.domain.linear import LinearModel
from services.accounts.domain.records import (
    DECLARED_AI,
    attestations,
    client_kinds,
    input_modes,
)
from services.accounts.domain.reliance import Reliance

MIN_TEMPO_EVENTS = 20
MIN_TEMPLATE_TEXTS = 8
MIN_STYLE_TEXTS = 5
MIN_COORDINATED_EVENTS = 20
SCHEDULED_SHARE = 0.2
STYLE_CAP = log(20.0)
OPERATION_CAP = log(5000.0)
COORDINATION_CAP = log(100.0)
HUMAN_FLOOR = -log(100.0)
PROVENANCE_CAP = log(1000.0)
_REASON_FROM = 0.3


def template(signals: Mapping[str, Signal]) -> Channel:
    """Reuse of wording and form inside the account."""
    support = signals["LENGTH_VARIATION"].support
    if support < MIN_TEMPLATE_TEXTS:
        return abstaining(ChannelKind.TEMPLATE, support, "TOO_FEW_TEXTS")
    return _speak(ChannelKind.TEMPLATE, TEMPLATE, signals, support)


def tempo(history: History, signals: Mapping[str, Signal]) -> Channel:
    """Timing, rhythm of the day, reply latency. A scheduler silences it."""
    support = len(history.events)
    if support < MIN_TEMPO_EVENTS:
        return abstaining(ChannelKind.TEMPO, support, "TOO_FEW_EVENTS")
    kinds = client_kinds(history.events.published)
    if (kinds == ClientKind.SCHEDULER).mean() >= SCHEDULED_SHARE:
        return abstaining(ChannelKind.TEMPO, support, "SCHEDULER_USED")
    if signals["SECOND_OF_MINUTE"].state == 3:
        return abstaining(ChannelKind.TEMPO, support, "COARSE_TIMESTAMPS")
    return _speak(ChannelKind.TEMPO, TEMPO, signals, support)


def style(items: Items, reliance: Reliance, prior_none: float) -> Channel:
    """The detector's ratios over the account's texts, as evidence of any AI."""
    support = int(items.scored.sum())
    if support < MIN_STYLE_TEXTS:
        return abstaining(ChannelKind.STYLE, support, "TOO_FEW_SCORED_TEXTS")
    odds = _logit(1 - reliance.probability_none) - _logit(1 - prior_none)
    ratio = max(-STYLE_CAP, min(STYLE_CAP, odds))
    reasons = ("TEXTS_READ_AS_AI",) if ratio > 0 else ("TEXTS_READ_AS_A_PERSONS",)
    return _channel(ChannelKind.STYLE, ratio, support, reasons)
