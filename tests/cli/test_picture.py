"""A profile on a terminal."""

import asyncio
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from services.cli.picture import BAR, HALF, interval, shade, signed, week
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
