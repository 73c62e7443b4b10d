"""What an account costs: `python -m tests.bench.bench_profiles`.

CPU time of folding an activity in and of deriving a profile, and the bytes that
are held of an account: its state in accounts, its standing and log in policy.
"""

import argparse
import tracemalloc
from datetime import UTC, datetime, timedelta
from functools import partial

from services.accounts.domain.activities import Activity, Score
from services.accounts.domain.evidence import References
from services.accounts.domain.profile import AccountFacts, derive
from services.accounts.domain.state import MAX_STATE_BYTES, Facts, ProfileState, fold
from services.policy.convert.standings import ALL_CLEAR, render_standing
from services.policy.standings import Answer
from services.policy.storage.ledgers import Ledger
from tests.accounts.acts import START, a_note, a_score, an_activity, folded
from tests.bench.measuring import Found, cpu_us, in_turns, say, summary
from truepen.policy.v1 import enforcement_service_pb2 as pb

ROUNDS = 15
TIMES = 40
HELD = 2_000
WORDS = ("morning", "market", "tea", "train", "window", "river", "cat", "rain", "road")
NOW = START + timedelta(days=60)


def acts(count: int) -> list[Activity]:
    """Activities without texts, some hours apart."""
    return [
        an_activity(f"n{n}", event_time=START + timedelta(minutes=137 * n + n * n % 61))
        for n in range(count)
    ]


def written(count: int) -> tuple[list[Activity], list[Score]]:
    """Notes with texts, and what the detector said of each."""
    notes = [
        a_note(
            f"n{n}",
            " ".join(WORDS[(n * k + k) % len(WORDS)] for k in range(1, 12)),
            START + timedelta(minutes=137 * n + n * n % 61),
        )
        for n in range(count)
    ]
    return notes, [a_score(note, (n % 7) / 3 - 1.5) for n, note in enumerate(notes)]


def derived(state: ProfileState) -> float:
    """Microseconds to derive the evidence that rules are asked about."""
    facts = AccountFacts("a")
    return cpu_us(partial(derive, state, facts, NOW, References()), TIMES)


def standing_bytes() -> float:
    """Bytes that policy holds in memory of an account that is in the clear."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    tracemalloc.start()
    held: list[object] = []
    for number in range(HELD):
        name = f"account-{number}"
        message = render_standing(
            name, 0, ALL_CLEAR, now, timedelta(seconds=5), posts_made=0
        )
        answer = pb.GetStandingResponse(standing=message)
        held.append((name, Answer(answer, 0, None), Ledger(name)))
    size = tracemalloc.get_traced_memory()[0] / HELD
    tracemalloc.stop()
    # protobuf keeps messages outside Python's memory: count what they say.
    return size + answer.ByteSize()


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    plain = folded(acts(128))
    notes, scores = written(300)
    whole = folded(notes, scores)
    few = Facts(acts(10))
    found = in_turns(
        {
            "profile of 128 activities without text": partial(derived, plain),
            "profile of 300 scored notes": partial(derived, whole),
        },
        ROUNDS,
    )
    for what, values in found.items():
        say(what, summary(values), "us CPU", "<= 1,000 us")
    folding = [cpu_us(partial(fold, whole, few), TIMES) / 10 for _ in range(ROUNDS)]
    say("an activity folded in, ten at once", summary(folding), "us CPU")
    size = float(len(whole.to_bytes()))
    say(
        "state of an account with full windows",
        Found(size, size, size),
        "bytes",
        f"<= {MAX_STATE_BYTES}",
    )
    size = standing_bytes()
    say("standing and log held by policy", Found(size, size, size), "bytes")


if __name__ == "__main__":
    main()
