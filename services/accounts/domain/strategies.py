"""How interaction is automated: named strategies, each with its log ratio."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from services.accounts.domain.activities import ActivityType
from services.accounts.domain.arrays import one_of
from services.accounts.domain.events import Events
from services.accounts.domain.evidence import Channel, Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import commonest, count, deviation
from services.accounts.domain.signals import latency

MIN_INTERACTIONS = 10
CAP = log(100.0)
_INSTANT_ACT = log(1.6)
_TEMPLATE_ACT = log(1.35)
_TIMED_ACT = log(1.3)
_TIMED_SPREAD = 0.25  # of log latency: a person's spread is over 1
_TIMED_GAP_SHARE = 0.5
_BIN_SECONDS = 5.0
_LIKES = one_of({ActivityType.LIKE, ActivityType.FOLLOW})
_SOCIAL = one_of(
    {ActivityType.COMMENT, ActivityType.MESSAGE, ActivityType.GROUP_MESSAGE}
)


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to fake interaction, as far as it is seen."""

    code: str
    log_likelihood_ratio: float
    support: int


def recognise(
    history: History, signals: Mapping[str, Signal], coordination: Channel
) -> tuple[Strategy, ...]:
    """Strategies that speak for automation, most likely first."""
    events = history.events
    found = [
        _instant_reply(events),
        _template_comment(history),
        _timed_like(events),
        Strategy(
            "COORDINATED_BURST",
            coordination.log_likelihood_ratio,
            coordination.support,
        ),
    ]
    speaking = [each for each in found if each.log_likelihood_ratio > 0]
    return tuple(sorted(speaking, key=lambda each: -each.log_likelihood_ratio))


def _instant_reply(events: Events) -> Strategy:
    """Written answers that came sooner than they can be typed."""
    written = latency.written_replies(events)
    n = len(written)
    if n < latency.MIN_REPLIES:
        return Strategy("INSTANT_REPLY", 0.0, n)
    fast = count(latency.too_fast(written))
    # Short stock answers ("thanks") are fast for everybody now and then.
    ratio = (fast - 0.2 * n) * _INSTANT_ACT
    return Strategy("INSTANT_REPLY", min(CAP, max(0.0, ratio)), n)


def _template_comment(history: History) -> Strategy:
    """Comments and messages in the same wording, longer than a stock phrase."""
    texts = history.texts
    if not len(texts):
        return Strategy("TEMPLATE_COMMENT", 0.0, 0)
    chosen = _SOCIAL[texts.type] & texts.worded & (texts.length >= 12)
    hashes = texts.template[chosen].tolist()
    n = len(hashes)
    if n < MIN_INTERACTIONS:
        return Strategy("TEMPLATE_COMMENT", 0.0, n)
    repeats = n - len(set(hashes))
    ratio = (repeats - 0.25 * n) * _TEMPLATE_ACT
    return Strategy("TEMPLATE_COMMENT", min(CAP, max(0.0, ratio)), n)


def _timed_like(events: Events) -> Strategy:
    """Likes or follows on a timer: even gaps, or at a fixed delay after a post."""
    n = events.type_counts[ActivityType.LIKE] + events.type_counts[ActivityType.FOLLOW]
    if n < MIN_INTERACTIONS:
        return Strategy("TIMED_LIKE", 0.0, n)
    likes = events.where(_LIKES[events.type])
    # Several likes within seconds are one sitting of a person scrolling.
    gaps = likes.gaps[likes.gaps > 2 * _BIN_SECONDS]
    even = 0.0
    if len(gaps) >= MIN_INTERACTIONS:
        most = commonest(np.rint(gaps / _BIN_SECONDS).tolist())
        if most / len(gaps) >= _TIMED_GAP_SHARE:
            even = most * _TIMED_ACT
    delays = likes.latency[~np.isnan(likes.latency)]
    fixed = 0.0
    if len(delays) >= MIN_INTERACTIONS and deviation(np.log1p(delays)) < _TIMED_SPREAD:
        fixed = len(delays) * _TIMED_ACT
    return Strategy("TIMED_LIKE", min(CAP, max(even, fixed)), n)
