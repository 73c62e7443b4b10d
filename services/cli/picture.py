"""What is known about an account as a picture, for a terminal."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from services.cli.answers import channel_name
from truepen.accounts.v1 import profile_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES = " ░▒▓█"
BAR = 32
HALF = 16
CAP = 10.0  # natural-log units that fill half a bar; stronger ones are cut
SECONDS_A_DAY = 86_400
SURE = 0.999
GAPS = (
    ("under 1 s", 1.0),
    ("1 to 10 s", 10.0),
    ("to 1 min", 60.0),
    ("to 10 min", 600.0),
    ("to 1 h", 3_600.0),
    ("to 6 h", 21_600.0),
    ("to 1 d", 86_400.0),
    ("longer", float("inf")),
)
"""How long it is from one activity to the next: name, and its end in seconds."""


def picture(profile: pb.Profile, times: Iterable[datetime], zone: str) -> Group:
    """Return *profile*, and hours and gaps of *times*, which are in *zone*, drawn."""
    times = sorted(times)
    return Group(
        Text(f"{profile.name}  revision {profile.revision}", style="bold"),
        Text(f"{profile.activity_count} activities\n"),
        Text(f"Hours of the week, {zone}", style="bold"),
        week(times),
        Text("\nFrom one activity to the next", style="bold"),
        gaps(times),
        Text("\nAI-made share of its posts", style="bold"),
        reliances(profile),
        Text("\nAutomation", style="bold"),
        automation(profile),
        Text("\nChannels: left speaks for a person, right for AI or automation"),
        channels(profile),
    )


def week(times: Iterable[datetime]) -> Text:
    """A row a day, a cell an hour, darker where more was done."""
    counts = Counter((time.weekday(), time.hour) for time in times)
    most = max(counts.values(), default=0)
    lines = ["    0     6     12    18"]
    for day, name in enumerate(DAYS):
        cells = (shade(counts[day, hour], most) for hour in range(24))
        lines.append(f"{name} {''.join(cells)}")
    lines.append(f"{most} in the busiest hour" if most else "nothing recorded")
    return Text("\n".join(lines))


def gaps(times: Sequence[datetime]) -> Table:
    """A bar a length, of *times* in order; the commonest length fills it."""
    table = _bare()
    ends = [end for _, end in GAPS]
    counts = Counter(
        bisect_right(ends, (later - time).total_seconds())
        for time, later in pairwise(times)
    )
    most = max(counts.values(), default=0)
    for place, (name, _) in enumerate(GAPS):
        filled = -(-counts[place] * BAR // most) if most else 0
        table.add_row(name, "━" * filled + "·" * (BAR - filled), f"{counts[place]}")
    return table


def shade(count: int, most: int) -> str:
    """A cell; one activity is always to be seen."""
    if not count:
        return SHADES[0]
    return SHADES[-(-count * (len(SHADES) - 1) // most)]


def reliances(profile: pb.Profile) -> Table:
    """A bar from 0 to 1 a window: the interval, and its median."""
    table = _bare()
    for found in profile.reliances:
        days = f"{found.window.seconds // SECONDS_A_DAY} d"
        if found.window.seconds == 0:
            days = "epoch"
        if found.state != pb.RELIANCE_STATE_IDENTIFIED:
            table.add_row(days, "·" * BAR, "cannot tell", _posts(found))
            continue
        said = f"{found.lower:.0%} to {found.upper:.0%}, median {found.median:.0%}"
        bar = interval(found.lower, found.median, found.upper)
        table.add_row(days, bar, said, _posts(found))
    return table


def interval(lower: float, median: float, upper: float) -> str:
    """A bar of [0, 1] with [lower, upper] drawn and the median marked."""
    first, middle, last = (
        min(BAR - 1, int(value * BAR)) for value in (lower, median, upper)
    )
    cells = ["━" if first <= place <= last else "·" for place in range(BAR)]
    cells[middle] = "┃"
    return "".join(cells)


def automation(profile: pb.Profile) -> Table:
    """Operation and interaction: probability, and the channels behind it."""
    table = _bare()
    for name, found in (
        ("operation", profile.automation),
        ("interaction", profile.interaction_automation),
    ):
        filled = round(found.probability * BAR)
        behind = [channel_name(kind) for kind in found.channels]
        said = ", ".join([*behind, *found.strategies]) or "nothing speaks for it"
        bar = "━" * filled + "·" * (BAR - filled)
        table.add_row(name, bar, _percent(found.probability), said)
    return table


def channels(profile: pb.Profile) -> Table:
    """Signed bars with reasons; those that abstain say why."""
    table = _bare()
    for found in profile.channels:
        ratio = found.log_likelihood_ratio
        speaks = found.state == pb.CHANNEL_STATE_SPEAKS
        said = ", ".join(found.reasons) + (" (hard fact)" if found.hard else "")
        table.add_row(
            channel_name(found.kind),
            signed(ratio) if speaks else f"{' ' * HALF}│",
            f"{ratio:+.2f}" if speaks else "abstains",
            said,
        )
    return table


def signed(ratio: float) -> str:
    """A bar to the left or to the right of the middle."""
    length = min(HALF, round(abs(ratio) / CAP * HALF))
    if ratio < 0:
        return f"{'█' * length:>{HALF}}│"
    return f"{' ' * HALF}│{'█' * length}"


def _posts(found: pb.Reliance) -> str:
    return f"{found.eligible_count} posts count, {found.hard_count} with hard facts"


def _percent(probability: float) -> str:
    """A probability in words that do not claim certainty."""
    return "> 99.9%" if probability > SURE else f"{probability:.1%}"


def _bare() -> Table:
    """A table whose names and bars are whole however narrow the terminal is."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, min_width=len("COORDINATION"))
    table.add_column(no_wrap=True, min_width=2 * HALF + 1)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    return table
