"""What the judged texts and accounts add up to: all numbers, and no sentence."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from services.accounts.fitting.ranking import auroc
from services.detector.training.evaluate import (
    SMALLEST,
    calibration_error,
    grouped,
    measured,
    reliability,
    share,
)
from tests.accuracy.accounts import TIERS, HeldOut, Outcome, reached, shipped
from tests.accuracy.measures import either_way, ranked
from tests.accuracy.texts import OURS, Found, Judged

Findings = dict[str, Any]

ACCUSED: Final = "AI_GENERATED"
BESIDE: Final = ("botornot_tweets", "fastdetectgpt_glimpse")  # not in the macro mean
SHORT: Final = 40  # characters or fewer
SHOWN: Final = 8  # failures a kind, by id


def of_texts(judged: Judged) -> Findings:
    """Everything measured on the dev texts of one language."""
    rows = judged.found
    bins = reliability(rows)
    sources = by_source(judged)
    return {
        "texts": len(rows),
        "groups": {n: measured(some) for n, some in sorted(grouped(rows).items())},
        "sources": sources,
        "macro": macro(sources, rows),
        "control": control(judged),
        "people": populations(rows),
        "polish": polish(rows),
        "twins": share(
            [r for r in rows if r["domain"] == "twin" and r["label"] == "human"],
            ACCUSED,
        ),
        "fresh": measured([r for r in rows if r["source"].endswith("fresh_llm")]),
        "short": measured([r for r in rows if r["chars"] <= SHORT]),
        "undecided_long": share([r for r in rows if is_long(r)], "UNDECIDED"),
        "reliability": bins,
        "calibration_error": calibration_error(bins),
        "tricks": dict(judged.tricks),
        "failures": failures(rows),
        "absent": dict(judged.absent),
    }


def is_long(row: Found) -> bool:
    """Above 80 characters of zh or 60 words of en."""
    return bool(row["chars"] > 80 if row["lang"] == "zh" else row["words"] > 60)


def by_source(judged: Judged) -> Findings:
    """Every arm on every source that has both people and machines."""
    machine, pure = judged.machine, judged.pure
    names = np.array([row["source"] for row in judged.found])
    groups = np.array([row["group"] for row in judged.found])
    found = {}
    for source in np.unique(names):
        here = (names == source) & pure
        truth = machine[here]
        if truth.all() or not truth.any():
            continue
        arms = {name: scores[here] for name, scores in judged.arms.items()}
        found[str(source)] = {
            "people": int((~truth).sum()),
            "machines": int(truth.sum()),
            "arms": {
                name: {
                    **asdict(each),
                    "better": each.is_better,
                    "worse": each.is_worse,
                }
                for name, each in ranked(arms, OURS, truth, groups[here]).items()
            },
            "features": {
                name: either_way(scores[here], truth)
                for name, scores in judged.features.items()
            },
        }
    return found


def macro(sources: Findings, rows: Sequence[Found]) -> Findings:
    """Means over sources with both classes, without those that stand beside."""
    counted = [name for name in sources if name not in BESIDE]
    arms = {name for s in counted for name in sources[s]["arms"]}
    recalls = []
    for source in counted:
        own = [r for r in rows if r["source"] == source and r["label"] == "ai"]
        recalls.append(sum(r["verdict"] == ACCUSED for r in own) / len(own))
    return {
        "sources": counted,
        "auroc": {
            arm: _mean(sources[s]["arms"][arm]["auroc"] for s in counted)
            for arm in sorted(arms)
        },
        "recall": _mean(recalls),
    }


def control(judged: Judged) -> Findings:
    """All sources together: ours beside what knows no language at all.

    "source" ranks a text by the share of machines in its source.
    """
    pure = judged.pure
    truth = judged.machine[pure]
    names = np.array([row["source"] for row in judged.found])[pure]
    of = {name: truth[names == name].mean() for name in np.unique(names)}
    features = {name: scores[pure] for name, scores in judged.features.items()}
    return {
        OURS: auroc(judged.arms[OURS][pure], truth),
        "source": auroc(np.array([of[name] for name in names]), truth),
        **{name: either_way(scores, truth) for name, scores in features.items()},
    }


def populations(rows: Iterable[Found]) -> Findings:
    """People called AI_GENERATED: all, by source and by domain, the worst named."""
    people = [row for row in rows if row["label"] == "human"]
    kinds: dict[str, Callable[[Found], str]] = {
        "source": lambda row: str(row["source"]),
        "domain": lambda row: f"{row['source']}/{row['domain']}",
    }
    found: Findings = {"all": share(people, ACCUSED)}
    for kind, name_of in kinds.items():
        groups: dict[str, list[Found]] = {}
        for row in people:
            groups.setdefault(name_of(row), []).append(row)
        told: Findings = {
            name: share(some, ACCUSED)
            for name, some in sorted(groups.items())
            if len(some) >= SMALLEST
        }
        found[kind] = told
        if told:
            worst = max(told, key=lambda name: told[name]["value"])
            found[f"worst_{kind}"] = {"name": worst, **told[worst]}
    return found


def polish(rows: Iterable[Found]) -> Findings:
    """Texts of two hands that are called AI_GENERATED, by how much was changed."""
    groups: dict[str, list[Found]] = {}
    for row in rows:
        if row["label"] == "mixed":
            groups.setdefault(f"{row['source']}/{row['attack']}", []).append(row)
    light = [r for n, some in groups.items() for r in some if is_light(n)]
    return {
        "light": share(light, ACCUSED),
        **{name: share(some, ACCUSED) for name, some in sorted(groups.items())},
    }


def is_light(name: str) -> bool:
    """Whether a kind of polish keeps the person's wording: all of our own does."""
    return name.startswith("own_polish/") or name.endswith("/light")


def failures(rows: Iterable[Found]) -> dict[str, list[str]]:
    """Ids of the worst mistakes, the surest first."""
    accused = [r for r in rows if r["label"] == "human" and r["verdict"] == ACCUSED]
    cleared = [r for r in rows if r["label"] == "ai" and r["verdict"] == "HUMAN"]
    accused.sort(key=lambda row: -row["ai_probability"])
    cleared.sort(key=lambda row: row["ai_probability"])
    return {
        "people called AI_GENERATED": _spread(accused),
        "machines called HUMAN": _spread(cleared),
    }


def of_accounts(outcomes: Sequence[Outcome], unseen: Sequence[HeldOut]) -> Findings:
    """Everything measured on the recorded accounts."""
    groups: dict[str, list[Outcome]] = {"people": [e for e in outcomes if not e.bot]}
    for lang in sorted({each.lang for each in outcomes}):
        for kind, bot in (("people", False), ("bots", True)):
            some = [e for e in outcomes if e.lang == lang and e.bot is bot]
            groups[f"{kind} {lang}"] = some
    languages = sorted({each.lang for each in outcomes})
    return {
        "tiers": {
            name: {tier: asdict(reached(some, tier)) for tier in TIERS[1:]}
            for name, some in groups.items()
            if some
        },
        "shipped_posterior": {
            lang: asdict(shipped([e for e in outcomes if e.lang == lang]))
            for lang in languages
        },
        "held_out": [asdict(each) for each in unseen],
    }


def _spread(rows: Sequence[Found]) -> list[str]:
    """Ids of the first of each source in turn, so that no source fills the list."""
    by: dict[str, list[str]] = {}
    for row in rows:
        by.setdefault(row["source"], []).append(row["id"])
    deep = max((len(ids) for ids in by.values()), default=0)
    turns = [ids[k] for k in range(deep) for ids in by.values() if k < len(ids)]
    return turns[:SHOWN]


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
