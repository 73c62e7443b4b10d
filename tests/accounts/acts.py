"""Activities with sensible defaults, so that a test mentions only what matters."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.accounts.domain.activities import (
    Activity,
    ActivityType,
    Attestation,
    Client,
    ClientKind,
    InputMode,
    Score,
    Verdict,
)
from services.accounts.domain.evidence import Channel, ChannelKind, References
from services.accounts.domain.fingerprints import fingerprint
from services.accounts.domain.profile import AccountFacts, Profile, derive
from services.accounts.domain.state import Facts, ProfileState, fold
from services.accounts.domain.times import to_us

KEY = b"a key for tests"
START = datetime(2026, 3, 10, 8, tzinfo=UTC)
TOOL = Client(ClientKind.HOSTING_TOOL)
TYPED = Client(ClientKind.APP, attestation=Attestation.PASSED, input=InputMode.TYPED)
NOTHING = References()


def an_activity(identifier: str = "a", **given: object) -> Activity:
    moment = given.pop("event_time", START)
    defaults = Activity(identifier, "x", ActivityType.NOTE, to_us(moment))  # type: ignore[arg-type]
    return defaults._replace(**given)  # type: ignore[arg-type]


def a_note(
    identifier: str, text: str, at: datetime = START, **given: object
) -> Activity:
    found = fingerprint(text, KEY)
    return an_activity(identifier, event_time=at, fingerprint=found, **given)


def a_score(of: Activity, log_ratio: float, **given: object) -> Score:
    defaults = Score(
        of.content_id,
        of.event_time,
        log_ratio,
        0.5,
        Verdict.AI_GENERATED if log_ratio > 0 else Verdict.HUMAN,
        "en",
        80,
        "model",
        of.event_time + timedelta(seconds=3),
    )
    return replace(defaults, **given)  # type: ignore[arg-type]


def every(step: timedelta, count: int, **given: object) -> list[Activity]:
    return [
        an_activity(f"{i}", event_time=START + i * step, **given) for i in range(count)
    ]


def folded(
    activities: Sequence[Activity], scores: Iterable[Score] = ()
) -> ProfileState:
    return fold(ProfileState.empty(), Facts(activities, tuple(scores)))


def derived(
    activities: Sequence[Activity],
    scores: Iterable[Score] = (),
    references: References = NOTHING,
    **facts: object,
) -> Profile:
    latest = max(each.event_time for each in activities)
    account = replace(AccountFacts("x"), **facts)  # type: ignore[arg-type]
    return derive(folded(activities, scores), account, latest, references)


def channel(profile: Profile, kind: ChannelKind) -> Channel:
    return next(each for each in profile.channels if each.kind is kind)
