"""Five hundred coordinated reports against an honest critic."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cli.stories import START
from tests.simulation.lives import DAY, TYPED, Life
from tests.simulation.town import ScoredDetector, Town, request_id, town
from truepen.accounts.v1 import reports_service_pb2 as pb

BEFORE = datetime(2026, 10, 1, tzinfo=UTC)


async def report(place: Town, number: int) -> None:
    """One of the crowd presses the button."""
    await place.reports.CreateReport(
        pb.CreateReportRequest(
            target_account="accounts/critic",
            category=pb.REPORT_CATEGORY_HOSTED_ACCOUNT,
            reporter=f"accounts/fan{number}",
            note="AI托管号,请封禁",
            request_id=request_id("fan", str(number)),
        )
    )


async def states(place: Town) -> Counter[str]:
    """How many reports are in each state."""
    listed = await place.reports.ListReports(
        pb.ListReportsRequest(target_account="accounts/critic", page_size=1_000)
    )
    names = (pb.ReportState.Name(r.state) for r in listed.reports)
    return Counter(name.removeprefix("REPORT_STATE_") for name in names)


async def until_all(place: Town, state: str, crowd: int) -> Counter[str]:
    """Wait until every report is in *state*."""
    async with asyncio.timeout(60):
        while True:
            found = await states(place)
            if found == {state: crowd}:
                return found
            await asyncio.sleep(0.1)


async def brigaded(folder: Path, crowd: int) -> None:
    """Tell the story of an honest critic and so many who want her gone."""
    detector = ScoredDetector()
    async with town(folder, BEFORE, detector, worker=True) as place:
        place.at(START)
        life = Life("critic", 11, detector)
        for day in range(20):
            life.note("human", life.waking(day), TYPED)
        await place.live(life.activities, START + 20 * DAY, DAY)
        assert place.since == {}

        for number in range(crowd):
            place.at(place.now + timedelta(seconds=3))
            await report(place, number)
        place.note(f"{crowd} reports within half an hour, in the same words")
        waiting = await until_all(place, "IN_REVIEW", crowd)
        (case,) = await place.open_cases("REPORT")
        stands = await place.evaluate("critic")
        place.note(f"one case with {case.report_count} reports; {dict(waiting)}")

        place.at(place.now + timedelta(hours=9))
        await place.decide(case, "NO_ACTION", "She writes what she saw, by hand.")
        answered = await until_all(place, "NO_ACTION", crowd)
        reporter = await place.reports.GetReporter(
            pb.GetReporterRequest(name="reporters/fan7")
        )
        place.note(f"a person found nothing; {dict(answered)}")
        place.tell(f"{crowd} reports against an honest critic")

        assert case.report_count == crowd
        assert (stands.tier, place.seen) == (1, {})
        assert await place.told("critic") == []
        assert await place.decisions("critic") == []
        assert not await place.open_cases("REPORT")
        assert reporter.reporter.unfounded_count == 1


async def test_a_crowd_of_reporters_moves_nobody_and_all_are_answered(
    tmp_path: Path,
) -> None:
    await brigaded(tmp_path, 50)


@pytest.mark.slow
async def test_five_hundred_reporters_move_nobody_and_all_are_answered(
    tmp_path: Path,
) -> None:
    await brigaded(tmp_path, 500)
