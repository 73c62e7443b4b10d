"""`truepen demo` tells true stories."""

import re
from functools import cache

from typer.testing import CliRunner

from services.cli.main import app


@cache
def told() -> str:
    """What the demonstration prints; run once for all tests."""
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output
    return result.output


def last_table() -> dict[str, str]:
    """The summary: a line for each account."""
    lines = told().partition("How they stand")[2].splitlines()
    rows = [[cell.strip() for cell in re.split("[│|]", line)] for line in lines]
    return {row[1]: " ".join(row[2:]) for row in rows if len(row) > 4}


def test_a_person_and_one_who_is_helped_stay_clear() -> None:
    stands = last_table()

    assert "CLEAR" in stands["lin_xia"]
    assert "CLEAR" in stands["teacher_wu"]
    assert "BANNED" not in stands["lin_xia"] + stands["teacher_wu"]


def test_a_wholly_hosted_account_is_banned_provisionally() -> None:
    assert "BANNED" in last_table()["glow_daily"]
    assert "provisional until a person confirms" in told()


def test_an_occasional_user_of_hosting_is_warned_and_not_banned() -> None:
    assert "WARNING" in told()
    assert "BANNED" not in last_table()["weekend_walks"]


def test_an_interaction_bot_is_kept_from_interacting() -> None:
    assert "INTERACTION_LIMITED" in last_table()["spark_fan"]


def test_owners_are_told_in_two_languages() -> None:
    assert "The owner reads" in told()


def test_what_the_numbers_mean_is_told_before_the_first_of_them() -> None:
    before, _, _ = told().partition("lin_xia")

    assert "above 0 for a machine, below 0 for a person" in before
    assert "Shanghai" in before


def test_long_findings_go_on_below_where_they_began() -> None:
    panels = [line for line in told().splitlines() if line.startswith("│  ")]

    assert panels
    assert [line for line in panels if line.startswith("│  facts")] == []
