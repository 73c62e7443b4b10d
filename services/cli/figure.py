"""What a terminal shows, as an SVG that needs nothing from elsewhere."""

import io
from html import escape
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

WIDTH = 110
PAPER = TerminalTheme(
    (255, 255, 255),
    (32, 32, 32),
    [
        (32, 32, 32),
        (176, 0, 32),
        (0, 110, 40),
        (140, 90, 0),
        (0, 70, 160),
        (120, 30, 120),
        (0, 110, 120),
        (90, 90, 90),
    ],
)
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{
  font-family: "DejaVu Sans Mono", "Noto Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
<rect width="100%" height="100%" fill="#ffffff" />
<g transform="translate(9, 9)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def write_figure(drawn: RenderableType, title: str, path: Path) -> None:
    """Write what is *drawn* to *path*; OSError where that cannot be."""
    paper = Console(record=True, file=io.StringIO(), width=WIDTH, highlight=False)
    paper.print(drawn)
    said = escape(title).replace("{", "{{").replace("}", "}}")
    form = FORMAT.replace("TITLE", said)
    svg = paper.export_svg(theme=PAPER, code_format=form, unique_id="figure")
    path.write_text(svg, encoding="utf-8")
