"""How steps follow each other: episodes, strikes, waiting times, repetition."""

from dataclasses import dataclass
from datetime import datetime

from services.policy.domain.history import History, Measure
from services.policy.domain.numbers import Ladder
from services.policy.domain.tiers import Decider, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next step for an account, and what held it back."""

    tier: Tier
    acts: bool = False
    """Whether something new takes effect."""
    strike: bool = False
    relied_on: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()
    wait_until: datetime | None = None
    """When a step that waits becomes possible; None: not known, or none waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the rules ask for, after the caps that evidence sets."""

    tier: Tier
    cap: Tier
    """No repetition or strike leads beyond it."""
    urgent: bool
    """Hard operation evidence, or a ban rule: waiting times do not apply."""
    offence_time: datetime | None
    """The latest thing it rests on. None: not known, so never something new."""


def last_episode(history: History) -> Measure | None:
    """The latest ladder decision that stands."""
    for measure in reversed(history.measures):
        by_rule = measure.made.decider is Decider.RULE
        if by_rule and not measure.reversed and measure.made.tier > Tier.CLEAR:
            return measure
    return None


def closed_at(episode: Measure, ladder: Ladder) -> datetime | None:
    """When an episode ends: a while after its notice, read or not. None: open."""
    handed = episode.notice_time
    return handed + ladder.episode_closes_after if handed else None


def earlier_steps(decision: str, history: History, ladder: Ladder) -> tuple[str, ...]:
    """Earlier steps of the episode of *decision* that stand, the latest first.

    They rest on the finding that it rests on, and one of them gave its strike.
    """
    steps = [
        measure
        for measure in history.measures
        if measure.made.decider is Decider.RULE
        and measure.made.tier > Tier.CLEAR
        and (not measure.reversed or measure.made.decision == decision)
    ]
    names = [measure.made.decision for measure in steps]
    if decision not in names:
        return ()
    found: list[str] = []
    later = steps[names.index(decision)]
    for earlier in reversed(steps[: names.index(decision)]):
        closes = closed_at(earlier, ladder)
        if closes is not None and later.made.time >= closes:
            break
        found.append(earlier.made.decision)
        later = earlier
    return tuple(found)


def climb(claim: Claim, history: History, ladder: Ladder, now: datetime) -> Step:
    """The step on the publishing ladder that *claim* leads to at *now*."""
    current = history.tier(now)
    if claim.tier is Tier.CLEAR:
        return Step(tier=Tier.CLEAR)
    episode = last_episode(history)
    closes = closed_at(episode, ladder) if episode else None
    open_episode = episode is not None and (closes is None or now < closes)
    if settled(claim.offence_time, history.settled_time):
        return Step(tier=Tier.CLEAR, held_back=("settled",))
    stale = closes is not None and settled(claim.offence_time, closes)
    if stale and not open_episode and not claim.urgent:
        return Step(tier=current, held_back=("no_new_offence",))
    running = episode if open_episode else None
    step = escalated(claim, history, ladder, now, running)
    step = waited(step, claim, history, ladder, now)
    if step.tier <= current and (running or not step.strike or step.held_back):
        return Step(tier=current, held_back=step.held_back, wait_until=step.wait_until)
    return step


def settled(offence_time: datetime | None, since: datetime | None) -> bool:
    """Whether all of it happened up to *since*; an unknown time counts as before."""
    if since is None:
        return False
    return offence_time is None or offence_time <= since


def escalated(
    claim: Claim,
    history: History,
    ladder: Ladder,
    now: datetime,
    running: Measure | None,
) -> Step:
    """Add what came before: repetition and strikes, within the cap."""
    tier, relied = claim.tier, []
    if running is None and tier is Tier.NOTICE:
        earlier = last_notice(history, ladder, now)
        if earlier:
            tier, relied = Tier.WARNING, [earlier.made.decision]
    tier = min(tier, claim.cap)
    if tier < Tier.WARNING:
        return Step(tier=tier, acts=True)
    counting = history.strikes(now)
    struck = running is not None and running in counting
    by_strikes = ladder.strike_tier(len(counting) + (0 if struck else 1))
    if by_strikes > tier:
        relied += [m.made.decision for m in counting if m is not running]
    return Step(
        tier=min(max(tier, by_strikes), claim.cap),
        acts=True,
        strike=not struck,
        relied_on=tuple(relied),
    )


def last_notice(history: History, ladder: Ladder, now: datetime) -> Measure | None:
    """The latest decision recent enough that another offence is a repetition."""
    episode = last_episode(history)
    if episode and now - episode.made.time <= ladder.notice_repeats_within:
        return episode
    return None


def waited(
    step: Step, claim: Claim, history: History, ladder: Ladder, now: datetime
) -> Step:
    """Above WARNING a harsher step waits, so that people can read and react."""
    if step.tier <= Tier.WARNING or claim.urgent or not ladder.step_interval:
        return step
    episode = last_episode(history)
    untold = episode is not None and episode.notice_time is None
    told = None if untold else history.last_notice_time()
    ready = told + ladder.step_interval if told else None
    if ready is not None and now >= ready:
        return step
    return Step(
        tier=Tier.WARNING,
        acts=True,
        strike=step.strike,
        relied_on=step.relied_on,
        held_back=("step_interval",),
        wait_until=ready,
    )


def earlier_count(tier: Tier, history: History, ladder: Ladder, now: datetime) -> int:
    """How often the account came to *tier* by rule within the repeat window."""
    within = now - ladder.repeat_window
    return sum(
        m.tier is tier and not m.reversed and m.made.time >= within
        for m in history.measures
        if m.made.decider is Decider.RULE
    )
