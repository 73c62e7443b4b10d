"""Nothing acknowledged is lost and nothing is done twice, whatever fails when.

`SIMULATION_SEED` and `SIMULATION_STEPS` choose what `-m soak` runs; a seed that
fails prints a short program, to be pasted into a test as `await run(folder, [...])`.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simulation.program import Step, program, shortest, shown
from tests.simulation.running import Run, run
from tests.simulation.seams import Wires

STEPS = 250
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]
SOAK_SEED = int(os.environ.get("SIMULATION_SEED", "1000"))
SOAK_STEPS = int(os.environ.get("SIMULATION_STEPS", "20000"))
SOAK_RUN = 500


async def simulate(folder: Path, seed: int, length: int) -> tuple[Run, Wires]:
    """Run what *seed* stands for."""
    return await simulate_steps(folder, program(seed, length), f"seed {seed}")


async def simulate_steps(
    folder: Path, steps: Sequence[Step], name: str
) -> tuple[Run, Wires]:
    """Run *steps*; where they fail, print the shortest program found that does."""
    failed = await failure(folder, steps)
    if not isinstance(failed, BaseException):
        return failed
    said = first_line(failed)

    async def fails(shorter: Sequence[Step]) -> bool:
        other = await failure(folder, shorter)
        return isinstance(other, type(failed)) and first_line(other) == said

    short = await shortest(steps, fails)
    sys.stderr.write(f"{name} fails: {failed!r}\n{shown(short)}\n")
    raise failed


async def failure(folder: Path, steps: Sequence[Step]) -> tuple[Run, Wires] | Exception:
    """Run *steps*; return what came of it, or how they fail."""
    try:
        return await run(folder, steps)
    except Exception as error:  # noqa: BLE001  # the caller raises it
        return error


def first_line(error: object) -> str:
    """Return what an assertion says, without pytest's explanation."""
    return str(error).partition("\n")[0]


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_or_doubled_under_faults(
    tmp_path: Path, seed: int
) -> None:
    made, wires = await simulate(tmp_path / "run", seed, STEPS)

    assert made.model.checks > STEPS
    assert sum(wires.struck.values()) >= 5
    assert made.outcomes["crash"] >= 1


FOUND = {
    "a standing kept in memory after a write whose outcome was lost": [
        Step("fault", fault="policy: fail after commit"),
        Step("record", 4, 186, 5),
        Step("evaluate", 4),
    ],
}


@pytest.mark.parametrize("steps", FOUND.values(), ids=FOUND.keys())
async def test_what_a_seed_found_stays_mended(
    tmp_path: Path, steps: Sequence[Step]
) -> None:
    await run(tmp_path / "run", steps)


@pytest.mark.soak
async def test_nothing_is_lost_or_doubled_in_a_long_run(tmp_path: Path) -> None:
    done = 0
    for seed in range(SOAK_SEED, SOAK_SEED + SOAK_STEPS // SOAK_RUN):
        made, wires = await simulate(tmp_path / "run", seed, SOAK_RUN)
        done += SOAK_RUN
        decisions = sum(len(a.decisions) for a in made.model.accounts.values())
        sys.stderr.write(
            f"seed {seed}: {done} steps, {sum(wires.struck.values())} faults struck, "
            f"{made.outcomes['crash']} restarts, {decisions} decisions\n"
        )


@pytest.mark.slow
async def test_an_acknowledgement_that_is_a_lie_is_found_and_made_short(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The checks can fail: two steps of forty are all that it takes."""
    steps = program(1, 40)
    lie = [Step("fault", fault="accounts: lie"), Step("record", 2, 7, 5)]
    broken = [*steps[:20], *lie, *steps[20:]]

    with pytest.raises(AssertionError, match="lost"):
        await simulate_steps(tmp_path / "run", broken, "a lie")

    told = capsys.readouterr().err
    assert "a lie fails" in told
    assert 2 <= told.count("Step(what=") <= 4
    assert "accounts: lie" in told
