"""One byte form for every value: sorted, lossless, the same everywhere."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.canonical import (
    canonical,
    digest,
    format_time,
    from_plain,
    parse_time,
)
from services.policy.domain.numbers import Ladder
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import Tier

zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


def test_the_bytes_are_fixed() -> None:
    value = {"b": (1, 0.1, -0.0, None, True), "a": Tier.BANNED, "é": "微"}

    assert (
        canonical(value).decode() == '{"a":"BANNED","b":[1,0.1,0.0,null,true],"é":"微"}'
    )
    assert (
        digest([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    )


@given(st.datetimes(timezones=zones).filter(lambda time: 1 < time.year < 9999))
def test_times_read_back_exactly_in_utc(time: datetime) -> None:
    text = format_time(time)

    assert parse_time(text) == time
    assert len(text) == len("2026-06-01T12:00:00.000000Z")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_exactly(number: float) -> None:
    assert float(canonical(number)) == number


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_has_no_form(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(number)


def test_a_time_without_zone_has_no_form() -> None:
    with pytest.raises(ValueError, match="without zone"):
        canonical(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


def test_a_field_of_a_newer_release_is_not_half_understood() -> None:
    with pytest.raises(TypeError, match="has no"):
        from_plain(Switches, {"open_moons": []})


@pytest.mark.parametrize(
    "value",
    [
        Switches(
            open_rules=frozenset({"r"}),
            open_tiers=frozenset({Tier.BANNED}),
            earned={"r": Tier.WARNING},
        ),
        Ladder(strikes={1: Tier.WARNING}),
    ],
)
def test_values_read_back_as_written(value: Switches | Ladder) -> None:
    assert from_plain(type(value), json.loads(canonical(value))) == value


def test_numbers_of_a_ladder_are_told_by_name() -> None:
    assert b'"NOTICE":[7776000.0]' in canonical(Ladder())
