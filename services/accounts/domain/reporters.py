"""How far a reporter has been right, and what many reports amount to."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.accounts.domain.evidence import ReportSummary

PRIOR_STRENGTH = 4.0  # outcomes that the prior mean of one half is worth
WARN_UNFOUNDED = 3
MUTE_UNFOUNDED = 6
LOW_RELIABILITY = 0.35


@dataclass(frozen=True, slots=True)
class Record:
    """Outcomes of a reporter's reports that a moderator finally judged."""

    confirmed: int = 0
    unfounded: int = 0


def reliability(record: Record) -> float:
    """Posterior mean of being right, in (0, 1); 0.5 = nothing known.

    A Beta prior of strength `PRIOR_STRENGTH` about one half shrinks the share
    of confirmed reports, so that one outcome makes nobody right or wrong.
    """
    total = record.confirmed + record.unfounded + PRIOR_STRENGTH
    return (record.confirmed + PRIOR_STRENGTH / 2) / total


def is_warned(record: Record) -> bool:
    """Say whether the reporter is to be told that unfounded reports lead on."""
    return record.unfounded >= WARN_UNFOUNDED and reliability(record) < LOW_RELIABILITY


def is_muted(record: Record) -> bool:
    """Say whether one more unfounded report mutes the reporter."""
    return record.unfounded >= MUTE_UNFOUNDED and reliability(record) < LOW_RELIABILITY


@dataclass(frozen=True, slots=True)
class Voice:
    """One report as evidence: who, in which words, of what weight, when."""

    reporter: str
    wording: str
    weight: float
    create_us: int
    cluster: str = ""
    """The coordinated cluster that the reporter belongs to; empty = none."""


def summary(voices: Iterable[Voice]) -> ReportSummary:
    """Add up *voices*; those of one reporter, or in the same words, are one.

    So are those of reporters who act together. Of all that are one, the
    weightiest counts. An empty wording joins nobody.
    """
    ordered = sorted(voices, key=lambda voice: (voice.create_us, voice.reporter))
    clusters: list[float] = []
    by_reporter: dict[str, int] = {}
    by_wording: dict[str, int] = {}
    by_cluster: dict[str, int] = {}
    for voice in ordered:
        wording = " ".join(voice.wording.casefold().split())
        place = by_reporter.get(voice.reporter)
        if place is None and wording:
            place = by_wording.get(wording)
        if place is None and voice.cluster:
            place = by_cluster.get(voice.cluster)
        if place is None:
            place = len(clusters)
            clusters.append(0.0)
        by_reporter.setdefault(voice.reporter, place)
        if wording:
            by_wording.setdefault(wording, place)
        if voice.cluster:
            by_cluster.setdefault(voice.cluster, place)
        clusters[place] = max(clusters[place], voice.weight)
    return ReportSummary(
        report_count=len(ordered),
        independent_count=len(clusters),
        weight=sum(clusters),
        last_report_us=max((voice.create_us for voice in ordered), default=0),
    )
