"""Recording: once each, in any order, with or without a detector."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.accounts.arrivals import Arrival
from services.accounts.convert.activities import Reader, remembered
from services.accounts.domain.activities import Score, Verdict
from services.accounts.domain.times import to_us
from services.accounts.storage import ingest, profiles, reading, scoring
from services.accounts.storage.ingest import Terms
from services.accounts.storage.scoring import Harvest
from services.runtime import migrate
from services.runtime.database import Database
from services.runtime.errors import AlreadyExists
from services.runtime.status import from_status
from tests.accounts.serving import (
    DIGEST,
    NOW,
    Running,
    Words,
    accounts_running,
    an_activity,
)
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import activities_pb2

ROBOT = "as a robot I have prepared five points for you"
WORDS_SIX = ("tea", "rain", "bread", "music", "stairs", "letters")
PENDING = activities_pb2.SCORE_STATE_PENDING


async def record(
    running: Running,
    *activities: activities_pb2.Activity,
    wait: pb.WaitMode.ValueType = pb.WAIT_MODE_DURABLE,
) -> Any:
    request = pb.RecordActivitiesRequest(activities=activities, wait=wait)
    return (await running.accounts.RecordActivities(request, timeout=5)).results


async def profile(running: Running, account: str = "a1") -> Any:
    request = pb.GetProfileRequest(name=f"accounts/{account}/profile")
    return (await running.accounts.GetProfile(request)).profile


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110  # it is in a database
            await asyncio.sleep(0.01)


async def test_repeating_an_activity_gets_the_first_answer(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        [first] = await record(running, an_activity())
        await record(running, an_activity("n2"))
        [again] = await record(running, an_activity())

        assert not first.recorded.duplicate
        assert again.recorded.duplicate
        assert again.recorded.revision == first.recorded.revision
        assert (await profile(running)).activity_count == 2


async def test_another_body_under_the_same_id_is_refused(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(text="one"))
        other, fresh = await record(running, an_activity(text="two"), an_activity("n2"))

        assert isinstance(from_status(other.error), AlreadyExists)
        assert fresh.HasField("recorded")
        assert (await profile(running)).activity_count == 2


async def test_a_batch_may_repeat_and_contradict_itself(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        results = await record(
            running, an_activity(), an_activity(), an_activity(hours_ago=3)
        )

        assert [r.recorded.duplicate for r in results[:2]] == [False, True]
        assert isinstance(from_status(results[2].error), AlreadyExists)
        assert (await profile(running)).activity_count == 1


async def test_a_repeat_leaves_revision_and_feed_alone(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity())
        await record(running, an_activity())

        assert (await profile(running)).revision == 1


async def test_texts_wait_while_the_detector_is_away(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        running.words.away = True
        [result] = await record(
            running, an_activity(text=ROBOT), wait=pb.WAIT_MODE_ASSESSED
        )
        late = await profile(running)
        running.words.away = False

        async def scored() -> bool:
            return not (await profile(running)).pending_text_count

        await until(scored)
        assert result.recorded.score_state == PENDING
        assert late.pending_text_count == 1
        assert (await profile(running)).model_digests


async def test_a_text_refused_again_and_again_becomes_a_dead_letter(
    tmp_path: Path,
) -> None:
    async with accounts_running(tmp_path, score_attempts=1) as running:
        running.words.refusing.add(ROBOT)
        await record(running, an_activity(text=ROBOT), an_activity("n2", text="mine"))

        async def dead() -> Any:
            request = pb.ListDeadLettersRequest()
            return (await running.accounts.ListDeadLetters(request)).dead_letters

        await until(dead)
        [letter] = await dead()
        running.words.refusing.clear()
        retry = pb.ResolveDeadLettersRequest(
            activities=[letter.activity], action=pb.DEAD_LETTER_ACTION_RETRY
        )
        resolved = await running.accounts.ResolveDeadLetters(retry)

        async def scored() -> bool:
            request = pb.ListActivitiesRequest(parent="accounts/a1")
            found = (await running.accounts.ListActivities(request)).activities
            state = activities_pb2.SCORE_STATE_SCORED
            return all(activity.score_state == state for activity in found)

        assert letter.activity == "accounts/a1/activities/n1"
        assert letter.attempt_count == 1
        assert resolved.resolved_count == 1
        await until(scored)


async def test_an_edit_replaces_the_score_of_what_it_edits(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        notes = [
            an_activity(f"n{n}", hours_ago=9 - n, text=f"{word} {ROBOT}")
            for n, word in enumerate(WORDS_SIX)
        ]
        edits = [
            an_activity(
                f"e{n}",
                hours_ago=1,
                type=activities_pb2.ACTIVITY_TYPE_EDIT,
                target=activities_pb2.Target(content=f"n{n}"),
                text=f"my own {word}, quite another text",
            )
            for n, word in enumerate(WORDS_SIX)
        ]
        await record(running, *notes, wait=pb.WAIT_MODE_ASSESSED)
        before = await profile(running)
        await record(running, *edits, wait=pb.WAIT_MODE_ASSESSED)
        after = await profile(running)

        assert before.channels[0].log_likelihood_ratio > 0
        assert after.channels[0].log_likelihood_ratio < 0


async def test_reposts_and_others_are_never_scored(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        kinds = (
            activities_pb2.ACTIVITY_TYPE_REPOST,
            activities_pb2.ACTIVITY_TYPE_OTHER,
        )
        results = await record(
            running, *(an_activity(f"n{k}", type=k, text=ROBOT) for k in kinds)
        )
        state = activities_pb2.SCORE_STATE_NOT_APPLICABLE

        assert [r.recorded.score_state for r in results] == [state, state]
        assert running.words.seen == []


async def test_two_workers_score_each_text_once(tmp_path: Path) -> None:
    words = Words()
    url = f"sqlite:///{tmp_path}/shared.db"
    async with (
        accounts_running(tmp_path, url, words) as one,
        accounts_running(tmp_path, url, words) as two,
    ):
        for number in range(20):
            await record(one, an_activity(f"n{number}", text=f"text {number}"))

        async def scored() -> bool:
            return not (await profile(two)).pending_text_count

        await until(scored)
        assert len(words.seen) == len(set(words.seen)) == 20


async def test_what_was_acknowledged_survives_the_process(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        running.words.away = True
        await record(running, an_activity(text=ROBOT))
    async with accounts_running(tmp_path) as reopened:

        async def scored() -> bool:
            return bool((await profile(reopened)).model_digests)

        await until(scored)
        assert (await profile(reopened)).activity_count == 1


KILLED = """
import asyncio, sys
from pathlib import Path
from services.runtime.logs import configure_logs
from tests.accounts.serving import accounts_running, an_activity
from truepen.accounts.v1 import accounts_service_pb2 as pb

