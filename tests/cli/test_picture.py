"""A profile on a terminal."""

import asyncio
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from services.cli.picture import BAR, HALF, gaps, interval, shade, signed, week
from services.cli.picture import picture as drawn
from services.cli.profile import profile
from tests.cli.hosted import hosted_suite
from truepen.accounts.v1 import profile_pb2 as pb

SHARES = st.floats(0, 1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.lists(SHARES, min_size=3, max_size=3).map(sorted))
def test_an_interval_always_fits_its_bar(ends: list[float]) -> None:
    bar = interval(*ends)

    assert len(bar) == BAR
    assert bar.count("┃") == 1


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_one_activity_is_always_seen(count: int, more: int) -> None:
    assert shade(count, count + more) != " "
    assert shade(0, count) == " "


@given(st.floats(-50, 50))
def test_evidence_for_a_person_points_left(ratio: float) -> None:
    left, right = signed(ratio).split("│")

    assert len(left) == HALF
    assert "█" not in (right if ratio < 0 else left)


def test_hours_of_the_week_are_where_they_were() -> None:
    monday = datetime(2026, 10, 12, 7, 30, tzinfo=UTC)

    rows = week([monday, monday]).plain.splitlines()

    assert rows[1] == f"Mon {' ' * 7}█{' ' * 16}"
    assert rows[2].strip() == "Tue"


def test_every_gap_has_its_place() -> None:
    start = datetime(2026, 10, 12, tzinfo=UTC)
    times = [start + timedelta(seconds=s) for s in (0, 0.5, 60, 120, 10**6)]
    paper = Console(file=io.StringIO(), width=100)

    paper.print(gaps(times))

    rows = paper.file.getvalue().splitlines()  # type: ignore[attr-defined]
    counts = {row[:10].strip(): int(row.split()[-1]) for row in rows}
    assert counts["under 1 s"] == 1
    assert counts["to 1 min"] == 1
    assert counts["to 10 min"] == 1
    assert counts["longer"] == 1
    assert sum(counts.values()) == 4


def test_an_account_of_which_nothing_is_known_is_drawn() -> None:
    out = io.StringIO()

    Console(file=out).print(drawn(pb.Profile(name="accounts/a/profile"), [], "UTC"))

    assert "nothing recorded" in out.getvalue()


async def test_a_terminal_gets_a_picture_and_a_pipe_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    async with hosted_suite(tmp_path) as suite:
        piped = await suite.run("profile", suite.account)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", terminal)
            await asyncio.to_thread(
                profile, suite.account, time_zone="Asia/Shanghai", target=suite.target
            )

    assert json.loads(piped.stdout)["name"] == f"{suite.account}/profile"
    text = terminal.getvalue()
    for shown in ("Asia/Shanghai", "█", "┃", "OPERATION", "(hard", "abstains"):
        assert shown in text


async def test_the_picture_is_written_as_a_figure_of_its_own(tmp_path: Path) -> None:
    figure, nowhere = tmp_path / "a.svg", tmp_path / "no" / "a.svg"
    async with hosted_suite(tmp_path) as suite:
        told = await suite.run("profile", suite.account, "--svg", str(figure))
        failed = await suite.run("profile", suite.account, "--svg", str(nowhere))

    assert told.exit_code == 0, (told.stderr, told.exception)
    svg = ET.parse(figure).getroot()
    text = "".join(svg.itertext())
    assert json.loads(told.stdout)["name"] == f"{suite.account}/profile"
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert all(part in text for part in ("Hours", "COORDINATION", "OPERATION"))
    assert "url(http" not in figure.read_text("utf-8")
    assert failed.exit_code == 2
    assert str(nowhere) in failed.stderr
