"""Recorded accounts as signals: what fitting and measuring read."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.activities import Activity, ActivityType, Score, Verdict
from services.accounts.domain.evidence import Signal
from services.accounts.domain.fingerprints import fingerprint
from services.accounts.domain.history import History
from services.accounts.domain.signals import measure
from services.accounts.domain.state import Facts, ProfileState, fold
from services.accounts.domain.times import to_us

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
HOUR = timedelta(hours=1)
Said = dict[str, dict[str, Any]]
KEY = b"fitting"  # fingerprints live as long as the script


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded account: `group` keeps what must not be split together."""

    account: str
    bot: bool
    source: str
    group: str
    activities: tuple[Activity, ...]
    state: ProfileState
    signals: dict[str, Signal]


@dataclass(frozen=True, slots=True)
class Table:
    """Signals of many accounts, NaN where a signal does not speak."""

    codes: tuple[str, ...]
    values: Floats
    bot: Bools
    source: NDArray[np.str_]
    group: NDArray[np.str_]
    events: NDArray[np.int64]
    hours: Floats  # from the first to the last event
    texts: NDArray[np.int64]

    def where(self, chosen: Bools) -> "Table":
        """Only the *chosen* accounts."""
        return Table(
            self.codes,
            self.values[chosen],
            self.bot[chosen],
            self.source[chosen],
            self.group[chosen],
            self.events[chosen],
            self.hours[chosen],
            self.texts[chosen],
        )

    def column(self, code: str) -> Floats:
        """Values of one signal."""
        column: Floats = self.values[:, self.codes.index(code)]
        return column


def read(path: Path, scores: Path | None = None) -> Iterator[Recorded]:
    """Recorded accounts of one `.jsonl.gz`; `set` splits a file into sources.

    *scores* is a folder of what the detector says of their texts, as
    `score_texts` writes it; without, no text is scored.
    """
    name = path.name.split(".")[0]
    said = said_of(scores / f"{name}.jsonl") if scores else {}
    with gzip.open(path, "rt", encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            activities = tuple(
                _activity(row["account"], i, event)
                for i, event in enumerate(row["events"])
            )
            state = folded(activities, said)
            yield Recorded(
                row["account"],
                row["label"] == "bot",
                name + row.get("set", ""),
                row.get("identity") or row["account"],
                activities,
                state,
                {signal.code: signal for signal in measure(History.open(state))},
            )


def folded(activities: tuple[Activity, ...], said: Said) -> ProfileState:
    """Fold *activities* and what the detector *said* of them."""
    scored = tuple(
        _score(activity, said[key])
        for activity in activities
        if (key := text_id(activity.account, activity.id)) in said
    )
    return fold(ProfileState.empty(), Facts(activities, scored))


def tabulate(accounts: list[Recorded]) -> Table:
    """Put the signals of *accounts* in a table."""
    codes = tuple(accounts[0].signals)
    values = np.array(
        [
            [np.nan if (v := each.signals[code].value) is None else v for code in codes]
            for each in accounts
        ]
    )
    return Table(
        codes,
        values,
        np.array([each.bot for each in accounts]),
        np.array([each.source for each in accounts]),
        np.array([each.group for each in accounts]),
        np.array([each.signals["BURSTINESS"].support + 1 for each in accounts]),
        np.array([each.signals["BURSTINESS"].window / HOUR for each in accounts]),
        np.array([each.signals["LENGTH_VARIATION"].support for each in accounts]),
    )


def text_id(account: str, activity: str) -> str:
    """Name of a text in what goes to the detector and comes back."""
    return f"{account}#{activity}"


def said_of(path: Path) -> Said:
    """What the detector said of the texts of one file, by `text_id`."""
    if not path.exists():
        return {}
    with path.open(encoding="utf8") as lines:
        return {row["id"]: row for row in map(json.loads, lines)}


def _score(activity: Activity, said: dict[str, Any]) -> Score:
    return Score(
        activity_id=activity.content_id,
        text_time=activity.event_time,
        log_likelihood_ratio=said["log_likelihood_ratio"],
        ai_probability=said["ai_probability"],
        verdict=Verdict(said["verdict"]),
        language=said["language"],
        chars_scored=activity.fingerprint.length if activity.fingerprint else 0,
        model_digest=said["model"],
        score_time=activity.event_time,
    )


def _activity(account: str, index: int, event: dict[str, Any]) -> Activity:
    text = event.get("text") or ""
    moment = event["t"]
    return Activity(
        str(index),
        account,
        _type(event["type"]),
        to_us(
            datetime.fromtimestamp(moment, UTC)
            if isinstance(moment, int | float)
            else datetime.fromisoformat(moment)
        ),
        text_length=event.get("len") or 0,
        fingerprint=fingerprint(text, KEY) if text.strip() else None,
    )


def _type(name: str) -> ActivityType:
    if name == "post":
        return ActivityType.NOTE
    if name in ("reply", "comment") or name.startswith("Commenting"):
        return ActivityType.COMMENT
    if name == "repost":
        return ActivityType.REPOST
    if name == "share" or name.startswith("Starring"):
        return ActivityType.LIKE
    return ActivityType.OTHER
