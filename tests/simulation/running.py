"""Runs a program of steps: the services under faults, the model beside them."""

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from services.cli.stories import PASTED, PHONE, SCRIPT, TOOL
from services.runtime.errors import ServiceError
from services.runtime.status import from_status
from tests.accounts.serving import Words
from tests.clock import FakeClock
from tests.simulation.model import Model
from tests.simulation.program import ACCOUNTS, NUMBERS, Step
from tests.simulation.seams import Crash, Wires
from tests.simulation.site import START, Clocks, Site, prepare
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import enforcement_service_pb2 as policy_pb
from truepen.policy.v1 import notices_service_pb2 as notices_pb

CLIENTS = (PHONE, TOOL, PASTED, SCRIPT, TOOL)
"""What each account publishes with."""
TOPICS = ("tea", "rain", "bread", "music", "stairs", "letters", "robot", "trains")
NOTE = activities_pb2.ACTIVITY_TYPE_NOTE
COMMENT = activities_pb2.ACTIVITY_TYPE_COMMENT
LIKE = activities_pb2.ACTIVITY_TYPE_LIKE


def activity(account: int, number: int) -> activities_pb2.Activity:
    """Return what account *account* does as its thing number *number*."""
    source = random.Random(account * NUMBERS + number)
    steady = account in (1, 3)
    jitter = 0 if steady else source.randrange(1_800)
    at = START - timedelta(minutes=40 * (NUMBERS - number), seconds=-jitter)
    made = activities_pb2.Activity(
        id=f"n{number}",
        account=f"accounts/a{account}",
        type=source.choice((NOTE, NOTE, COMMENT, LIKE)),
        event_time=Timestamp(seconds=int(at.timestamp())),
        composed_with=CLIENTS[account],
        published_with=CLIENTS[account],
    )
    if made.type != LIKE:
        words = [source.choice(TOPICS) for _ in range(source.randint(1, 30))]
        made.text = " ".join([*words, "robot"] if account in (1, 4) else words)
    if account == 1 and number == 0:
        made.type = activities_pb2.ACTIVITY_TYPE_REGISTER
        made.ClearField("text")
    return made


