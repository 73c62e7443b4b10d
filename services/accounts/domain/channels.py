"""Statistical evidence by independent kind: capped log-likelihood ratios."""

from collections.abc import Mapping
from datetime import timedelta
from math import exp, log, log1p

import numpy as np

from services.accounts.domain.activities import ClientKind
from services.accounts.domain.evidence import (
    Channel,
    ChannelKind,
    ChannelState,
    Coordination,
    ReportSummary,
    Signal,
    SignalState,
    abstaining,
)
from services.accounts.domain.fitted import AUTHORSHIP, TEMPLATE, TEMPO
from services.accounts.domain.history import History
from services.accounts.domain.items import Items
from services.accounts.domain.linear import LinearModel
from services.accounts.domain.moments import count

MIN_TEMPO_EVENTS = 20
MIN_TEMPO_SPAN = timedelta(hours=12)
MIN_TEMPLATE_TEXTS = 8
MIN_STYLE_TEXTS = 5
MIN_COORDINATED_EVENTS = 20
SCHEDULED_SHARE = 0.2
STYLE_CAP = log(20.0)
COORDINATION_CAP = log(100.0)
_REASON_FROM = 0.3


def template(signals: Mapping[str, Signal]) -> Channel:
    """Reuse of wording, evenness of form, and punctuation inside the account."""
    support = signals["LENGTH_VARIATION"].support
    if support < MIN_TEMPLATE_TEXTS:
        return abstaining(ChannelKind.TEMPLATE, support, "TOO_FEW_TEXTS")
    return _by_model(ChannelKind.TEMPLATE, TEMPLATE, signals, support)


def tempo(history: History, signals: Mapping[str, Signal]) -> Channel:
    """Timing and rhythm of the day. A scheduler silences it.

    Within one sitting people are as regular as tools: under half a day it
    abstains.
    """
    support = len(history.events)
    if support < MIN_TEMPO_EVENTS:
        return abstaining(ChannelKind.TEMPO, support, "TOO_FEW_EVENTS")
    scheduled = history.events.kind_counts[ClientKind.SCHEDULER]
    if scheduled / support >= SCHEDULED_SHARE:
        return abstaining(ChannelKind.TEMPO, support, "SCHEDULER_USED")
    if signals["SECOND_OF_MINUTE"].state is SignalState.NOT_APPLICABLE:
        return abstaining(ChannelKind.TEMPO, support, "COARSE_TIMESTAMPS")
    if history.events.span < MIN_TEMPO_SPAN:
        return abstaining(ChannelKind.TEMPO, support, "ONE_SITTING")
    return _by_model(ChannelKind.TEMPO, TEMPO, signals, support)


def style(items: Items) -> Channel:
    """How the account's scored texts read, taken together."""
    support = count(items.scored)
    if support < MIN_STYLE_TEXTS:
        return abstaining(ChannelKind.STYLE, support, "TOO_FEW_SCORED_TEXTS")
    capped = np.clip(items.style[items.scored], -STYLE_CAP, STYLE_CAP)
    ratio = AUTHORSHIP.log_likelihood_ratio(capped)
    reason = "TEXTS_READ_AS_AI" if ratio > 0 else "TEXTS_READ_AS_A_PERSONS"
    return _channel(ChannelKind.STYLE, ratio, support, (reason,))


def coordination(found: Coordination | None) -> Channel:
    """Acting together with others; the account that others copy is spared."""
    kind = ChannelKind.COORDINATION
    if found is None:
        return abstaining(kind, 0, "NOT_ATTACHED")
    if found.event_count < MIN_COORDINATED_EVENTS:
        return abstaining(kind, found.event_count, "TOO_FEW_EVENTS")
    if found.leads:
        return abstaining(kind, found.event_count, "OTHERS_COPY_IT")
    if found.matched_count == 0:
        return _channel(kind, 0.0, found.event_count, ("ACTS_ALONE",))
    ratio = bayes_bound(found.p_value)
    reasons = ("ACTS_WITH_OTHERS",) if ratio > _REASON_FROM else ("ACTS_ALONE",)
    return _channel(kind, min(COORDINATION_CAP, ratio), found.event_count, reasons)


def reports(found: ReportSummary) -> Channel:
    """Reports order work; as evidence their ratio is 1."""
    if found.report_count == 0:
        return abstaining(ChannelKind.REPORTS, 0, "NO_REPORTS")
    return abstaining(ChannelKind.REPORTS, found.report_count, "TRIAGE_ONLY")


def bayes_bound(p_value: float) -> float:
    """Largest log ratio that a p-value supports: -log(-e p log p).

    Sellke, Bayarri and Berger 2001; 0 from p = 1/e on.
    """
    p = max(p_value, 1e-12)
    return 0.0 if p >= exp(-1.0) else -log(-exp(1.0) * p * log(p))


def posterior(prior: float, channels: tuple[Channel, ...]) -> float:
    """Probability from *prior* and independent *channels*."""
    odds = log(prior) - log1p(-prior)
    odds += sum(channel.log_likelihood_ratio for channel in channels)
    return 1.0 / (1.0 + exp(-max(-50.0, min(50.0, odds))))


def _by_model(
    kind: ChannelKind, model: LinearModel, signals: Mapping[str, Signal], support: int
) -> Channel:
    parts = model.contributions(signals)
    ratio = model.log_likelihood_ratio(parts)
    toward = (ratio > 0) - (ratio < 0)
    strongest = sorted(parts.items(), key=lambda part: -part[1] * toward)
    reasons = tuple(
        f"{code}_{'LIKE_A_TOOL' if ratio > 0 else 'LIKE_A_PERSON'}"
        for code, part in strongest
        if part * toward > _REASON_FROM
    )
    return _channel(kind, ratio, support, reasons)


def _channel(
    kind: ChannelKind, ratio: float, support: int, reasons: tuple[str, ...]
) -> Channel:
    return Channel(kind, ChannelState.SPEAKS, ratio, support, reasons)
