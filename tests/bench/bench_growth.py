"""What costs grow with: `python -m tests.bench.bench_growth [CURVE ...]`.

CPU time of the process, called without a wire, against accounts on record,
activities of an account, rules of a ruleset, and items of a batch. The points of a
curve take turns, but for accounts on record, of which there are only ever more.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from services.accounts.domain.state import Facts, fold
from services.cli.stories import samples
from services.detector.detect import Detector
from services.detector.model import Model
from services.policy.domain.rulefile import load_ruleset
from services.runtime import migrate
from tests.accounts.acts import folded
from tests.accounts.serving import accounts_running
from tests.bench.bench_accounts import BATCH, STARTS, Batches
from tests.bench.bench_policy import of_size
from tests.bench.bench_profiles import acts, derived, written
from tests.bench.measuring import cpu_us, in_turns, say, summary
from tests.policy.worlds import some_evidence
from truepen.accounts.v1 import accounts_service_pb2 as pb

ROUNDS = 11
HELD = (100, 1_000, 10_000, 100_000)
OF_ONE = (1, 3, 10, 30, 100, 300, 1_000, 3_000)
RULES = (1, 4, 16, 64, 200)
BATCHES = (1, 10, 100, 1_000)
TEXTS = (1, 4, 16, 64, 256)


def tell(curve: str, series: str, per: str, found: dict[int, list[float]]) -> None:
    """Say the points of one line of a figure."""
    for x, values in found.items():
        what = f"{series}, {x:,} {curve}"
        say(what, summary(values), f"us CPU {per}", curve=curve, series=series, x=x)


def turns(
    sizes: tuple[int, ...], work: Callable[[int], Callable[[], float]]
) -> dict[int, list[float]]:
    """What *work* made for each of *sizes* returns, in turns."""
    found = in_turns({str(n): work(n) for n in sizes}, ROUNDS)
    return {int(name): values for name, values in found.items()}


async def cpu_of(call: Any, request: Any, items: int) -> float:
    """Microseconds of CPU for each of *items* in one call."""
    begun = time.process_time()
    await call(request)
    return (time.process_time() - begun) / items * 1e6


def over(names: list[str], tag: str) -> pb.RecordActivitiesRequest:
    """A batch of new activities, in turn of each of *names*."""
    request = pb.RecordActivitiesRequest()
    for place in range(BATCH):
        name = names[place % len(names)]
        sent = request.activities.add(id=f"{tag}-{place}", account=name, type=3)
        sent.text_length = 40
        sent.event_time.seconds = STARTS + place * 7
    return request


async def of_accounts(folder: Path) -> None:
    """Batches over a hundred of so many accounts, and profiles of any of them."""
    url = f"sqlite:///{folder}/held.db"
    migrate.upgrade(url, "services.accounts")
    recorded: dict[int, list[float]] = {}
    read: dict[int, list[float]] = {}
    chance = random.Random(1)
    async with accounts_running(folder, url) as running:
        held: list[str] = []
        for size in HELD:
            while len(held) < size:
                new = [f"accounts/a{len(held) + n}" for n in range(min(BATCH, size))]
                await running.accounts.RecordActivities(over(new, f"i{len(held)}"))
                held += new
            recorded[size], read[size] = [], []
            for turn in range(ROUNDS):
                some = chance.sample(held, 100)
                call = running.accounts.RecordActivities
                recorded[size].append(
                    await cpu_of(call, over(some, f"r{size}-{turn}"), BATCH)
                )
                names = [f"{name}/profile" for name in some]
                request = pb.BatchGetProfilesRequest(names=names)
                call = running.accounts.BatchGetProfiles
                read[size].append(await cpu_of(call, request, len(names)))
    tell("accounts", "an activity recorded", "each", recorded)
    tell("accounts", "a profile read", "each", read)


def of_activities() -> None:
    """Deriving a profile, and folding ten more in."""
    states = {n: folded(acts(n)) for n in OF_ONE}
    few = Facts(acts(10))
    tell(
        "activities",
        "a profile derived",
        "in all",
        turns(OF_ONE, lambda n: partial(derived, states[n])),
    )
    notes = {n: folded(*written(n)) for n in OF_ONE}
    tell(
        "activities",
        "a profile derived where all are scored notes",
        "in all",
        turns(OF_ONE, lambda n: partial(derived, notes[n])),
    )
    tell(
        "activities",
        "ten more folded in",
        "in all",
        turns(OF_ONE, lambda n: partial(cpu_us, partial(fold, states[n], few), 40)),
    )


def of_rules() -> None:
    """Asking a ruleset of so many rules about one account."""
    evidence = some_evidence()
    sizes = {n: load_ruleset(of_size(n)) for n in RULES}
    work = lambda n: partial(cpu_us, partial(sizes[n].ask, evidence), 300)  # noqa: E731
    tell("rules", "a ruleset asked", "in all", turns(RULES, work))


async def of_batches(folder: Path) -> None:
    """Activities by call, ten of each account in a larger one."""
    url = f"sqlite:///{folder}/batches.db"
    migrate.upgrade(url, "services.accounts")
    found: dict[int, list[float]] = {size: [] for size in BATCHES}
    async with accounts_running(folder, url) as running:
        call = running.accounts.RecordActivities
        sources = {size: Batches(size, max(size // 10, 1)) for size in BATCHES}
        for turn in range(ROUNDS + 1):
            for size, source in sources.items():
                calls = max(100 // size, 1)
                costs = [await cpu_of(call, source.next(), size) for _ in range(calls)]
                if turn:  # the first one loads what is loaded late
                    found[size].append(sum(costs) / calls)
    tell("items a batch", "an activity recorded", "each", found)


def of_texts() -> None:
    """Texts by batch, through the cascade."""
    detector = Detector(Model())
    told = samples()
    texts = list(cycled([*told["person"], *told["hosted"]], max(TEXTS)))
    for size in TEXTS:
        detector.detect(texts[:size])

    def work(size: int) -> Callable[[], float]:
        def once() -> float:
            begun = time.process_time()
            for start in range(0, len(texts), size):
                detector.detect(texts[start : start + size])
            return (time.process_time() - begun) / len(texts) * 1e6

        return once

    tell("items a batch", "a text assessed", "each", turns(TEXTS, work))


def cycled(texts: list[str], count: int) -> Iterator[str]:
    """*count* different texts made of *texts*."""
    for number in range(count):
        yield f"{texts[number % len(texts)]} {number}"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        curves: dict[str, Callable[[], None]] = {
            "accounts": lambda: asyncio.run(of_accounts(folder)),
            "activities": of_activities,
            "rules": of_rules,
            "batches": lambda: asyncio.run(of_batches(folder)),
            "texts": of_texts,
        }
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("curves", nargs="*", metavar="CURVE", choices=[*curves, []])
        options = parser.parse_args()
        for curve in options.curves or curves:
            curves[curve]()


if __name__ == "__main__":
    main()
