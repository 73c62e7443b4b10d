"""Draws the growth curves that were measured: `python -m tests.bench --figures DIR`."""

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 480, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 44
COLOURS = ("#0550ae", "#b35900", "#1a7f37")
FRAME = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" \
font-family="sans-serif" font-size="11">"""
Row = dict[str, Any]


class Scale:
    """A logarithmic axis: whole decades from the least value to the most."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        logs = [math.log10(value) for value in values]
        self._low = math.floor(min(logs) + 1e-9)
        self._high = max(math.ceil(max(logs) - 1e-9), self._low + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        """Where *value* is drawn."""
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        """The powers of ten."""
        return [10.0**power for power in range(self._low, self._high + 1)]


def write_figures(rows: list[Row], folder: Path) -> list[Path]:
    """Draw each curve among *rows* into *folder*; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    curves: dict[str, list[Row]] = {}
    for row in rows:
        if "curve" in row:
            curves.setdefault(row["curve"], []).append(row)
    written = []
    for curve, points in curves.items():
        path = folder / f"growth-{curve.replace(' ', '-')}.svg"
        path.write_text(drawn(curve, points), encoding="utf8")
        written.append(path)
    return written


def drawn(curve: str, rows: list[Row]) -> str:
    """Return the figure of one curve: medians, quartiles, and a dashed straight line."""
    across = Scale((row["x"] for row in rows), LEFT, WIDTH - RIGHT)
    values = [value for row in rows for value in row["quartiles"]]
    up = Scale(values, HEIGHT - BOTTOM, TOP)
    series: dict[str, list[Row]] = {}
    for row in rows:
        series.setdefault(f"{row['series']}, {row['unit']}", []).append(row)
    parts = [
        FRAME,
        f"<title>Cost against {escape(curve)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *axes(across, up, curve),
    ]
    for place, (name, points) in enumerate(series.items()):
        parts += line_of(name, points, across, up, place)
    return "\n".join([*parts, "</svg>\n"])


def axes(across: Scale, up: Scale, curve: str) -> list[str]:
    """Grid lines at the powers of ten, and what they count."""
    parts = []
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(f'<path d="M{x:.0f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(text(x, HEIGHT - BOTTOM + 16, f"{tick:,.0f}", "middle"))
    for tick in up.ticks():
        y = up.at(tick)
        parts.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 6, y + 4, f"{tick:,.0f}", "end"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, text(middle, HEIGHT - 8, curve, "middle")]


def line_of(
    name: str, points: list[Row], across: Scale, up: Scale, place: int
) -> list[str]:
    """One series, its name, and where it would go if its last point were on a line.

    A cost *each* is linear where it is level, a cost *in all* where it rises by ten
    for ten.
    """
    colour = COLOURS[place % len(COLOURS)]
    points = sorted(points, key=lambda row: row["x"])
    ends = [points[0]["x"], points[-1]["x"]]
    rises = points[0]["unit"].endswith("in all")
    last = points[-1]["median"]
    least = up.ticks()[0]
    straight = [(x, last * x / ends[1] if rises else last) for x in ends]
    if rises and straight[0][1] < least:
        straight[0] = (ends[1] * least / last, least)
    parts = [
        polyline(straight, across, up, f'stroke="{colour}" stroke-dasharray="3 4"'),
        polyline(
            [(row["x"], row["median"]) for row in points],
            across,
            up,
            f'stroke="{colour}" stroke-width="2"',
        ),
        text(LEFT, 16 + 14 * place, name, "start", colour),
    ]
    for row in points:
        x, (low, high) = across.at(row["x"]), row["quartiles"]
        parts.append(
            f'<path d="M{x:.1f} {up.at(low):.1f}V{up.at(high):.1f}" '
            f'stroke="{colour}" stroke-width="4" stroke-opacity=".4"/>'
        )
    return parts


def polyline(
    points: list[tuple[float, float]], across: Scale, up: Scale, style: str
) -> str:
    """A line through *points*."""
    places = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" {style}/>'


def text(x: float, y: float, said: str, anchor: str, colour: str = "#333") -> str:
    """A few words."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(said)}</text>"
    )