class Run:
    """One run of one program."""

    def __init__(self, folder: Path, wires: Wires) -> None:
        self.wires = wires
        self.model = Model()
        self.words = Words()
        self.clocks = Clocks(FakeClock(START), FakeClock(START))
        self.site = Site(folder, self.clocks, wires, self.words)
        self.held: list[list[activities_pb2.Activity]] = []
        self.last: list[activities_pb2.Activity] = []
        self.cursor = ""
        self.outcomes: Counter[str] = Counter()

    async def run(self, steps: Sequence[Step]) -> None:
        """Do every step, and check after each; AssertionError where one fails."""
        await self.site.start()
        try:
            for step in steps:
                await self._step(step)
                await self.model.check(self.site, f"a{step.account}")
            await self._settle()
        finally:
            self.site.stop()

    async def _step(self, step: Step) -> None:
        try:
            await getattr(self, f"_{step.what}")(step)
        except ServiceError as error:
            self.outcomes[f"{step.what}: {error.reason}"] += 1
        except Crash:
            await self._crashed()
        except BaseExceptionGroup as group:
            if group.subgroup(Crash) is None:
                raise
            await self._crashed()
        else:
            self.outcomes[f"{step.what}: OK"] += 1

    async def _crashed(self) -> None:
        self.outcomes["crash"] += 1
        self.site.stop()
        self.site = Site(self.site.folder, self.clocks, self.wires, self.words)
        armed, self.wires.armed = self.wires.armed, {}
        await self.site.start()
        self.wires.armed = armed

    async def _settle(self) -> None:
        """Without faults, all that was left undone gets done; then check everything."""
        self.wires.armed.clear()
        self.words.away = False
        await self._restart(Step("restart"))
        self.clocks.advance(timedelta(minutes=30))
        while await self.site.scoring.score_due():
            pass
        await self.site.follow(0)
        for number in range(ACCOUNTS):
            account = f"a{number}"
            await self.model.check(self.site, account)
            if self.model.known(account).acknowledged:
                profile = await self._profile(account)
                assert not profile.pending_text_count, "a text is never scored"

    async def _profile(self, account: str) -> Any:
        request = accounts_pb.GetProfileRequest(name=f"accounts/{account}/profile")
        return (await self.site.accounts.GetProfile(request)).profile

    def _batch(self, step: Step) -> list[activities_pb2.Activity]:
        source = random.Random(step.number)
        numbers = source.choices(range(NUMBERS), k=step.size or 1)
        return [activity(step.account, number) for number in numbers]

    async def _send(
        self,
        batch: Sequence[activities_pb2.Activity],
        wait: accounts_pb.WaitMode.ValueType = accounts_pb.WAIT_MODE_DURABLE,
    ) -> None:
        if not batch:
            return
        account = batch[0].account.partition("/")[2]
        self.model.known(account).sent |= {one.id for one in batch}
        self.last = list(batch)
        response = await self.site.accounts.RecordActivities(
            accounts_pb.RecordActivitiesRequest(activities=batch, wait=wait), timeout=30
        )
        self.model.recorded(account, batch, response.results)

    async def _record(self, step: Step) -> None:
        await self._send(self._batch(step))

    async def _assess(self, step: Step) -> None:
        await self._send(self._batch(step), accounts_pb.WAIT_MODE_ASSESSED)

    async def _again(self, step: Step) -> None:
        await self._send(self.last)

    async def _hold(self, step: Step) -> None:
        self.held.append(self._batch(step))

    async def _deliver(self, step: Step) -> None:
        """Deliver any message that was held, also for the second time."""
        if self.held:
            await self._send(self.held[step.number % len(self.held)])

    async def _conflict(self, step: Step) -> None:
        """Send another body under an id that is taken."""
        account = f"a{step.account}"
        taken = sorted(self.model.known(account).acknowledged)
        if not taken:
            return
        number = int(taken[step.number % len(taken)].removeprefix("n"))
        other = activity(step.account, number)
        other.event_time.seconds -= 7
        response = await self.site.accounts.RecordActivities(
            accounts_pb.RecordActivitiesRequest(activities=[other]), timeout=30
        )
        (result,) = response.results
        assert from_status(result.error).reason == "ALREADY_EXISTS"

    async def _review(self, step: Step) -> None:
        one = activity(step.account, step.number)
        known = self.model.known(f"a{step.account}")
        known.sent.add(one.id)
        answer = await self.site.enforcement.ReviewActivity(
            policy_pb.ReviewActivityRequest(activity=one), timeout=30
        )
        known.acknowledged.add(one.id)
        if answer.HasField("decision"):
            assert answer.decision.name.startswith(one.account)

    async def _score(self, step: Step) -> None:
        await self.site.scoring.score_due()

    async def _evaluate(self, step: Step) -> None:
        known = self.model.known(f"a{step.account}")
        answer = await self.site.enforcement.EvaluateAccount(
            policy_pb.EvaluateAccountRequest(account=f"accounts/a{step.account}"),
            timeout=30,
        )
        if answer.changed:
            decision = answer.decision.name.rpartition("/")[2]
            assert decision not in known.decisions, "decided twice"

    async def _follow(self, step: Step) -> None:
        await self.site.follow(step.size)

    async def _notices(self, step: Step) -> None:
        request = notices_pb.WatchNoticesRequest(cursor=self.cursor, once=True)
        async for response in self.site.notices.WatchNotices(request):
            self.model.told(response.notices)
            self.cursor = response.cursor

    async def _pass(self, step: Step) -> None:
        self.clocks.advance(timedelta(hours=step.size))

    async def _skew(self, step: Step) -> None:
        """Move one service's clock alone, ahead or back."""
        minutes = (step.number - NUMBERS // 2) / 10
        clock = self.clocks.accounts if step.account % 2 else self.clocks.policy
        clock.advance(timedelta(minutes=minutes))

    async def _detector(self, step: Step) -> None:
        self.words.away = not self.words.away

    async def _restart(self, step: Step) -> None:
        self.site.stop()
        await self._crashed()

    async def _fault(self, step: Step) -> None:
        seam, fault = step.fault.split(": ")
        self.wires.armed[seam] = fault


@contextmanager
def seams() -> Iterator[Wires]:
    """Put faulty seams into the services for a while."""
    wires = Wires()
    with pytest.MonkeyPatch.context() as patch:
        prepare(patch, wires)
        yield wires


async def run(folder: Path, steps: Sequence[Step]) -> tuple[Run, Wires]:
    """Run *steps* on fresh data in *folder*."""
    shutil.rmtree(folder, ignore_errors=True)
    with seams() as wires:
        made = Run(folder, wires)
        await made.run(steps)
    return made, wires