async def main():
    configure_logs()  # standard output says what was acknowledged
    async with accounts_running(Path(sys.argv[1]), durable=True) as running:
        for number in range(100_000):
            request = pb.RecordActivitiesRequest(
                activities=[an_activity(f"{number}-{n}") for n in range(20)])
            await running.accounts.RecordActivities(request)
            print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_killed_process_loses_nothing_that_it_acknowledged(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(  # noqa: ASYNC220  # it is killed, not awaited
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ".:protos/gen"},
        text=True,
    ) as process:
        assert process.stdout is not None
        for _ in range(5):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)

    async with accounts_running(tmp_path) as reopened:
        found = await profile(reopened)
        results = await record(
            reopened, *(an_activity(f"{acknowledged}-{n}") for n in range(20))
        )

        assert found.activity_count % 20 == 0
        assert found.activity_count >= 20 * (acknowledged + 1)
        assert all(result.recorded.duplicate for result in results)
        assert (await reopened.parts.profiles.rebuild("a1")).same


READER = Reader(b"k" * 32)


@st.composite
def arrivals(draw: st.DrawFn) -> list[activities_pb2.Activity]:
    """A set of activities of two accounts, cut into batches below."""
    return [
        an_activity(
            f"n{number}",
            account=draw(st.sampled_from(["a1", "a2"])),
            hours_ago=draw(st.integers(1, 400)),
            type=draw(st.integers(1, 14)),
            text=draw(st.sampled_from(["", "my own words", ROBOT])),
            target=activities_pb2.Target(content=draw(st.sampled_from(["n0", "n1"]))),
        )
        for number in range(draw(st.integers(1, 12)))
    ]


