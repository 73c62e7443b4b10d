"""Drawings of the accuracy report, as SVG that needs nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from tests.accuracy.texts import OURS

LEFT: Final = 210
WIDE: Final = 420
ROW: Final = 26
TOP: Final = 46
COLOURS: Final = ("#06c", "#e07000", "#2a8a3a", "#a03090", "#888")
LOWEST: Final = 0.5  # left end of an AUROC axis; what lies below sits on it
ALLOWED: Final = 0.02  # false positives in the worst population


def rankings(sources: Mapping[str, Any], lang: str) -> str:
    """A row a source: AUROC with its 95 % interval, for ours and each other arm."""
    arms = [
        OURS,
        *sorted({arm for each in sources.values() for arm in each["arms"]} - {OURS}),
    ]
    drawn = [_legend(arms)]
    for row, (source, each) in enumerate(sources.items()):
        drawn.append(_name(source, row))
        for k, arm in enumerate(arms):
            if arm not in each["arms"]:
                continue
            said = each["arms"][arm]
            low, high = (_along(_cut(x)) for x in said["interval"])
            y = TOP + ROW * row + 4 + 4 * k
            drawn.append(
                f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="{COLOURS[k]}" stroke-opacity=".5"/>'
                f'<circle cx="{_along(_cut(said["auroc"])):.1f}" cy="{y}" r="2.6" fill="{COLOURS[k]}"/>'
            )
    ticks = [(_along(_cut(v)), f"{v:.1f}") for v in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    title = f"AUROC by source, {lang}, with 95 % intervals"
    return _page(title, len(sources), drawn, ticks)


def accusations(people: Mapping[str, Any], lang: str) -> str:
    """A row a population of people: share called AI_GENERATED, 95 % interval."""
    most = max([2 * ALLOWED, *(each["interval"][1] for each in people.values())])
    drawn = []
    for row, (source, each) in enumerate(people.items()):
        low, high = (_along(x / most) for x in each["interval"])
        y = TOP + ROW * row + 10
        drawn.append(_name(f"{source} ({each['texts']})", row))
        drawn.append(
            f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="#06c" stroke-opacity=".5" stroke-width="3"/>'
            f'<circle cx="{_along(each["value"] / most):.1f}" cy="{y}" r="4" fill="#06c"/>'
        )
    bar = _along(ALLOWED / most)
    height = TOP + ROW * len(people)
    drawn.append(
        f'<path d="M{bar:.1f} {TOP}V{height}" stroke="#b00020" stroke-dasharray="4"/>'
    )
    ticks = [(_along(v / most), f"{100 * v:g} %") for v in (0, ALLOWED, most)]
    title = f"People called AI_GENERATED, {lang}, with exact 95 % intervals"
    return _page(title, len(people), drawn, ticks)


def posteriors(held_out: Sequence[Mapping[str, Any]]) -> str:
    """A row a set and kind: share of accounts at or above each level."""
    drawn, row = [], 0
    levels = list(held_out[0]["levels"])
    drawn.append(_legend([f"≥ {level}" for level in levels]))
    for each in held_out:
        for kind, side in (("bots", 0), ("people", 1)):
            drawn.append(_name(f"{each['name']}: {each[kind]} {kind}", row))
            for k, level in enumerate(levels):
                part = each["levels"][level][side] / each[kind]
                y = TOP + ROW * row + 2 + 5 * k
                drawn.append(
                    f'<path d="M{LEFT} {y}H{_along(part):.1f}" stroke="{COLOURS[k]}" stroke-width="4"/>'
                )
            row += 1
    ticks = [(_along(v), f"{100 * v:.0f} %") for v in (0, 0.25, 0.5, 0.75, 1)]
    title = "Accounts by automation posterior, fits that have not seen them"
    return _page(title, row, drawn, ticks)


def _page(
    title: str, rows: int, drawn: Sequence[str], ticks: Sequence[tuple[float, str]]
) -> str:
    bottom = TOP + ROW * rows
    marks = "".join(
        f'<path d="M{x:.1f} {TOP - 4}V{bottom}" stroke="#ddd"/>'
        f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{escape(text)}</text>'
        for x, text in ticks
    )
    size = f"{LEFT + WIDE + 40} {bottom + 26}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="8" y="16" font-size="13">{escape(title)}</text>'
        f"{marks}{''.join(drawn)}</svg>\n"
    )


def _legend(names: Sequence[str]) -> str:
    return "".join(
        f'<circle cx="{12 + 135 * k}" cy="30" r="4" fill="{COLOURS[k]}"/>'
        f'<text x="{20 + 135 * k}" y="34">{escape(name)}</text>'
        for k, name in enumerate(names)
    )


def _name(text: str, row: int) -> str:
    y = TOP + ROW * row + 14
    return f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(text)}</text>'


def _along(part: float) -> float:
    """Where on the axis a share of it lies."""
    return LEFT + WIDE * part


def _cut(auroc: float) -> float:
    return max(0.0, (auroc - LOWEST) / (1 - LOWEST))