RUNS = count()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for every example: each has accounts of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('order')}/x.db"
    migrate.upgrade(url, "services.accounts")
    database = Database(url, durable=False)
    yield database
    database.close()


@settings(max_examples=30, deadline=None)
@given(whole=arrivals(), data=st.data())
def test_any_order_of_arrival_gives_the_same_bytes(
    log: Database, whole: list[activities_pb2.Activity], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(whole))
    size = data.draw(st.integers(1, len(whole)))

    straight = states(log, whole, len(whole))
    mixed = states(log, shuffled, size)

    assert straight == mixed


def states(
    log: Database, messages: list[activities_pb2.Activity], size: int
) -> dict[str, bytes]:
    """Record in batches and score each text; states by account, rebuilt alike."""
    prefix = f"accounts/{next(RUNS)}-"
    for start in range(0, len(messages), size):
        batch = []
        for message in messages[start : start + size]:
            own = activities_pb2.Activity()
            own.CopyFrom(message)
            own.account = own.account.replace("accounts/", prefix)
            batch.append(READER.arrival(own, "activity", to_us(NOW)))
        keep(log, batch)
    names = {m.account.replace("accounts/", prefix)[9:] for m in messages}
    kept = log.read_sync(lambda tx: profiles.profiles(tx, names))
    for name in names:
        assert log.read_sync(
            partial(reading.is_reproduced, name=name, remember=remembered)
        )
    return {name[-2:]: found.state for name, found in kept.items()}


def keep(log: Database, batch: list[Arrival]) -> None:
    terms = Terms(0, 0, "mine")
    log.write_sync(lambda tx: ingest.record(tx, batch, terms))
    scored = {arrival.key: scores_of(arrival) for arrival in batch if arrival.text}
    log.write_sync(lambda tx: scoring.settle(tx, Harvest("mine", scored, []), 0, 0))


def scores_of(arrival: Arrival) -> tuple[Score, ...]:
    machine = "robot" in arrival.text
    score = Score(
        activity_id=arrival.activity.content_id,
        text_time=arrival.activity.event_time,
        log_likelihood_ratio=3.0 if machine else -2.0,
        ai_probability=0.9 if machine else 0.1,
        verdict=Verdict.AI_GENERATED if machine else Verdict.HUMAN,
        language="en",
        chars_scored=len(arrival.text),
        model_digest=DIGEST,
        score_time=NOW,
    )
    return (score,)


async def test_a_retry_across_a_key_rotation_is_known_again(tmp_path: Path) -> None:
    sent = an_activity("n1", text=ROBOT)
    old, new = SecretStr("the key that was"), SecretStr("the key that will be")
    async with accounts_running(tmp_path, fingerprint_key=old) as before:
        await record(before, sent)

    keys: Any = {"fingerprint_key": new, "fingerprint_key_other": old}
    async with accounts_running(tmp_path, **keys) as rotated:
        (again,) = await record(rotated, sent)
        (other,) = await record(rotated, an_activity("n1", text="something else"))

    assert again.recorded.duplicate
    assert other.HasField("error")


async def test_a_retry_after_the_old_key_is_gone_is_refused(tmp_path: Path) -> None:
    sent = an_activity("n1", text=ROBOT)
    async with accounts_running(
        tmp_path, fingerprint_key=SecretStr("the key that was")
    ) as before:
        await record(before, sent)

    async with accounts_running(
        tmp_path, fingerprint_key=SecretStr("the key that will be")
    ) as after:
        (again,) = await record(after, sent)

    assert again.HasField("error")
